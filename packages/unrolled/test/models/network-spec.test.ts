// The specs of networks over rows and of labelled writers: what is read, and what is refused by its path in the JSON.
import {
  checkLabelledWriterSpec,
  checkNetworkSpec,
  DataError,
  labelledWriter,
  labelledWriterJson,
  layer,
  loadLabelledWriter,
  loadNetwork,
  network,
  networkJson,
  networkSpec,
  type Rows,
  rowExamples,
  rowFacts,
  SpecError,
  wordVocabulary,
} from "unrolled";
import { identical } from "unrolled/testing";
import { describe, expect, it } from "vitest";

const texts: Rows = {
  kind: "texts",
  rows: [
    ["one two", "x"],
    ["two", "y"],
  ].map(([text, label], i) => ({ text, label, line: i + 1 })),
};
const facts = rowFacts(texts, { where: "f.csv", task: "classify", tokens: "word", minimumCount: 1 });
const spec = networkSpec(facts, { layers: [layer({ hidden: 3 })], embedding: 2 });
const json = JSON.parse(JSON.stringify(networkJson(spec))) as Record<string, unknown>;
const writer = labelledWriter({ vocabulary: wordVocabulary("a b"), start: ["x", "y"], layers: [layer({ hidden: 3 })] });
const writerJson = JSON.parse(JSON.stringify(labelledWriterJson(writer.spec))) as Record<string, unknown>;

const at = (path: string, value: unknown, from = json): unknown => {
  const copy = structuredClone(from) as Record<string, unknown>;
  const keys = path.split(".");
  let place = copy;
  for (const key of keys.slice(0, -1)) place = place[key] as Record<string, unknown>;
  place[keys[keys.length - 1]] = value;
  return copy;
};
const refusal = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof SpecError || error instanceof DataError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "taken";
};

describe("the spec of a network", () => {
  it("comes back from JSON as it was", () => {
    expect(networkJson(checkNetworkSpec(json))).toEqual(networkJson(spec));
    expect(labelledWriterJson(checkLabelledWriterSpec(writerJson))).toEqual(labelledWriterJson(writer.spec));
  });

  it.each<[string, unknown, string]>([
    ["task", "translate", 'spec-value: spec.task: must be "classify" or "tag" or "regress"'],
    ["version", 3, "spec-version: spec.version: must be 1, was 3"],
    ["more", 1, "spec-unknown-field: spec.more"],
    ["input.kind", "pixels", "spec-value: spec.input.kind"],
    ["input.vocabulary", 1.5, "spec-value: spec.input.vocabulary: must be an integer"],
    ["input.__proto__x", 1, "spec-unknown-field: spec.input.__proto__x"],
    ["layers", {}, "spec-value: spec.layers: must be a list"],
    ["layers.0.hidden", 0, "spec-value: spec.layers[0].hidden"],
    ["layers.0.cell", { name: "elman" }, "spec-value: spec.layers[0].cell.name"],
    ["layers.0.residual", "add", "spec-residual: layers[0].residual: must join equal widths"],
    ["pool", "first", 'spec-value: spec.pool: must be "none" or "last"'],
    ["pool", "none", "spec-combination: spec.pool: must be"],
    ["layers", [], 'spec-combination: spec.pool: must be "mean" or "max" where there is no recurrent layer'],
    ["deep", [0], "spec-value: spec.deep[0]"],
    ["output.labels", ["x"], "spec-value: spec.output.labels: must be a list of 2"],
    ["output.labels", ["x", "x"], "spec-value: spec.output.labels[1]: must be another name"],
    ["output.labels", ["x", 1], "spec-value: spec.output.labels[1]: must be text"],
    [
      "output",
      { kind: "linear", target: "next", columns: ["a"], mean: [0], deviation: [1] },
      "spec-combination: spec.output.kind",
    ],
  ])("%s = %j is refused", (path, value, message) => {
    expect(refusal(() => checkNetworkSpec(at(path, value)))).toContain(message);
  });

  const numbers = { kind: "linear", target: "columns", columns: ["a"], mean: [0], deviation: [1] };
  const regress = {
    ...json,
    task: "regress",
    pool: "none",
    output: numbers,
    input: { kind: "vector", columns: ["b"], mean: [1], deviation: [2] },
  };
  it.each<[string, unknown, string]>([
    ["output.deviation", [0], "spec-value: spec.output.deviation[0]: must be above 0"],
    ["output.mean", [0, 1], "spec-value: spec.output.mean: must be a list of 1 to 1"],
    ["input.mean", [null], "spec-value: spec.input.mean[0]: must be a finite number"],
    ["task", "tag", "spec-combination: spec.output.kind"],
  ])("of numbers, %s = %j is refused", (path, value, message) => {
    expect(refusal(() => checkNetworkSpec(regress))).toBe("taken");
    expect(refusal(() => checkNetworkSpec(at(path, value, regress)))).toContain(message);
  });

  it("a forecast may not look ahead, nor pool", () => {
    const next = { ...regress, output: { ...numbers, target: "next" } };
    expect(refusal(() => checkNetworkSpec(next))).toBe("taken");
    expect(refusal(() => checkNetworkSpec(at("layers.0.direction", "both", next)))).toContain(
      'spec.layers[0].direction: must be "forward" to forecast',
    );
    expect(refusal(() => checkNetworkSpec(at("pool", "last", next)))).toContain(
      'spec.pool: must be "none" to forecast',
    );
  });

  it.each<[string, unknown, string]>([
    ["layers", [], "spec-value: spec.layers"],
    ["layers.0.direction", "both", 'spec-combination: spec.layers[0].direction: must be "forward" to write'],
    ["layers.0.initial", "learned", 'spec-combination: spec.layers[0].initial: must be "zero"'],
    ["use", "never", "spec-value: spec.use"],
    ["start.kind", "picture", "spec-value: spec.start.kind"],
    ["start.labels", [], "spec-value: spec.start.labels"],
    ["vocabulary", -1, "spec-value: spec.vocabulary"],
    ["extra", true, "spec-unknown-field: spec.extra"],
  ])("of a writer, %s = %j is refused", (path, value, message) => {
    expect(refusal(() => checkLabelledWriterSpec(at(path, value, writerJson)))).toContain(message);
  });
});

