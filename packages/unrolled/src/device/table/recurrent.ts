// Rows of the kernel table. Recurrent layers: one layer, one direction.
// T time, N batch, H hidden, V vocabulary, R rows, K inner length; n plain counts.
import { packedWords, row } from "./row.js";

export const recurrent = {
  // State slabs h, c [T+1,N,H] have slots between the steps: step t reads slot t and writes slot t+1; in reverse it reads
  // slot t+1 and writes slot t, t descending. h0/c0 fill the first slot read. `pre` [T,N,G*H] holds x W + b. Row n past
  // its length (t >= lengths[n]; absent = T for all) copies its state through; its gates, q, rh and pre-activation gradients are 0.
  // The recurrent matrix is packed from R [G*H, H]: K = H, N = G*H, kStride = 1, nStride = H (groups = G), and for the
  // backward pass K = G*H, N = H, kStride = H, nStride = 1 (groups = 1). `dh` [T+1,N,H] is the loss gradient of every slot
  // from outside the recurrence. Sources: Elman 1990; Hochreiter & Schmidhuber 1997, Gers 2000; Cho 2014.

  /** h' = f(pre + h R). */
  rnn: row(
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
      activation: "int",
    },
    ({ T, N, H }) => ({ h: (T + 1) * N * H, pre: T * N * H, r: packedWords(H, H, 1), h0: N * H, lengths: N }),
  ),

  rnnGrad: row(
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
      activation: "int",
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

  /** Gates i,f,g,o: c' = f c + i g, h' = o tanh(c'). gates [T,N,4H] keeps the activated gates. */
  lstm: row(
    {
      h: "out",
      c: "out",
      gates: "out",
      pre: "in",
      r: "in",
      h0: "in",
      c0: "in",
      lengths: "optionalIds",
      T: "int",
      N: "int",
      H: "int",
      reverse: "int",
    },
    ({ T, N, H }) => ({
      h: (T + 1) * N * H,
      c: (T + 1) * N * H,
      gates: T * N * 4 * H,
      pre: T * N * 4 * H,
      r: packedWords(H, 4 * H, 4),
      h0: N * H,
      c0: N * H,
      lengths: N,
    }), // prettier-ignore
    { inPlace: [["gates", "pre"]] },
  ),

  /** dc [T+1,N,H]: like dh, for the cell slots; may be absent. dh0, dc0 end as the gradients of the first slot. */
  lstmGrad: row(
    {
      dpre: "out",
      dh0: "out",
      dc0: "out",
      dh: "in",
      dc: "optional",
      gates: "in",
      c: "in",
      rT: "in",
      lengths: "optionalIds",
      T: "int",
      N: "int",
      H: "int",
      reverse: "int",
    }, // prettier-ignore
    ({ T, N, H }) => ({
      dpre: T * N * 4 * H,
      dh0: N * H,
      dc0: N * H,
      dh: (T + 1) * N * H,
      dc: (T + 1) * N * H,
      gates: T * N * 4 * H,
      c: (T + 1) * N * H,
      rT: packedWords(4 * H, H, 1),
      lengths: N,
    }), // prettier-ignore
    { inPlace: [["dpre", "gates"]] },
  ),

  /** Gates r,z,n, reset after the product: q = h R_n + bR_n, n = tanh(pre_n + r q), h' = (1-z) n + z h. bR [3H]. q is kept. */
  gru: row(
    {
      h: "out",
      gates: "out",
      q: "out",
      pre: "in",
      r: "in",
      bR: "in",
      h0: "in",
      lengths: "optionalIds",
      T: "int",
      N: "int",
      H: "int",
      reverse: "int",
    },
    ({ T, N, H }) => ({
      h: (T + 1) * N * H,
      gates: T * N * 3 * H,
      q: T * N * H,
      pre: T * N * 3 * H,
      r: packedWords(H, 3 * H, 3),
      bR: 3 * H,
      h0: N * H,
      lengths: N,
    }), // prettier-ignore
    { inPlace: [["gates", "pre"]] },
  ),

  /** dpre [T,N,3H] for the input side; drec [T,N,3H] for the recurrent side (its n third is dpre_n r). */
  gruGrad: row(
    {
      dpre: "out",
      drec: "out",
      dh0: "out",
      dh: "in",
      gates: "in",
      q: "in",
      h: "in",
      rT: "in",
      lengths: "optionalIds",
      T: "int",
      N: "int",
      H: "int",
      reverse: "int",
    }, // prettier-ignore
    ({ T, N, H }) => ({
      dpre: T * N * 3 * H,
      drec: T * N * 3 * H,
      dh0: N * H,
      dh: (T + 1) * N * H,
      gates: T * N * 3 * H,
      q: T * N * H,
      h: (T + 1) * N * H,
      rT: packedWords(3 * H, H, 1),
      lengths: N,
    }), // prettier-ignore
    { inPlace: [["dpre", "gates"]] },
  ),

  /** Reset before the product: n = tanh(pre_n + (r h) R_n). rz packs R[0..2H) (groups 2), rn packs R[2H..3H) (groups 1). rh [T,N,H] = r h is kept. */
  gruBefore: row(
    {
      h: "out",
      gates: "out",
      rh: "out",
      pre: "in",
      rz: "in",
      rn: "in",
      h0: "in",
      lengths: "optionalIds",
      T: "int",
      N: "int",
      H: "int",
      reverse: "int",
    },
    ({ T, N, H }) => ({
      h: (T + 1) * N * H,
      gates: T * N * 3 * H,
      rh: T * N * H,
      pre: T * N * 3 * H,
      rz: packedWords(H, 2 * H, 2),
      rn: packedWords(H, H, 1),
      h0: N * H,
      lengths: N,
    }), // prettier-ignore
    { inPlace: [["gates", "pre"]] },
  ),

  gruBeforeGrad: row(
    {
      dpre: "out",
      dh0: "out",
      dh: "in",
      gates: "in",
      h: "in",
      rzT: "in",
      rnT: "in",
      lengths: "optionalIds",
      T: "int",
      N: "int",
      H: "int",
      reverse: "int",
    }, // prettier-ignore
    ({ T, N, H }) => ({
      dpre: T * N * 3 * H,
      dh0: N * H,
      dh: (T + 1) * N * H,
      gates: T * N * 3 * H,
      h: (T + 1) * N * H,
      rzT: packedWords(2 * H, H, 1),
      rnT: packedWords(H, H, 1),
      lengths: N,
    }), // prettier-ignore
    { inPlace: [["dpre", "gates"]] },
  ),
} as const;
