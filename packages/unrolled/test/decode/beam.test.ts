// Beam search: against a search through everything, against greedy choice, alone and beside others.
import { describe, expect, it } from "vitest";
import {
  type BeamModel,
  type BeamOptions,
  type BeamRequest,
  beamSearch,
  type BeamStep,
} from "../../src/decode/beam.js";
import { translating } from "../../src/decode/translating.js";
import { openReference } from "../../src/device/reference/index.js";
import { compile } from "../../src/graph/compile.js";
import { logSoftmax } from "../../src/graph/ops/index.js";
import { type Translator, translator } from "../../src/models/translator.js";
import type { TranslatorOptions } from "../../src/models/translator-spec.js";
import { close } from "../../src/testing/close.js";
import { characterVocabulary } from "../../src/text/vocabulary.js";
import { pairLoss } from "../../src/train/translation-loss.js";
import { arrangePairs } from "../../src/train/translation-task.js";
import { writeVariable } from "../../src/graph/variable.js";

const letters = characterVocabulary("ab");
const device = openReference();
const small = (options: Partial<Omit<TranslatorOptions, "source" | "target">> = {}): Translator => {
  const model = translator({
    source: letters,
    target: letters,
    embedding: 3,
    encoder: [{ cell: "gru", hidden: 3, direction: "both" }],
    decoder: [{ cell: "gru", hidden: 4 }],
    bridge: "final",
    seed: 5,
    ...options,
  });
  // Weights large enough for choices that differ.
  for (const v of Object.values(model.weights)) {
    const n = v.shape.reduce((a, b) => a * b, 1);
    writeVariable(
      device,
      v,
      Float64Array.from({ length: n }, (_, i) => 1.5 * Math.sin(12.9898 * (i + 1) + v.name.length)),
    );
  }
  return model;
};

const kinds: readonly (readonly [string, Partial<Omit<TranslatorOptions, "source" | "target">>])[] = [
  ["bahdanau", {}],
  ["general with feeding", { attention: "general" }],
  ["a vector, reversed", { attention: "none", reversed: true }],
  ["bahdanau in an LSTM whose state alone is read", { readout: "state", decoder: [{ hidden: 4 }] }],
  [
    "bahdanau in two layers, no token read",
    {
      reads: false,
      decoder: [
        { cell: "gru", hidden: 4 },
        { cell: "rnn", hidden: 3 },
      ],
    },
  ],
  ["bahdanau whose parts are read as they are", { readoutUnits: 0 }],
  ["bahdanau in a cell that asks for its input", { decoder: [{ cell: "gru", hidden: 9, residual: "add" }] }],
  ["the date model's attention", { attention: "relu", readout: "context" }],
  ["concat without feeding", { attention: "concat", feeding: false }],
  ["a vector at every step", { attention: "none", context: "every", readout: "all" }],
];

/** Log-probability of a target and its end, true tokens read. */
function logProbability(model: Translator, source: readonly number[], target: readonly number[]): number {
  const pair = { source: Int32Array.from(source), target: Int32Array.from(target) };
  const T = Math.max(source.length, target.length + 1);
  const { inputs, shapes } = arrangePairs(model, [pair], T, 1);
  const program = compile(device, shapes, (tensors) => ({
    outputs: { logs: logSoftmax(pairLoss(model, tensors).logits) },
  }));
  const { logs } = program.run(inputs);
  return [...target, 2].reduce((sum, token, t) => sum + logs[t * 3 + token], 0);
}

const everything: number[][] = [[]];
for (let i = 0; everything[i].length < 3; i++) everything.push(...[0, 1].map((token) => [...everything[i], token]));

const source = [0, 1, 1, 0];
const normal = (options: Pick<BeamOptions, "normalization" | "alpha">, sum: number, tokens: number): number => {
  const n = tokens + 1;
  if (options.normalization === "none") return sum;
  return options.normalization === "gnmt"
    ? sum / ((5 + n) / 6) ** (options.alpha ?? 0.6)
    : sum / n ** (options.alpha ?? 1);
};

