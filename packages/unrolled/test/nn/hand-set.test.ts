// The lectures' hand-set nets through the real cells: every string, every pair, every printed number.
// Sources: CSC321 lecture 14 and homework 5, CS231n lecture 10. T time, N batch.
import {
  argmax,
  assign,
  compile,
  crossEntropy,
  evict,
  f32,
  gradient,
  type HandSetNet,
  handSetNets,
  handSetWeights,
  i32,
  mul,
  openReference,
  reshape,
  runHandSet,
  slice,
  sub,
  type Variable,
} from "unrolled";
import { close } from "unrolled/testing";
import { describe, expect, it } from "vitest";

const device = openReference();

/** Hidden states and outputs of rows [N][T][D] of one length, in the order [T][N][...]. */
function run(net: HandSetNet, rows: readonly (readonly (readonly number[])[])[]) {
  const [N, T] = [rows.length, rows[0].length];
  const weights = handSetWeights(net);
  const program = compile(device, { x: f32(T, N, net.D) }, ({ x }) => ({
    outputs: { ...runHandSet(net, weights, x) },
  }));
  const x = Array.from({ length: T }, (_, t) => rows.map((row) => row[t])).flat(2);
  const { hidden, output } = program.run({ x });
  const made = { hidden: Array.from(hidden), output: Array.from(output), N, T };
  program.close();
  evict(device, Object.values(weights)[0].storage);
  return made;
}

const bitsOf = (number: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => Math.floor(number / 2 ** i) % 2);

it("sums its inputs", () => {
  const { hidden, output } = run(handSetNets.sum, [[[2], [-0.5], [1], [1]]]);
  close(hidden, [2, 1.5, 2.5, 3.5], { relative: 0, absolute: 0 });
  close(output, [2, 1.5, 2.5, 3.5], { relative: 0, absolute: 0 });
});

it("tells which of two inputs has the larger total", () => {
  const { hidden, output } = run(handSetNets.comparison, [
    [
      [2, -2],
      [0, 3.5],
      [1, 2.2],
    ],
  ]);
  close(hidden, [4, 0.5, -0.7], { relative: 1e-15 });
  close(output, [1, 0.92, 0.03], { relative: 0, absolute: 5e-3 });
  close(output, [1 / (1 + Math.exp(-20)), 1 / (1 + Math.exp(-2.5)), 1 / (1 + Math.exp(3.5))], { relative: 1e-14 });
});

describe.each(["parityJordan", "parityElman"] as const)("%s", (name) => {
  it("knows the parity of all 2046 strings of one to ten bits, after every bit", () => {
    let strings = 0;
    for (let length = 1; length <= 10; length++) {
      const rows = Array.from({ length: 2 ** length }, (_, k) => bitsOf(k, length));
      const { output, N } = run(
        handSetNets[name],
        rows.map((bits) => bits.map((bit) => [bit])),
      );
      const expected = rows.map((bits) => bits.map((_, t) => bits.slice(0, t + 1).reduce((a, b) => a + b) % 2));
      for (let t = 0; t < length; t++)
        expect(output.slice(t * N, (t + 1) * N)).toEqual(expected.map((parities) => parities[t]));
      strings += N;
    }
    expect(strings).toBe(2046);
  });
});

it("adds all 64 x 64 pairs of six bits", () => {
  const pairs = Array.from({ length: 64 * 64 }, (_, k) => [k % 64, Math.floor(k / 64)] as const);
  const rows = pairs.map(([a, b]) => {
    const [as, bs] = [bitsOf(a, 7), bitsOf(b, 7)];
    return as.map((bit, t) => [bit, bs[t]]);
  });
  const { output, N, T } = run(handSetNets.adder, rows);
  const sums = pairs.map((_, n) =>
    Array.from({ length: T }, (__, t) => output[t * N + n] * 2 ** t).reduce((a, b) => a + b),
  );
  expect(sums).toEqual(pairs.map(([a, b]) => a + b));
});

describe("hello", () => {
  const letters = ["h", "e", "l", "o"];
  const oneHot = (text: string): number[][] => [...text].map((c) => letters.map((l) => (l === c ? 1 : 0)));
  const targets = [1, 2, 2, 3];

  it("has the slide's hidden states, logits and losses", () => {
    const { hidden, output } = run(handSetNets.hello, [oneHot("hell")]);
    // The slide's 1.0 is the tanh .995.
    close(hidden, [0.3, -0.1, 0.9, 0.995, 0.3, 0.1, 0.1, -0.5, -0.3, -0.3, 0.9, 0.7], { relative: 0, absolute: 1e-3 });
    const slide = [1.0, 2.2, -3.0, 4.1, 0.5, 0.3, -1.0, 1.2, 0.1, 0.5, 1.9, -1.1, 0.2, -1.5, -0.1, 2.2];
    close(output, slide, { relative: 0, absolute: 1e-2 });
    const program = compile(device, { z: f32(4, 4), y: i32(4) }, ({ z, y }) => ({
      outputs: { each: crossEntropy(z, y).each },
    }));
    close(program.run({ z: output, y: targets }).each, [2.079, 2.9, 0.38, 0.231], { relative: 0, absolute: 5e-3 });
    program.close();
  });

  /** What the net says after h, always its likeliest letter. */
  function says(weights: Readonly<Record<string, Variable>>): string {
    let text = "h";
    while (text.length < 5) {
      const T = text.length;
      const program = compile(device, { x: f32(T, 1, 4) }, ({ x }) => {
        const { output } = runHandSet(handSetNets.hello, weights, x);
        return { outputs: { next: argmax(reshape(slice(output, 0, T - 1, T), [1, 4])) } };
      });
      text += letters[Array.from(program.run({ x: oneHot(text).flat() }).next)[0]];
      program.close();
    }
    return text;
  }

  it("does not say hello, and learns to", () => {
    const weights = handSetWeights(handSetNets.hello);
    expect(says(weights)).not.toBe("hello");
    const names = Object.keys(weights);
    const step = compile(device, { x: f32(4, 1, 4), y: i32(4) }, ({ x, y }) => {
      const { output } = runHandSet(handSetNets.hello, weights, x);
      const { sum: loss } = crossEntropy(reshape(output, [4, 4]), y);
      const gradients = gradient(
        loss,
        names.map((name) => weights[name]),
      );
      return {
        outputs: { loss },
        updates: gradients.map((g, i) => assign(weights[names[i]], sub(weights[names[i]], mul(0.1, g)))),
      };
    });
    const input = { x: oneHot("hell").flat(), y: targets };
    const losses = Array.from({ length: 400 }, () => step.run(input).loss);
    close(losses[0] / 4, 1.397, { relative: 0, absolute: 5e-3 });
    expect(losses[399]).toBeLessThan(0.1);
    expect(says(weights)).toBe("hello");
    step.close();
    evict(device, Object.values(weights)[0].storage);
  });
});
