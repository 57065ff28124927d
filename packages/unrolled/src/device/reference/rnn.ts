// Reference kernels of the simple recurrent layer (Elman 1990): h' = f(pre + h R).
import { type RnnActivation, rnnActivations } from "../kernels.js";
import type { Arguments } from "./arguments.js";
import { sigmoid } from "./elementwise.js";
import { addRowTimes } from "./matrix.js";
import { walkBackward, walkForward } from "./sequence.js";

export function rnn(a: Arguments<"rnn">): void {
  const { h, pre, r, H } = a;
  const f = rnnActivations[a.activation];
  const sum = new Float64Array(H);
  walkForward(
    a,
    [[h, a.h0]],
    ({ row, from, to }) => {
      sum.set(pre.subarray(row * H, row * H + H));
      addRowTimes(sum, h, from, r, H, H);
      for (let j = 0; j < H; j++) h[to + j] = activate(f, sum[j]);
    },
    () => {},
  );
}

export function rnnGrad(a: Arguments<"rnnGrad">): void {
  const { dpre, dh0, h, rT, H } = a;
  const f = rnnActivations[a.activation];
  walkBackward(
    a,
    [{ result: dh0, external: a.dh }],
    ({ row, to }, at) => {
      for (let j = 0; j < H; j++) dpre[row * H + j] = dh0[at + j] * slope(f, h[to + j]);
      const carry = dh0.subarray(at, at + H).fill(0);
      addRowTimes(carry, dpre, row * H, rT, H, H);
    },
    (row) => dpre.fill(0, row * H, row * H + H),
  );
}

function activate(f: RnnActivation, x: number): number {
  switch (f) {
    case "tanh":
      return Math.tanh(x);
    case "relu":
      return Math.max(x, 0);
    case "sigmoid":
      return sigmoid(x);
    case "linear":
      return x;
  }
}

/** Derivative of the activation from its value y. */
function slope(f: RnnActivation, y: number): number {
  switch (f) {
    case "tanh":
      return 1 - y * y;
    case "relu":
      return y > 0 ? 1 : 0;
    case "sigmoid":
      return y * (1 - y);
    case "linear":
      return 1;
  }
}
