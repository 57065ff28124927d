// The recurrent kernels of the reference against the numbers of CS231n's third assignment (its inputs are linspaces).
// T time, N batch, D input, H hidden.
import { openReference } from "unrolled";
import { close, runKernel } from "unrolled/testing";
import { it } from "vitest";
import { packedForward } from "../../src/testing/cases/recurrent.js";
import { matmulAdd, timeMajor, transposeMatrix } from "./matrices.js";

const linspace = (from: number, to: number, n: number): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => from + ((to - from) * i) / (n - 1));

interface Layer {
  readonly T: number;
  readonly N: number;
  readonly D: number;
  readonly H: number;
  readonly x: Float64Array; // [N,T,D]
  readonly h0: Float64Array;
  readonly Wx: Float64Array; // [D,G*H]
  readonly Wh: Float64Array; // [H,G*H]
  readonly b: Float64Array;
}

function runRnn({ T, N, D, H, x, h0, Wx, Wh, b }: Layer): Float64Array {
  const pre = matmulAdd(timeMajor(x, N, T), Wx, b, T * N, D, H);
  const r = packedForward(transposeMatrix(Wh, H, H), H, 0, 1);
  const call = { numbers: { T, N, H, reverse: 0, activation: 0 }, buffers: { pre, r, h0, lengths: null } };
  return runKernel(openReference(), { kernel: "rnn", ...call }).h;
}

/** The lecture's gate order i,f,o,g in the kernel's i,f,g,o: swaps the last two blocks of every row of [rows, 4H]. */
function toKernelOrder(matrix: Float64Array, H: number): Float64Array {
  return matrix.map((_, at) => {
    const gate = Math.floor((at % (4 * H)) / H);
    return matrix[at + (gate === 2 ? H : gate === 3 ? -H : 0)];
  });
}

function runLstm({ T, N, D, H, x, h0, Wx, Wh, b }: Layer, c0: Float64Array): Record<string, Float64Array> {
  const pre = matmulAdd(timeMajor(x, N, T), toKernelOrder(Wx, H), toKernelOrder(b, H), T * N, D, 4 * H);
  const r = packedForward(transposeMatrix(toKernelOrder(Wh, H), H, 4 * H), H, 0, 4);
  const call = { numbers: { T, N, H, reverse: 0 }, buffers: { pre, r, h0, c0, lengths: null } };
  return runKernel(openReference(), { kernel: "lstm", ...call });
}

const printed = { relative: 0, absolute: 1e-8 }; // eight printed digits

it("rnn_step", () => {
  const [T, N, D, H] = [1, 3, 10, 4];
  const weights = { Wx: linspace(-0.1, 0.9, D * H), Wh: linspace(-0.3, 0.7, H * H), b: linspace(-0.2, 0.4, H) };
  const h = runRnn({ T, N, D, H, x: linspace(-0.4, 0.7, N * D), h0: linspace(-0.2, 0.5, N * H), ...weights });
  close(h.slice(N * H, N * H + H), [-0.58172089, -0.50182032, -0.41232771, -0.31410098], printed);
  close(h.slice(N * H + 2 * H), [0.97934501, 0.99144213, 0.99646691, 0.99854353], printed);
});

it("rnn_forward", () => {
  const [N, T, D, H] = [2, 3, 4, 5];
  const weights = { Wx: linspace(-0.2, 0.4, D * H), Wh: linspace(-0.4, 0.1, H * H), b: linspace(-0.7, 0.1, H) };
  const h = runRnn({ T, N, D, H, x: linspace(-0.1, 0.3, N * T * D), h0: linspace(-0.3, 0.1, N * H), ...weights });
  const at = (n: number, t: number): Float64Array => h.slice(((t + 1) * N + n) * H, ((t + 1) * N + n + 1) * H);
  close(at(0, 0), [-0.42070749, -0.27279261, -0.11074945, 0.05740409, 0.22236251], printed);
  close(at(1, 2), [-0.51014825, -0.30524429, -0.06755202, 0.17806392, 0.40333043], printed);
});

it("lstm_step", () => {
  const [T, N, D, H] = [1, 3, 4, 5];
  const weights = {
    Wx: linspace(-2.1, 1.3, D * 4 * H),
    Wh: linspace(-0.7, 2.2, H * 4 * H),
    b: linspace(0.3, 0.7, 4 * H),
  };
  const x = linspace(-0.4, 1.2, N * D);
  const { h, c } = runLstm({ T, N, D, H, x, h0: linspace(-0.3, 0.7, N * H), ...weights }, linspace(-0.4, 0.9, N * H));
  close(h.slice(N * H, N * H + H), [0.24635157, 0.28610883, 0.32240467, 0.35525807, 0.38474904], printed);
  close(c.slice(N * H, N * H + H), [0.32986176, 0.39145139, 0.451556, 0.51014116, 0.56717407], printed);
});

it("lstm_forward", () => {
  const [N, D, H, T] = [2, 5, 4, 3];
  const weights = {
    Wx: linspace(-0.2, 0.9, D * 4 * H),
    Wh: linspace(-0.3, 0.6, H * 4 * H),
    b: linspace(0.2, 0.7, 4 * H),
  };
  const x = linspace(-0.4, 0.6, N * T * D);
  const { h } = runLstm({ T, N, D, H, x, h0: linspace(-0.4, 0.8, N * H), ...weights }, new Float64Array(N * H));
  const last = (n: number): Float64Array => h.slice((T * N + n) * H, (T * N + n + 1) * H);
  close(last(0), [0.31358768, 0.33338627, 0.35304453, 0.37250975], printed);
  close(last(1), [0.81733511, 0.83677871, 0.85403753, 0.86935314], printed);
});
