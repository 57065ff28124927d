// Heads: probabilities that sum to one, losses that agree with them, gradients, and a sample that stands for all classes.
// R rows, H width, V classes.
import {
  add,
  compile,
  crossEntropy,
  exp,
  f32,
  headLogits,
  headLoss,
  headOf,
  type HeadOptions,
  headWeights,
  i32,
  logSoftmax,
  mul,
  openReference,
  type Scalar,
  sum,
  type Tensor,
} from "unrolled";
import { close, gradientCheck } from "unrolled/testing";
import { describe, expect, it } from "vitest";

type Tensors = Readonly<Record<string, Tensor>>;
const device = openReference();
const [R, H, V] = [7, 5, 23];
/** A class of each cluster, the edges between them, and a row that counts for nothing. */
const targets = [0, 2, 3, 9, 10, 22, -1];

const values = (count: number, seed: number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => Math.sin(12.9898 * (i + 1) + 78.233 * seed) * 0.9);

const options: readonly HeadOptions[] = [
  "linear",
  "tied",
  { kind: "deep", hidden: [4, 6], activation: "tanh" },
  { kind: "deep", hidden: [3], activation: "sigmoid" },
  { kind: "adaptive", cutoffs: [3, 10], factor: 2 },
  { kind: "adaptive", cutoffs: [3], factor: 4 },
  { kind: "sampled", samples: 6 },
];

function given(head: ReturnType<typeof headOf>, classes = V) {
  const shapes = Object.fromEntries([...headWeights(head, { H, V: classes })].map(([k, { shape }]) => [k, shape]));
  const all = { ...shapes, "embedding.weight": [classes, H], features: [R, H] };
  const specs = Object.fromEntries(Object.entries(all).map(([name, shape]) => [name, f32(...shape)]));
  const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
  const numbers = Object.fromEntries(
    Object.entries(all).map(([name, shape], i) => [name, values(count(shape), i + 2)]),
  );
  return { specs: { ...specs, targets: i32(R), key: i32(2) }, numbers: { ...numbers, targets } };
}

describe.each(options.map((o) => ({ name: JSON.stringify(o), head: headOf(o, V) })))("the head $name", ({ head }) => {
  const { specs, numbers } = given(head);

  it("has probabilities that sum to one, and a loss that is their logarithm", () => {
    const program = compile(device, specs, (t: Tensors) => {
      const logits = headLogits(head, t, t.features, { H, V });
      const { each, sum: total, count } = headLoss(head, t, t.features, t.targets, { H, V });
      const full = crossEntropy(logits, t.targets);
      return {
        outputs: {
          p: sum(exp(logSoftmax(logits)), { axes: [-1] }),
          raw: sum(exp(logits), { axes: [-1] }),
          each,
          total,
          count,
          full: full.each,
        },
      };
    });
    const out = program.run({ ...numbers, key: [1, 1] } as never);
    close(out.p, new Array(R).fill(1), { relative: 1e-12 });
    if (head.kind === "adaptive") close(out.raw, new Array(R).fill(1), { relative: 1e-12, label: "log-probabilities" });
    close(out.each, out.full, { relative: 1e-11, absolute: 1e-11 });
    close([out.count, out.each[6]], [6, 0]);
    close(
      out.total,
      Array.from(out.each as ArrayLike<number>).reduce((a, b) => a + b),
      { relative: 1e-12 },
    );
    program.close();
  });

  it("has the gradient of its loss in training", () => {
    const inputs = Object.entries(specs).map(([name, spec]) => [
      name,
      { spec, values: name === "key" ? [3, 4] : numbers[name as keyof typeof numbers] },
    ]);
    const check = Object.fromEntries(inputs) as Parameters<typeof gradientCheck>[1];
    gradientCheck(device, { ...check, weigh: { spec: f32(R), values: values(R, 50) } }, (t: Tensors) => {
      const { each } = headLoss(head, t, t.features, t.targets, { H, V, key: t.key });
      return sum(mul(each, t.weigh)) as Scalar;
    });
  });
});

describe("a sampled head", () => {
  const big = 30;
  const head = headOf({ kind: "sampled", samples: 12 }, big);
  const { specs, numbers } = given(head, big);
  const program = compile(device, specs, (t: Tensors) => {
    const sizes = { H, V: big };
    const full = headLoss(head, t, t.features, t.targets, sizes).each;
    return { outputs: { full, sampled: headLoss(head, t, t.features, t.targets, { ...sizes, key: t.key }).each } };
  });
  const run = (step: number) => {
    const out = program.run({ ...numbers, key: [9, step] } as never) as { full: Float64Array; sampled: Float64Array };
    return { full: Array.from(out.full), sampled: Array.from(out.sampled) };
  };

  it("estimates the softmax's denominator without bias", () => {
    // exp(loss) = Z / exp(own score): its mean over many samples is that of the full softmax.
    const steps = 4000;
    const { full } = run(0);
    const [mean, square] = [new Float64Array(R), new Float64Array(R)];
    for (let step = 1; step <= steps; step++)
      for (const [r, nats] of run(step).sampled.entries()) {
        mean[r] += Math.exp(nats) / steps;
        square[r] += Math.exp(2 * nats) / steps;
      }
    for (let r = 0; r < 6; r++) {
      const error = Math.sqrt((square[r] - mean[r] ** 2) / steps);
      expect(error).toBeGreaterThan(0);
      close(mean[r], Math.exp(full[r]), { relative: 0, absolute: 4 * error, label: `row ${r}` });
    }
  });

  it("draws anew at each step, and the same for the same", () => {
    expect(run(1).sampled).toEqual(run(1).sampled);
    expect(run(1).sampled).not.toEqual(run(2).sampled);
    expect(run(2).full).toEqual(run(1).full);
  });
});

it("a sum of losses is over all of a batch's axes", () => {
  const head = headOf({ kind: "adaptive", cutoffs: [3, 10], factor: 2 }, V);
  const { specs, numbers } = given(head);
  const program = compile(device, { ...specs, x: f32(2, 3, H), y: i32(2, 3) }, (t: Tensors) => {
    const { each, sum: total } = headLoss(head, t, t.x, t.y, { H, V });
    return { outputs: { each, total: add(total, 0) } };
  });
  const out = program.run({ ...numbers, key: [1, 1], x: values(6 * H, 9), y: [1, 5, 12, -1, 22, 3] } as never);
  const each = Array.from((out as unknown as { each: Float64Array }).each);
  expect(each.map((nats) => nats > 0)).toEqual([true, true, true, false, true, true]);
  program.close();
});
