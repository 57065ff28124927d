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
  gruVariant: row(
    { ...recurrent.gru.parameters, ...gate, ...candidate, ...clip },
    (n) => recurrent.gru.extents(n, []),
    {
      inPlace: [["gates", "pre"]],
    },
  ),

  gruVariantGrad: row(
    { ...recurrent.gruGrad.parameters, ...gate, ...candidate, ...clip },
    (n) => recurrent.gruGrad.extents(n, []),
    {
      inPlace: [["dpre", "gates"]],
    },
  ),

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

  /**
   * `lstm` with layer normalisation (Ba 2016): what enters the gates is pre + gain normal, normal [T,N,4H] = h R normalised
   * over all gates of a row; h' = o tanh(cellGain cell + cellBias), cell [T,N,H] = c' normalised. rstd [T,N,2] of the two.
   */
  lstmNorm: row(
    {
      h: "out",
      c: "out",
      gates: "out",
      normal: "out",
      cell: "out",
      rstd: "out",
      pre: "in",
      r: "in",
      gain: "in",
      cellGain: "in",
      cellBias: "in",
      h0: "in",
      c0: "in",
      lengths: "optionalIds",
      T: "int",
      N: "int",
      H: "int",
      reverse: "int",
      epsilon: "float",
    },
    ({ T, N, H }) => ({
      h: (T + 1) * N * H,
      c: (T + 1) * N * H,
      gates: T * N * 4 * H,
      normal: T * N * 4 * H,
      cell: T * N * H,
      rstd: T * N * 2,
      pre: T * N * 4 * H,
      r: packedWords(H, 4 * H, 4),
      gain: 4 * H,
      cellGain: H,
      cellBias: H,
      h0: N * H,
      c0: N * H,
      lengths: N,
    }), // prettier-ignore
    { inPlace: [["gates", "pre"]] },
  ),

  /** drec [T,N,4H] is the gradient of the product h R, dcell [T,N,H] that of cellGain cell + cellBias. */
  lstmNormGrad: row(
    {
      dpre: "out",
      drec: "out",
      dcell: "out",
      dh0: "out",
      dc0: "out",
      dh: "in",
      dc: "optional",
      gates: "in",
      normal: "in",
      cell: "in",
      rstd: "in",
      c: "in",
      rT: "in",
      gain: "in",
      cellGain: "in",
      cellBias: "in",
      lengths: "optionalIds",
      T: "int",
      N: "int",
      H: "int",
      reverse: "int",
    },
    ({ T, N, H }) => ({
      dpre: T * N * 4 * H,
      drec: T * N * 4 * H,
      dcell: T * N * H,
      dh0: N * H,
      dc0: N * H,
      dh: (T + 1) * N * H,
      dc: (T + 1) * N * H,
      gates: T * N * 4 * H,
      normal: T * N * 4 * H,
      cell: T * N * H,
      rstd: T * N * 2,
      c: (T + 1) * N * H,
      rT: packedWords(4 * H, H, 1),
      gain: 4 * H,
      cellGain: H,
      cellBias: H,
      lengths: N,
    }), // prettier-ignore
  ),

  /**
   * `gru` with layer normalisation (Ba 2016): in place of h R + bR stands gain normal + bR, normal [T,N,3H] = h R normalised
   * over r and z together and over n. rstd [T,N,2] of the two.
   */
  gruNorm: row(
    {
      h: "out",
      gates: "out",
      normal: "out",
      rstd: "out",
      pre: "in",
      r: "in",
      gain: "in",
      bR: "in",
      h0: "in",
      lengths: "optionalIds",
      T: "int",
      N: "int",
      H: "int",
      reverse: "int",
      epsilon: "float",
    },
    ({ T, N, H }) => ({
      h: (T + 1) * N * H,
      gates: T * N * 3 * H,
      normal: T * N * 3 * H,
      rstd: T * N * 2,
      pre: T * N * 3 * H,
      r: packedWords(H, 3 * H, 3),
      gain: 3 * H,
      bR: 3 * H,
      h0: N * H,
      lengths: N,
    }), // prettier-ignore
    { inPlace: [["gates", "pre"]] },
  ),

  /** drec [T,N,3H] is the gradient of the product h R. */
  gruNormGrad: row(
    {
      dpre: "out",
      drec: "out",
      dh0: "out",
      dh: "in",
      gates: "in",
      normal: "in",
      rstd: "in",
      h: "in",
      rT: "in",
      gain: "in",
      bR: "in",
      lengths: "optionalIds",
      T: "int",
      N: "int",
      H: "int",
      reverse: "int",
    },
    ({ T, N, H }) => ({
      dpre: T * N * 3 * H,
      drec: T * N * 3 * H,
      dh0: N * H,
      dh: (T + 1) * N * H,
      gates: T * N * 3 * H,
      normal: T * N * 3 * H,
      rstd: T * N * 2,
      h: (T + 1) * N * H,
      rT: packedWords(3 * H, H, 1),
      gain: 3 * H,
      bR: 3 * H,
      lengths: N,
    }), // prettier-ignore
  ),
} as const;
