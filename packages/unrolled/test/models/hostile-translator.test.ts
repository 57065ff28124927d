// Hostile spec.json of translators: each is refused with a SpecError or CheckpointError of a stable code that names the place.
import { describe, expect, it } from "vitest";
import { isUnrolledError } from "../../src/errors.js";
import { readJson } from "../../src/io/checkpoint.js";
import { limits } from "../../src/limits.js";
import { loadTranslator, translatorWeights } from "../../src/models/translator.js";
import { checkTranslatorSpec, translatorJson, translatorSpec, unseenTokens } from "../../src/models/translator-spec.js";
import { encodeUtf8 } from "../../src/text/utf8.js";
import { characterVocabulary } from "../../src/text/vocabulary.js";

const side = { tokens: "char", vocabulary: 3, embedding: 5 } as const;
const sound = JSON.parse(
  JSON.stringify(
    translatorJson(
      translatorSpec({
        source: side,
        target: side,
        encoder: [{ cell: "gru", hidden: 4, direction: "both" }],
        decoder: [{ cell: "gru", hidden: 6 }],
      }),
    ),
  ),
) as Readonly<Record<string, unknown>> & {
  readonly encoder: readonly Readonly<Record<string, unknown>>[];
  readonly decoder: readonly Readonly<Record<string, unknown>>[];
};
const read = (text: string): unknown => checkTranslatorSpec(readJson(encodeUtf8(text), "spec.json", limits.specBytes));
const text = (change: Readonly<Record<string, unknown>>): string => JSON.stringify({ ...sound, ...change });

