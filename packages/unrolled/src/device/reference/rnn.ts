// Reference kernels of the simple recurrent layer (Elman 1990): h' = f(pre + h R).
import { type Activation, activationOf, candidateOf } from "./activation.js";
import type { Arguments } from "./arguments.js";
import { addRowTimes } from "./matrix.js";
import { walkBackward, walkForward } from "./sequence.js";

export const rnn = (a: Arguments<"rnn">): void => forward(a, activationOf(a.activation, 0, 0, 0));
export const rnnVariant = (a: Arguments<"rnnVariant">): void => forward(a, candidateOf(a));
export const rnnGrad = (a: Arguments<"rnnGrad">): void => backward(a, activationOf(a.activation, 0, 0, 0));
export const rnnVariantGrad = (a: Arguments<"rnnVariantGrad">): void => backward(a, candidateOf(a));

type Plain<K extends "rnn" | "rnnGrad"> = Omit<Arguments<K>, "activation">;

function forward(a: Plain<"rnn">, f: Activation): void {
  const { h, pre, r, H } = a;
  const sum = new Float64Array(H);
  walkForward(
    a,
    [[h, a.h0]],
    ({ row, from, to }) => {
      sum.set(pre.subarray(row * H, row * H + H));
      addRowTimes(sum, h, from, r, H, H);
      for (let j = 0; j < H; j++) h[to + j] = f.value(sum[j]);
    },
    () => {},
  );
}

function backward(a: Plain<"rnnGrad">, f: Activation): void {
  const { dpre, dh0, h, rT, H } = a;
  walkBackward(
    a,
    [{ result: dh0, external: a.dh }],
    ({ row, to }, at) => {
      for (let j = 0; j < H; j++) dpre[row * H + j] = dh0[at + j] * f.slope(h[to + j]);
      const carry = dh0.subarray(at, at + H).fill(0);
      addRowTimes(carry, dpre, row * H, rT, H, H);
    },
    (row) => dpre.fill(0, row * H, row * H + H),
  );
}