describe.each(kinds)("%s", (_, options) => {
  const model = small(options);
  const all = everything.map((target) => ({ target, sum: logProbability(model, source, target) }));

  it.each([{ normalization: "none" }, { normalization: "gnmt", alpha: 0.9 }, { normalization: "average" }] as const)(
    "a wide beam finds what a search through everything finds: %j",
    (how) => {
      const made = translating({ device, model, beam: 16, batch: 1 });
      const [found] = made.now([Int32Array.from(source)], { ...how, maximum: 3, best: 15 });
      const ranked = all.map(({ target, sum }) => ({ target, sum, score: normal(how, sum, target.length) }));
      ranked.sort((a, b) => b.score - a.score);
      expect(found.map(({ tokens }) => tokens)).toEqual(ranked.map(({ target }) => target));
      close(
        found.map(({ logProbability: own }) => own),
        ranked.map(({ sum }) => sum),
        { relative: 1e-10 },
      );
      close(
        found.map(({ score }) => score),
        ranked.map(({ score }) => score),
        { relative: 1e-10 },
      );
      made.close();
    },
  );

  it("a beam of one is greedy", () => {
    const made = translating({ device, model, beam: 1, batch: 2 });
    const sources = [source, [1], [0, 0], [1, 1, 0, 1, 0]];
    const found = made.now(
      sources.map((ids) => Int32Array.from(ids)),
      { maximum: 6 },
    );
    for (const [i, [{ tokens }]] of found.entries()) {
      const T = Math.max(sources[i].length, tokens.length + 1);
      const pair = { source: Int32Array.from(sources[i]), target: Int32Array.from(tokens) };
      const { inputs, shapes } = arrangePairs(model, [pair], T, 1);
      const program = compile(device, shapes, (tensors) => ({ outputs: { logits: pairLoss(model, tensors).logits } }));
      const { logits } = program.run(inputs);
      const chosen = [...tokens, 2];
      for (const [t, token] of chosen.entries()) {
        const row = [...logits.slice(t * 3, t * 3 + 3)];
        if (t < 6) expect(row.indexOf(Math.max(...row)), `sentence ${i}, step ${t}`).toBe(token);
      }
    }
    made.close();
  });

  it("a batch gives the bits of its sentences alone, in any order", () => {
    const sources = [source, [1], [0, 0], [1, 1, 0, 1, 0, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1, 0], [0, 1]].map((ids) =>
      Int32Array.from(ids),
    );
    const asked = { maximum: 5, best: 3, attention: true } as const;
    const [many, one] = [3, 1].map((batch) => translating({ device, model, beam: 3, batch }));
    const together = many.now(sources, asked);
    expect(sources.map((ids) => one.now([ids], asked)[0])).toEqual(together);
    expect([...many.now([...sources].reverse(), asked)].reverse()).toEqual(together);
    many.close();
    one.close();
  });
});

describe("sentences that end early", () => {
  it("leave the others to programs of half the size, to the same bits", () => {
    const model = small();
    const sources = Array.from({ length: 8 }, (_, n) => Int32Array.from({ length: 1 + n }, (_, s) => (s * n + n) % 2));
    // Of many different lengths: eight sentences become four.
    const asked = { best: 2, attention: true, minimum: 1 } as const;
    const [many, one] = [8, 1].map((batch) => translating({ device, model, beam: 3, batch }));
    const together = many.now(sources, asked);
    expect(new Set(together.map(([{ tokens }]) => tokens.length)).size).toBeGreaterThan(1);
    expect(sources.map((ids) => one.now([ids], asked)[0])).toEqual(together);
    many.close();
    one.close();
  });

  it("a model that keeps what is left is asked for no more than that", () => {
    const table = [
      [0.001, 0.55, 0.449],
      [0.002, 0.3, 0.698],
      [0.003, 0.65, 0.347],
    ];
    const maxima = [1, 6, 2, 6, 3];
    const options = { beam: 2, best: 2, maximum: 6, minimum: 1, normalization: "none" } as const;
    const whole = beamSearch(chain(table, 2), 5, options, maxima);
    const rows: number[] = [];
    const kept: (readonly number[])[] = [];
    const plain = chain(table, 2);
    const shrinking: BeamModel = {
      ...plain,
      step: (request) => {
        rows.push(request.ids.length);
        expect(request.parents.every((parent) => parent >= 0 && parent < request.ids.length)).toBe(true);
        return plain.step(request);
      },
      keep: (sentences) => {
        kept.push(sentences);
        return sentences.length;
      },
    };
    expect(beamSearch(shrinking, 5, options, maxima)).toEqual(whole);
    expect(rows.slice(0, 2)).toEqual([10, 10]);
    expect(kept[0]).toEqual([0, 1, 2, 3, 4]);
    expect(rows.at(-1)).toBe(4);
  });
});

/** The answer of a model that knows all log-probabilities: its likeliest tokens in falling order. */
function answer(rows: readonly (readonly number[])[], beam: number, { asked, width }: BeamRequest): BeamStep {
  const order = rows.map((row) =>
    row
      .map((_, id) => id)
      .sort((a, b) => row[b] - row[a])
      .slice(0, width),
  );
  return {
    rows: beam,
    ids: order.flat(),
    logProbabilities: order.flatMap((ids, m) => ids.map((id) => Math.log(rows[m][id]))),
    logAsked: Array.from(asked, (id, m) => (id < 0 ? 0 : Math.log(rows[m][id]))),
  };
}