function refusal(run: () => unknown): { readonly code: string; readonly message: string } {
  try {
    run();
  } catch (error) {
    if (isUnrolledError(error)) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("accepted");
}

/** Field, what it holds, and the code of the refusal. */
const values: readonly (readonly [field: string, value: unknown, code?: string])[] = [
  ["format", "unrolled2"],
  ["format", null],
  ["version", 2, "spec-version"],
  ["version", "1", "spec-version"],
  ["task", "language-model"],
  ["task", ["translate"]],
  ["source", null],
  ["source", "char"],
  ["source", []],
  ["target", 3],
  ["unseen", null],
  ["unseen", [1]],
  ["unseen", 1],
  ["unseen", "one"],
  ["unseen", "-1"],
  ["unseen", "1  2"],
  ["unseen", "1 2 "],
  ["unseen", "1-2-2"],
  ["unseen", "1e9"],
  ["unseen", "3"],
  ["unseen", "0-999999999"],
  ["unseen", "1 1"],
  ["unseen", "2-1"],
  ["unseen", "2 0-1"],
  ["shared", "yes"],
  ["shared", 1],
  ["shared", null],
  ["reversed", "true"],
  ["reversed", {}],
  ["encoder", []],
  ["encoder", {}],
  ["encoder", "gru"],
  ["encoder", [null]],
  ["encoder", [[]]],
  ["encoder", new Array(100).fill(sound.encoder[0])],
  ["decoder", []],
  ["decoder", [7]],
  ["decoder", new Array(100).fill(sound.decoder[0])],
  ["bridge", "Final"],
  ["bridge", "constructor"],
  ["bridge", null],
  ["bridge", "copy", "spec-translator"],
  ["attention", "Bahdanau"],
  ["attention", "toString"],
  ["attention", 0],
  ["attention", "dot", "spec-attention"],
  ["units", 0],
  ["units", -4],
  ["units", 1e12],
  ["units", 2 ** 53],
  ["units", 1.5],
  ["units", "6"],
  ["context", "last"],
  ["context", "every", "spec-translator"],
  ["feeding", 1],
  ["feeding", true, "spec-translator"],
  ["reads", "no"],
  ["ends", 0],
  ["readout", "everything"],
  ["readout", "__proto__"],
  ["readoutUnits", -1],
  ["readoutUnits", 1e300],
  ["readoutUnits", null],
  ["tied", "true"],
  ["tied", true, "spec-translator"],
  ["biases", "three"],
  ["biases", 2],
  ["dropout", 1],
  ["dropout", -0.1],
  ["dropout", "0.5"],
  ["dropout", 1e308],
  ["extra", 1, "spec-unknown-field"],
  ["constructor", 1, "spec-unknown-field"],
  ["then", {}, "spec-unknown-field"],
]; // prettier-ignore

const sideValues: readonly (readonly [field: string, value: unknown, code?: string])[] = [
  ["tokens", "Char"],
  ["tokens", "toString"],
  ["tokens", null],
  ["vocabulary", 0],
  ["vocabulary", -3],
  ["vocabulary", 3.5],
  ["vocabulary", 2 ** 53],
  ["vocabulary", 1e300],
  ["vocabulary", "3"],
  ["vocabulary", [3]],
  ["embedding", -1],
  ["embedding", 1e9],
  ["embedding", 0.5],
  ["embedding", null],
  ["extra", 1, "spec-unknown-field"],
  ["__proto", {}, "spec-unknown-field"],
]; // prettier-ignore

const layerValues: readonly (readonly [field: string, value: unknown, code?: string])[] = [
  ["cell", "gru"],
  ["cell", { name: "GRU" }],
  ["cell", { name: "constructor" }],
  ["cell", { name: "gru", projection: 3 }, "spec-cell-option"],
  ["hidden", 0],
  ["hidden", 1e12],
  ["hidden", [6]],
  ["direction", "sideways"],
  ["merge", "mean"],
  ["residual", true],
  ["dropout", 1],
  ["variational", 1],
  ["initial", "random"],
  ["then", {}, "spec-unknown-field"],
]; // prettier-ignore

const cases = (all: typeof values) => all.map(([field, value, code]) => ({ field, value, code: code ?? "spec-value" }));

describe("a spec.json that describes no translator", () => {
  it("knows no unseen tokens where it was written before they were told", () => {
    expect(checkTranslatorSpec(JSON.parse(text({ unseen: undefined })))).toMatchObject({ unseen: "" });
    expect([...unseenTokens(checkTranslatorSpec(JSON.parse(text({ unseen: "0 2" }))))]).toEqual([0, 2]);
  });

  it("is sound before it is changed", () => {
    expect(translatorJson(checkTranslatorSpec(JSON.parse(text({}))))).toEqual(sound);
  });

  it.each(cases(values))("$field: $value", ({ field, value, code }) => {
    const { code: actual, message } = refusal(() => {
      // What only the weights show must be refused before any is made.
      const spec = read(text({ [field]: value })) as Parameters<typeof translatorWeights>[0];
      return translatorWeights(spec);
    });
    expect(actual).toBe(code);
    expect(message).toContain(code === "spec-attention" ? "attention" : `spec.${field}`);
    expect(message.length).toBeLessThan(300);
  });

  it.each(["source", "target"] as const)("the %s", (name) => {
    for (const { field, value, code } of cases(sideValues)) {
      const { code: actual, message } = refusal(() => read(text({ [name]: { ...side, [field]: value } })));
      expect(actual, `${field}: ${JSON.stringify(value)}`).toBe(code);
      expect(message).toContain(`spec.${name}.${field}`);
      expect(message.length).toBeLessThan(300);
    }
  });

  it.each(["encoder", "decoder"] as const)("a layer of the %s", (name) => {
    for (const { field, value, code } of cases(layerValues)) {
      const { code: actual, message } = refusal(() => read(text({ [name]: [{ ...sound[name][0], [field]: value }] })));
      expect(actual, `${field}: ${JSON.stringify(value)}`).toBe(code);
      expect(message).toContain(`spec.${name}[0].${field}`);
      expect(message.length).toBeLessThan(300);
    }
  });

  it.each(["both", "reverse"])("a decoder that runs %s", (direction) => {
    const { code, message } = refusal(() => read(text({ decoder: [{ ...sound.decoder[0], direction }] })));
    expect(code).toBe("spec-translator");
    expect(message).toBe(`spec.decoder[0].direction: must be forward, was ${direction}`);
  });

  it.each([
    ["shared sides that differ", { shared: true, target: { ...side, vocabulary: 4 } }],
    [
      "shared sides without embeddings",
      { shared: true, source: { ...side, embedding: 0 }, target: { ...side, embedding: 0 } },
    ],
    [
      "a bridge from what runs backwards where nothing does",
      { bridge: "backward", encoder: [{ ...sound.encoder[0], direction: "forward" }] },
    ],
    ["feeding without attention", { attention: "none", feeding: true, readout: "state" }],
    ["a readout of a context that is not there", { attention: "none", readout: "context" }],
    ["a decoder that reads nothing", { attention: "none", readout: "state", reads: false }],
    [
      "a mask for all steps in a decoder that looks back",
      { decoder: [{ ...sound.decoder[0], cell: { ...(sound.decoder[0].cell as object), recurrentDropout: 0.5 } }] },
    ],
  ])("%s", (_, change) => {
    const { code, message } = refusal(() => read(text(change)));
    expect(code).toBe("spec-translator");
    expect(message).toMatch(/^spec\.[a-zA-Z[\].0-9]+: must /);
  }); // prettier-ignore

  it.each(Object.keys(sound).filter((field) => field !== "unseen"))("without %s", (field) => {
    expect(refusal(() => read(text({ [field]: undefined }))).message).toContain(`spec.${field}`);
  });

  it.each(["[]", '"spec"', "1", "null", "true", "", "{", text({}).slice(0, 80), `${text({})} {}`, "[".repeat(100_000)])(
    "%.20s in place of an object",
    (json) => {
      expect(refusal(() => read(json)).code).toMatch(/^[a-z-]+$/);
    },
  );

  it("a key twice, and __proto__ as a key", () => {
    expect(refusal(() => read(text({}).replace('"bridge"', '"task":"translate","bridge"'))).code).toMatch(/^[a-z-]+$/);
    expect(refusal(() => read(text({}).replace("{", '{"__proto__":{"tied":true},'))).code).toMatch(/^[a-z-]+$/);
    expect(({} as Record<string, unknown>).tied).toBe(undefined);
  });
});

describe("files of different translators", () => {
  const vocabulary = characterVocabulary("abc");
  const load = (spec: unknown, source = vocabulary) =>
    refusal(() => loadTranslator({ spec, source, target: vocabulary, weights: [] }));

  it("a vocabulary of another size, no weights, and sizes that no machine holds", () => {
    expect(load(sound, characterVocabulary("ab")).code).toBe("vocabulary-mismatch");
    expect(load(sound).code).toBe("weights-missing");
    // Widths within the limits whose matrices would be enormous: refused for the missing tensor, nothing is allocated.
    const before = process.memoryUsage().arrayBuffers;
    const width = limits.width;
    const wide = { ...sound, units: width, readoutUnits: width, decoder: [{ ...sound.decoder[0], hidden: width }] };
    expect(load(wide).code).toMatch(/^(weights|spec)-/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24);
  });
});
