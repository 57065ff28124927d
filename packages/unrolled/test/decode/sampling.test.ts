// Choosing a token: the distribution that is drawn from, its limits, and what is never chosen. V classes.
import { checkSampling, chooseToken, draws, type SamplingOptions, SpecError } from "unrolled";
import { describe, expect, it } from "vitest";

const logits = [1, 2.2, -3, 4.1, 0.3, 2.2];

function softmax(zs: readonly number[], temperature = 1): number[] {
  const weights = zs.map((z) => Math.exp((z - Math.max(...zs)) / temperature));
  return weights.map((w) => w / weights.reduce((a, b) => a + b));
}

/** How often each class comes up in n draws. */
function counts(n: number, options: SamplingOptions, banned?: ReadonlySet<number>): number[] {
  const random = draws(20_261_120);
  const found = new Array<number>(logits.length).fill(0);
  for (let i = 0; i < n; i++) found[chooseToken(logits, options, random.uniform(), banned)]++;
  return found;
}

/** Pearson's statistic; classes of probability 0 must not come up. */
function chiSquare(found: readonly number[], probabilities: readonly number[]): number {
  const n = found.reduce((a, b) => a + b);
  return probabilities.reduce((sum, p, i) => {
    if (p === 0) return found[i] === 0 ? sum : Number.POSITIVE_INFINITY;
    return sum + (found[i] - n * p) ** 2 / (n * p);
  }, 0);
}

/** The 99.9 % point of chi-square with 5 degrees of freedom: a right sampler passes 999 of 1,000 seeds, and this seed is fixed. */
const limit = 20.5;

/** Probabilities with all but some classes struck out. */
const among = (kept: readonly number[], p = softmax(logits)): number[] => {
  const total = kept.reduce((sum, id) => sum + p[id], 0);
  return p.map((share, id) => (kept.includes(id) ? share / total : 0));
};

describe("draws follow the model's probabilities", () => {
  it.each<[string, SamplingOptions, readonly number[]]>([
    ["as they are", {}, softmax(logits)],
    ["colder", { temperature: 0.5 }, softmax(logits, 0.5)],
    ["hotter", { temperature: 3 }, softmax(logits, 3)],
    ["the three best", { topK: 3 }, among([3, 1, 5])],
    ["the best of equals first", { topK: 2 }, among([3, 1])],
    ["a nucleus", { topP: 0.85 }, among([3, 1, 5])],
    ["a nucleus of the best", { topK: 3, topP: 0.8 }, among([3, 1])],
  ])("%s", (_, options, expected) => {
    expect(chiSquare(counts(20_000, options), expected)).toBeLessThan(limit);
  });

  it("and the test would notice a temperature that is a tenth off", () => {
    expect(chiSquare(counts(20_000, { temperature: 1.1 }), softmax(logits))).toBeGreaterThan(limit);
  });
});

describe("limits", () => {
  const uniforms = [0, 0.3, 0.999_999_999];
  const chosen = (zs: readonly number[], options: SamplingOptions, banned?: ReadonlySet<number>): number[] =>
    uniforms.map((u) => chooseToken(zs, options, u, banned));

  it("temperature 1e-3 on logits of 1e4 is greedy, not NaN", () => {
    expect(chosen([1e4, 1.0001e4, -1e4], { temperature: 1e-3 })).toEqual([1, 1, 1]);
    expect(chosen([-1e4, -1e4 - 1, -2e4], { temperature: 1e-3 })).toEqual([0, 0, 0]);
  });

  it("topK 1 and greedy are the largest, the first of equals", () => {
    expect(chosen([1, 3, 3, 2], { topK: 1 })).toEqual([1, 1, 1]);
    expect(chosen([1, 3, 3, 2], { greedy: true })).toEqual([1, 1, 1]);
  });

  it("topK beyond V and topP 1 leave all in", () => {
    const plain = chosen(logits, {}).length;
    expect(plain).toBe(3);
    for (const options of [{ topK: 100 }, { topP: 1 }])
      expect(chiSquare(counts(20_000, options), softmax(logits))).toBeLessThan(limit);
  });

  it("topP takes the token that crosses it, and always one", () => {
    const even = [Math.log(0.5), Math.log(0.25), Math.log(0.25)];
    expect(new Set(chosen(even, { topP: 0.49 }))).toEqual(new Set([0]));
    expect(new Set(chosen(even, { topP: 0.51 }))).toEqual(new Set([0, 1]));
    expect(chosen(even, { topP: 1e-9 })).toEqual([0, 0, 0]);
  });

  it("a banned id never comes, however likely it is", () => {
    const banned = new Set([3]);
    for (const options of [{}, { greedy: true }, { topK: 1 }, { topP: 0.5 }, { temperature: 1e-3 }])
      expect(counts(500, options, banned)[3]).toBe(0);
    expect(chiSquare(counts(20_000, {}, banned), among([0, 1, 2, 4, 5]))).toBeLessThan(limit);
  });

  it.each<SamplingOptions>([
    { temperature: 0 },
    { temperature: -1 },
    { temperature: Number.NaN },
    { temperature: Number.POSITIVE_INFINITY },
    { topK: 0 },
    { topK: 1.5 },
    { topP: 0 },
    { topP: 1.01 },
  ])("%o is refused", (options) => expect(() => checkSampling(options)).toThrow(SpecError));
});