/** A model whose log-probabilities depend on the last token alone. */
const chain = (table: readonly (readonly number[])[], beam: number): BeamModel => ({
  start: 0,
  end: 0,
  step: (request) =>
    answer(
      Array.from(request.ids, (id) => table[Math.max(0, id)]),
      beam,
      request,
    ),
});

describe("options", () => {
  // 0 ends, 1 is likely, 2 is not.
  const table = [
    [0.05, 0.55, 0.4],
    [0.6, 0.3, 0.1],
    [0.9, 0.05, 0.05],
  ];
  const best = (options: Partial<BeamOptions> & { readonly beam: number }) =>
    beamSearch(chain(table, options.beam), 1, { maximum: 4, normalization: "none", ...options })[0];

  it("minimum and maximum length", () => {
    expect(best({ beam: 1 })[0].tokens).toEqual([1]);
    expect(best({ beam: 1, minimum: 3 })[0].tokens).toEqual([1, 1, 1]);
    const [cut] = best({ beam: 1, minimum: 4, maximum: 4 });
    expect(cut.tokens).toEqual([1, 1, 1, 1]);
    close(cut.logProbability, Math.log(0.55 * 0.3 ** 3 * 0.6));
  });

  it("a wider beam finds what is likelier as a whole", () => {
    // 2 then the end: .4 * .9 = .36; 1 then the end: .55 * .6 = .33.
    const found = best({ beam: 2, best: 2 });
    expect(found.map(({ tokens }) => tokens)).toEqual([[2], [1]]);
    close(
      found.map(({ logProbability: own }) => Math.exp(own)),
      [0.36, 0.33],
    );
  });

  it("prefix and banned tokens", () => {
    expect(best({ beam: 2, prefix: [1, 2] })[0].tokens).toEqual([1, 2]);
    expect(best({ beam: 2, best: 2, banned: new Set([2]) }).every(({ tokens }) => !tokens.includes(2))).toBe(true);
  });

  it("groups that are kept apart write different things", () => {
    const firsts = (diversity: number) =>
      best({ beam: 2, groups: 2, best: 2, diversity }).map(({ tokens }) => tokens[0]);
    expect(firsts(0)).toEqual([1, 1]);
    expect([...firsts(2)].sort()).toEqual([1, 2]);
  });

  it("coverage costs what was not looked at", () => {
    // Two places; one path looks at the first only, the other at both.
    const model: BeamModel = {
      start: 3,
      end: 0,
      step: (request) => ({
        ...answer(
          Array.from(request.ids, (id) => (id === 3 ? [0.02, 0.5, 0.48] : [0.96, 0.02, 0.02])),
          2,
          request,
        ),
        attention: Array.from(request.ids, (id) => (id === 2 ? [0.1, 0.9] : [0.8, 0.2])).flat(),
      }),
    };
    const first = (coverage: number) =>
      beamSearch(model, 1, { beam: 2, maximum: 3, normalization: "none", coverage })[0][0];
    expect(first(0).tokens).toEqual([1]);
    expect(first(0.5).tokens).toEqual([2]);
    // Looks: [.8,.2] then [.1,.9]: sums .9 and 1.1.
    close(first(0.5).score, Math.log(0.48 * 0.96) + 0.5 * Math.log(0.9), { relative: 1e-6 });
  });

  it("many sentences have maxima of their own", () => {
    const found = beamSearch(
      chain(table, 2),
      3,
      { beam: 2, maximum: 9, minimum: 1, normalization: "none", banned: new Set() },
      [1, 2, 9],
    );
    expect(found.map(([{ tokens }]) => tokens.length)).toEqual([1, 1, 1]);
    const long = beamSearch(
      chain(
        [
          [0, 1, 0],
          [0.001, 0.999, 0],
          [1, 0, 0],
        ],
        1,
      ),
      2,
      { beam: 1, maximum: 9 },
      [2, 5],
    );
    expect(long.map(([{ tokens }]) => tokens.length)).toEqual([2, 5]);
  });

  it.each([
    { beam: 0 },
    { beam: 1.5 },
    { beam: 2, best: 3 },
    { beam: 4, groups: 3 },
    { beam: 2, maximum: 0 },
    { beam: 2, minimum: 9 },
    { beam: 2, alpha: -1 },
    { beam: 2, coverage: Number.NaN },
  ])("refuses %j", (options) => {
    expect(() => best(options)).toThrow(expect.objectContaining({ name: "SpecError", code: "beam-options" }));
  });
});