describe("files of a model", () => {
  it("of another vocabulary, with a weight too few or too many, of another shape, not finite: refused by name", () => {
    const model = network(spec, facts.vocabulary);
    const weights = Object.values(model.weights).map(({ name, shape }) => ({
      name,
      shape,
      data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
    }));
    const load = (change: object) => () =>
      loadNetwork({ spec: json, vocabulary: facts.vocabulary, weights, ...change });
    expect(load({})().spec).toEqual(spec);
    expect(load({ vocabulary: wordVocabulary("another") })).toThrow("vocabulary.json: must hold the 4 word tokens");
    expect(load({ weights: weights.slice(1) })).toThrow("must hold tensor embedding.weight [4,2], was absent");
    expect(load({ weights: [...weights, { ...weights[0], name: "more" }] })).toThrow(
      "tensor more is not part of the model",
    );
    expect(load({ weights: weights.map((w) => ({ ...w, shape: [1] })) })).toThrow(
      "tensor embedding.weight must be [4,2] by spec.json, was [1]",
    );
    const bad = weights.map((w, i) => (i === 1 ? { ...w, data: w.data.slice().fill(Number.NaN) } : w));
    expect(load({ weights: bad })).toThrow(`tensor ${weights[1].name} must be finite`);
    expect(() => loadLabelledWriter({ spec: writerJson, vocabulary: wordVocabulary("a b c"), weights })).toThrow(
      "vocabulary.json",
    );
  });
});

describe("rows as numbers", () => {
  it("words that are rare are <unk>, new ones too; labels have their ids", () => {
    const model = network(spec, facts.vocabulary);
    const row = { kind: "texts", rows: [{ text: "two three", label: "y", line: 9 }] } as const;
    const [{ input, target, steps }] = rowExamples(model, row, "g.csv");
    const two = facts.vocabulary.tokens.indexOf("two");
    expect([steps, [...input], [...target]]).toEqual([2, [two, facts.vocabulary.unknown], [1]]);
    expect(
      refusal(() => rowExamples(model, { kind: "texts", rows: [{ text: " ", label: "y", line: 4 }] }, "g.csv")),
    ).toContain("g.csv, line 4: must hold at least one word");
  });

  it("columns lose their mean and deviation, which the validation rows do not touch", () => {
    const values = Float32Array.of(1, 10, 3, 10, 5, 10);
    const rows: Rows = { kind: "series", columns: ["a", "still"], rows: [{ values, steps: 3, labels: [], line: 1 }] };
    const found = rowFacts(rows, { where: "s.csv", task: "regress" });
    expect(found.input).toMatchObject({ columns: ["a", "still"], mean: [3, 10], deviation: [Math.sqrt(8 / 3), 1] });
    const model = network(networkSpec(found, { layers: [] }), found.vocabulary);
    const [{ input, target, steps }] = rowExamples(model, rows, "s.csv");
    const one = Math.fround(2 / Math.sqrt(8 / 3));
    expect(steps).toBe(2);
    identical(input, [-one, 0, 0, 0]);
    identical(target, [0, 0, one, 0]);
  });
});
