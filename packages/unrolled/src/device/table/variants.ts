// Rows of the kernel table. Recurrent layers with options: other activations, clipped pre-activations, peepholes, coupled
// gates. Slabs, walk and packing are those of the plain layers (recurrent.ts).
// T time, N batch, H hidden, G gates.
import { recurrent } from "./recurrent.js";
import { packedWords, row } from "./row.js";

// An activation is its index in cellActivations with alpha and beta. `clip` bounds what goes into every activation to
// [-clip, clip]; 0 clips nothing, and where it holds, no gradient passes. Source of the options: the ONNX operators
// RNN, GRU and LSTM; peepholes Gers 2000; coupled gates Greff 2015.

const clip = { clip: "float" } as const;
const gate = { gate: "int", gateAlpha: "float", gateBeta: "float" } as const;
const candidate = { candidate: "int", candidateAlpha: "float", candidateBeta: "float" } as const;
const output = { output: "int", outputAlpha: "float", outputBeta: "float" } as const;
const lstm = { p: "optional", coupled: "int", previous: "int", ...gate, ...candidate, ...output, ...clip } as const;

export const variants = {
  /** h' = f(pre + h R) with f = `candidate`. */
  rnnVariant: row(
    {
      h: "out",
      pre: "in",
      r: "in",
      h0: "in",
      lengths: "optionalIds",
      T: "int",
      N: "int",
      H: "int",
      reverse: "int",
      ...candidate,
      ...clip,
    },
    ({ T, N, H }) => ({ h: (T + 1) * N * H, pre: T * N * H, r: packedWords(H, H, 1), h0: N * H, lengths: N }),
  ),

  rnnVariantGrad: row(
    {
      dpre: "out",
      dh0: "out",
      dh: "in",
      h: "in",
      rT: "in",
      lengths: "optionalIds",
      T: "int",
      N: "int",
      H: "int",
      reverse: "int",
      ...candidate,
      ...clip,
    },
    ({ T, N, H }) => ({
      dpre: T * N * H,
      dh0: N * H,
      dh: (T + 1) * N * H,
      h: (T + 1) * N * H,
      rT: packedWords(H, H, 1),
      lengths: N,
    }), // prettier-ignore
  ),

  /**
   * Gates i,f,g,o = act(pre + h R + p c), or with `coupled` i,g,o and f = 1 - i: c' = f c + i g, h' = o output(c').
   * p [3H] for i,f,o (coupled: [2H] for i,o), absent = none; i and f see the old cell, o the new one, or with `previous`
   * the old one.
   */
  lstmVariant: row(
    { ...recurrent.lstm.parameters, ...lstm },
    ({ T, N, H, coupled }) => ({
      h: (T + 1) * N * H,
      c: (T + 1) * N * H,
      gates: T * N * (4 - coupled) * H,
      pre: T * N * (4 - coupled) * H,
      r: packedWords(H, (4 - coupled) * H, 4 - coupled),
      p: (3 - coupled) * H,
      h0: N * H,
      c0: N * H,
      lengths: N,
    }), // prettier-ignore
    { inPlace: [["gates", "pre"]] },
  ),

  lstmVariantGrad: row(
    { ...recurrent.lstmGrad.parameters, ...lstm },
    ({ T, N, H, coupled }) => ({
      dpre: T * N * (4 - coupled) * H,
      dh0: N * H,
      dc0: N * H,
      dh: (T + 1) * N * H,
      dc: (T + 1) * N * H,
      gates: T * N * (4 - coupled) * H,
      c: (T + 1) * N * H,
      rT: packedWords((4 - coupled) * H, H, 1),
      p: (3 - coupled) * H,
      lengths: N,
    }), // prettier-ignore
    { inPlace: [["dpre", "gates"]] },
  ),

  /** `gru` with r,z = gate(..), n = candidate(..). */
  gruVariant: row({ ...recurrent.gru.parameters, ...gate, ...candidate, ...clip }, (n) => recurrent.gru.extents(n, []), {
    inPlace: [["gates", "pre"]],
  }),

  gruVariantGrad: row({ ...recurrent.gruGrad.parameters, ...gate, ...candidate, ...clip }, (n) => recurrent.gruGrad.extents(n, []), {
    inPlace: [["dpre", "gates"]],
  }),

  /** `gruBefore` with r,z = gate(..), n = candidate(..). */
  gruBeforeVariant: row(
    { ...recurrent.gruBefore.parameters, ...gate, ...candidate, ...clip },
    (n) => recurrent.gruBefore.extents(n, []),
    { inPlace: [["gates", "pre"]] },
  ),

  gruBeforeVariantGrad: row(
    { ...recurrent.gruBeforeGrad.parameters, ...gate, ...candidate, ...clip },
    (n) => recurrent.gruBeforeGrad.extents(n, []),
    { inPlace: [["dpre", "gates"]] },
  ),
} as const;
