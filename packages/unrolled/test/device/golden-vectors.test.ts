// The recurrent kernels, forward and backward, against shared golden vectors (float64, complex-step gradients): every
// hidden state, and the gradient of every weight and input. Skipped where the folder of vectors is not there.
// T time, N batch, D input, H hidden, G gates.
import { existsSync, readFileSync } from "node:fs";
import { openReference } from "unrolled";
import { close, type KernelCall, runKernel } from "unrolled/testing";
import { describe, it } from "vitest";
import { packedBackward, packedForward } from "../../src/testing/cases/recurrent.js";
import { columns, matmulAdd, outerSum, timeMajor, transposeMatrix } from "./matrices.js";

type Nested = number | readonly Nested[];
interface Golden {
  readonly D: number;
  readonly params: Readonly<Record<string, Nested>>;
  readonly inputs: Readonly<Record<string, Nested>>;
  readonly h: Nested;
  readonly grads: Readonly<Record<string, Nested>>;
}

const places = ["../../../../../shared/vectors/vectors.json", "../../../../shared/vectors/vectors.json"];
const file = places.map((place) => new URL(place, import.meta.url)).find((url) => existsSync(url));
const flat = (nested: Nested): Float64Array =>
  Float64Array.from(typeof nested === "number" ? [nested] : ((nested as readonly Nested[]).flat(9) as number[]));

/** How a golden cell's columns become the kernel's, block by block of H: which block, and with which sign. */
interface Convention {
  readonly cell: string;
  readonly kernel: "rnn" | "lstm" | "gru" | "gruBefore";
  readonly blocks: readonly (readonly [block: number, sign: number])[];
}
const conventions: readonly Convention[] = [
  { cell: "vanilla_tanh", kernel: "rnn", blocks: [[0, 1]] },
  {
    cell: "lstm_ifog",
    kernel: "lstm",
    blocks: [
      [0, 1],
      [1, 1],
      [3, 1],
      [2, 1],
    ],
  },
  {
    cell: "gru_reset_after_r_z_n",
    kernel: "gru",
    blocks: [
      [0, 1],
      [1, 1],
      [2, 1],
    ],
  },
  {
    cell: "gru_cs231n_r_z_n",
    kernel: "gruBefore",
    blocks: [
      [0, 1],
      [1, 1],
      [2, 1],
    ],
  },
  // The update gate keeps the candidate instead of the old state: sigmoid(-a) = 1 - sigmoid(a).
  {
    cell: "gru_coursera_full_r_u_c",
    kernel: "gruBefore",
    blocks: [
      [0, 1],
      [1, -1],
      [2, 1],
    ],
  },
];

/** Both ways: each of our conventions is its own inverse. */
function convert(matrix: Float64Array, H: number, blocks: Convention["blocks"]): Float64Array {
  const width = blocks.length * H;
  return matrix.map((_, at) => {
    const [block, sign] = blocks[Math.floor((at % width) / H)];
    return sign * matrix[at - (at % width) + block * H + (at % H)];
  });
}

function checkCell(golden: Golden, { cell, kernel, blocks }: Convention): void {
  const [T, N, H, D, G] = [4, 2, 4, golden.D, blocks.length];
  const device = openReference();
  const param = (name: string): Float64Array => convert(flat(golden.params[name]), H, blocks);
  const sequence = (nested: Nested): Float64Array => timeMajor(flat(nested), N, T);
  const Wh = param("Wh");
  const x = sequence(golden.inputs.x);
  const h0 = flat(golden.inputs.h0);
  const R = transposeMatrix(Wh, H, G * H);
  const numbers = { T, N, H, reverse: 0, ...(kernel === "rnn" ? { activation: 0 } : {}) };
  const run = (name: string, buffers: KernelCall["buffers"]): Record<string, Float64Array> =>
    runKernel(device, { kernel: name as KernelCall["kernel"], numbers, buffers: { lengths: null, ...buffers } });

  const weights = {
    rnn: { r: packedForward(R, H, 0, 1) },
    lstm: { r: packedForward(R, H, 0, 4), c0: golden.inputs.c0 ? flat(golden.inputs.c0) : null },
    gru: { r: packedForward(R, H, 0, 3), bR: golden.params.bh ? param("bh") : null },
    gruBefore: { rz: packedForward(R, H, 0, 2), rn: packedForward(R, H, 2, 3) },
  }[kernel];
  const y = run(kernel, { pre: matmulAdd(x, param("Wx"), param("b"), T * N, D, G * H), h0, ...weights });
  close(y.h.slice(N * H), sequence(golden.h), { relative: 1e-13, absolute: 1e-14, label: `${cell}: h` });

  const dh = Float64Array.from([...new Float64Array(N * H), ...sequence(golden.inputs.R)]);
  const transposed = {
    rnn: { h: y.h, rT: packedBackward(R, H, 0, 1) },
    lstm: { dc: null, gates: y.gates, c: y.c, rT: packedBackward(R, H, 0, 4) },
    gru: { gates: y.gates, q: y.q, h: y.h, rT: packedBackward(R, H, 0, 3) },
    gruBefore: { gates: y.gates, h: y.h, rzT: packedBackward(R, H, 0, 2), rnT: packedBackward(R, H, 2, 3) },
  }[kernel];
  const d = run(`${kernel}Grad`, { dh, ...transposed });

  const rows = T * N;
  const ones = new Float64Array(rows).fill(1);
  const before = y.h.slice(0, rows * H);
  const drec = d.drec ?? d.dpre;
  const dWh =
    kernel === "gruBefore"
      ? [
          outerSum(columns(drec, 3 * H, 0, 2 * H), before, rows),
          outerSum(columns(drec, 3 * H, 2 * H, 3 * H), y.rh, rows),
        ]
      : [outerSum(drec, before, rows)];
  const WxT = transposeMatrix(param("Wx"), D, G * H);
  const found: Record<string, Float64Array> = {
    Wx: convert(outerSum(x, d.dpre, rows), H, blocks),
    Wh: convert(
      transposeMatrix(
        dWh.flatMap((part) => [...part]),
        G * H,
        H,
      ),
      H,
      blocks,
    ),
    b: convert(outerSum(ones, d.dpre, rows), H, blocks),
    bh: convert(outerSum(ones, drec, rows), H, blocks),
    x: matmulAdd(d.dpre, WxT, new Float64Array(D), rows, G * H, D),
    h0: d.dh0,
    c0: d.dc0,
  };
  for (const [name, gradient] of Object.entries(golden.grads)) {
    const expected = name === "x" ? sequence(gradient) : flat(gradient);
    close(found[name], expected, { relative: 1e-12, absolute: 1e-13, label: `${cell}: gradient of ${name}` });
  }
}

describe.skipIf(file === undefined)("golden vectors (skipped: no shared/vectors beside the repository)", () => {
  const cells: Record<string, Golden> = file ? JSON.parse(readFileSync(file, "utf8")).cells : {};
  for (const convention of conventions) it(convention.cell, () => checkCell(cells[convention.cell], convention));
});
