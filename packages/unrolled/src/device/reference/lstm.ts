// Reference kernels of the LSTM layer (Hochreiter & Schmidhuber 1997, Gers 2000); gate order i, f, g, o.
import type { Arguments } from "./arguments.js";
import { sigmoid } from "./elementwise.js";
import { addRowTimes } from "./matrix.js";
import { walkBackward, walkForward } from "./sequence.js";

export function lstm(a: Arguments<"lstm">): void {
  const { h, c, gates, pre, r, H } = a;
  const sum = new Float64Array(4 * H);
  walkForward(
    a,
    [
      [h, a.h0],
      [c, a.c0],
    ],
    ({ row, from, to }) => {
      const base = row * 4 * H;
      sum.set(pre.subarray(base, base + 4 * H));
      addRowTimes(sum, h, from, r, H, 4 * H);
      for (let j = 0; j < H; j++) {
        const i = sigmoid(sum[j]);
        const f = sigmoid(sum[H + j]);
        const g = Math.tanh(sum[2 * H + j]);
        const o = sigmoid(sum[3 * H + j]);
        const cell = f * c[from + j] + i * g;
        c[to + j] = cell;
        h[to + j] = o * Math.tanh(cell);
        gates[base + j] = i;
        gates[base + H + j] = f;
        gates[base + 2 * H + j] = g;
        gates[base + 3 * H + j] = o;
      }
    },
    (row) => gates.fill(0, row * 4 * H, (row + 1) * 4 * H),
  );
}

export function lstmGrad(a: Arguments<"lstmGrad">): void {
  const { dpre, dh0, dc0, gates, c, rT, H } = a;
  walkBackward(
    a,
    [
      { result: dh0, external: a.dh },
      { result: dc0, external: a.dc },
    ],
    ({ row, from, to }, at) => {
      const base = row * 4 * H;
      for (let j = 0; j < H; j++) {
        const i = gates[base + j];
        const f = gates[base + H + j];
        const g = gates[base + 2 * H + j];
        const o = gates[base + 3 * H + j];
        const squashed = Math.tanh(c[to + j]);
        const dh = dh0[at + j];
        const dc = dc0[at + j] + dh * o * (1 - squashed * squashed);
        dpre[base + j] = dc * g * i * (1 - i);
        dpre[base + H + j] = dc * c[from + j] * f * (1 - f);
        dpre[base + 2 * H + j] = dc * i * (1 - g * g);
        dpre[base + 3 * H + j] = dh * squashed * o * (1 - o);
        dc0[at + j] = dc * f;
      }
      const carry = dh0.subarray(at, at + H).fill(0);
      addRowTimes(carry, dpre, base, rT, 4 * H, H);
    },
    (row) => dpre.fill(0, row * 4 * H, (row + 1) * 4 * H),
  );
}
