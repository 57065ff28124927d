// Hostile spec.json: each is refused with a SpecError or CheckpointError of a stable code that names the place.
import { describe, expect, it } from "vitest";
import { cellSpec } from "../../src/nn/cells/index.js";
import { isUnrolledError } from "../../src/errors.js";
import { readJson } from "../../src/io/checkpoint.js";
import { limits } from "../../src/limits.js";
import { checkLanguageModelSpec, languageModelSpec } from "../../src/models/spec.js";
import { encodeUtf8 } from "../../src/text/utf8.js";

const sound = languageModelSpec({ tokens: "char", vocabulary: 65, hidden: [8, 8] });
/** A spec.json as version 1 wrote it. */
const first = {
  format: "unrolled",
  version: 1,
  task: "language-model",
  tokens: "char",
  vocabulary: 65,
  cell: "gru",
  reset: "before",
  embedding: 8,
  hidden: [8, 6],
  dropout: 0.25,
  tied: false,
};
const read = (text: string): unknown =>
  checkLanguageModelSpec(readJson(encodeUtf8(text), "spec.json", limits.specBytes));
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
  ["format", ["unrolled"]],
  ["version", 3, "spec-version"],
  ["version", "1", "spec-version"],
  ["version", 1.5, "spec-version"],
  ["task", "translate"],
  ["task", 1],
  ["tokens", "Char"],
  ["tokens", ""],
  ["tokens", "__proto__"],
  ["tokens", {}],
  ["vocabulary", 1],
  ["vocabulary", 0],
  ["vocabulary", -65],
  ["vocabulary", 65.5],
  ["vocabulary", "65"],
  ["vocabulary", 1e300],
  ["vocabulary", 2 ** 53],
  ["vocabulary", null],
  ["vocabulary", [65]],
  ["embedding", 8],
  ["embedding", { width: 0, from: "trained" }],
  ["embedding", { width: 1e9, from: "trained" }],
  ["embedding", { width: "8", from: "trained" }],
  ["embedding", { width: 8, from: "elsewhere" }],
  ["embedding", { width: 8 }],
  ["embedding", { width: 8, from: "frozen", file: "x" }, "spec-unknown-field"],
  ["layers", []],
  ["layers", {}],
  ["layers", "lstm"],
  ["layers", [null]],
  ["layers", [[]]],
  ["layers", new Array(100).fill(sound.layers[0])],
  ["head", "linear"],
  ["head", { kind: "oracle" }],
  ["head", { kind: "linear", hidden: [3] }, "spec-unknown-field"],
  ["head", { kind: "deep", hidden: [], activation: "tanh" }],
  ["head", { kind: "deep", hidden: [3, 0], activation: "tanh" }],
  ["head", { kind: "deep", hidden: [3], activation: "toString" }],
  ["separator", -1],
  ["separator", 65],
  ["separator", 1.5],
  ["separator", "\n"],
  ["separator", [3]],
  ["extra", 1, "spec-unknown-field"],
  ["constructor", 1, "spec-unknown-field"],
  ["then", {}, "spec-unknown-field"],
]; // prettier-ignore

/** The same of a layer. */
const layerValues: readonly (readonly [field: string, value: unknown, code?: string])[] = [
  ["cell", "lstm"],
  ["cell", null],
  ["cell", { name: "LSTM" }],
  ["cell", { name: "constructor" }],
  ["cell", { name: "toString" }],
  ["cell", { name: 0 }],
  ["cell", {}],
  ["cell", { name: "gru", reset: "during" }],
  ["cell", { name: "gru", reset: false }],
  ["cell", { name: "gru", projection: 3 }, "spec-cell-option"],
  ["cell", { name: "gru", constructor: 3 }, "spec-cell-option"],
  ["cell", { name: "custom" }],
  ["cell", { name: "custom", cell: "" }],
  ["cell", { name: "custom", cell: "x", reset: "after" }, "spec-cell-option"],
  ["hidden", 0],
  ["hidden", -8],
  ["hidden", 1e12],
  ["hidden", null],
  ["hidden", [8]],
  ["direction", "backward"],
  ["direction", "both", "spec-direction"],
  ["direction", "reverse", "spec-direction"],
  ["merge", "mean"],
  ["residual", true],
  ["dropout", 1],
  ["dropout", -0.1],
  ["dropout", "0.5"],
  ["dropout", null],
  ["dropout", 1e308],
  ["variational", 1],
  ["initial", "random"],
  ["then", {}, "spec-unknown-field"],
]; // prettier-ignore

const firstValues: readonly (readonly [field: string, value: unknown, code?: string])[] = [
  ["cell", "LSTM"],
  ["cell", "constructor"],
  ["cell", "toString"],
  ["cell", null],
  ["cell", 0],
  ["reset", "during"],
  ["reset", false],
  ["embedding", 0],
  ["embedding", -1],
  ["embedding", 1e9],
  ["embedding", "8"],
  ["embedding", 0.5],
  ["hidden", []],
  ["hidden", 8],
  ["hidden", "8,8"],
  ["hidden", [0]],
  ["hidden", [8, -8]],
  ["hidden", [8, 1e12]],
  ["hidden", [8, null]],
  ["hidden", [[8]]],
  ["hidden", { 0: 8, length: 1 }],
  ["hidden", new Array(10_000).fill(8)],
  ["dropout", 1],
  ["dropout", -0.1],
  ["dropout", "0.5"],
  ["dropout", null],
  ["dropout", 1e308],
  ["tied", "true"],
  ["tied", 1],
  ["tied", null],
  ["extra", 1, "spec-unknown-field"],
]; // prettier-ignore

describe("a spec.json that describes no model", () => {
  it("is sound before it is changed", () => {
    expect(read(text({}))).toEqual(sound);
  });

  it.each(values.map(([field, value, code]) => ({ field, value, code: code ?? "spec-value" })))(
    "$field: $value",
    ({ field, value, code }) => {
      const { code: actual, message } = refusal(() => read(text({ [field]: value })));
      expect(actual).toBe(code);
      expect(message).toContain(`spec.${field}`);
      expect(message.length).toBeLessThan(300);
    },
  );

  it.each(layerValues.map(([field, value, code]) => ({ field, value, code: code ?? "spec-value" })))(
    "the second layer's $field: $value",
    ({ field, value, code }) => {
      const changed = { ...sound.layers[1], [field]: value };
      const { code: actual, message } = refusal(() => read(text({ layers: [sound.layers[0], changed] })));
      expect(actual).toBe(code);
      expect(message).toContain(`spec.layers[1].${field}`);
      expect(message.length).toBeLessThan(300);
    },
  );

  it.each(firstValues.map(([field, value, code]) => ({ field, value, code: code ?? "spec-value" })))(
    "of version 1, $field: $value",
    ({ field, value, code }) => {
      const { code: actual, message } = refusal(() => checkLanguageModelSpec({ ...first, [field]: value }));
      expect(actual).toBe(code);
      expect(message).toContain(`spec.${field}`);
    },
  );

  it("without a layer's size", () => {
    const { hidden: _, ...rest } = sound.layers[0];
    expect(refusal(() => read(text({ layers: [rest] }))).message).toContain("spec.layers[0].hidden");
  });

  it("but for the separator, which models of before do not name", () => {
    expect(read(text({ separator: undefined }))).toMatchObject({ separator: null });
    expect(read(text({ separator: 64 }))).toMatchObject({ separator: 64 });
  });

  it.each(Object.keys(sound).filter((field) => field !== "separator"))("without %s", (field) => {
    expect(refusal(() => read(text({ [field]: undefined }))).message).toContain(`spec.${field}`);
  });

  it("a tied head of another width", () => {
    const embedding = { width: 4, from: "trained" };
    expect(refusal(() => read(text({ head: { kind: "tied" }, embedding }))).code).toBe("spec-tied");
    expect(refusal(() => checkLanguageModelSpec({ ...first, tied: true })).code).toBe("spec-tied");
  });

  it("a layer that reads backwards is told why", () => {
    const { message } = refusal(() =>
      languageModelSpec({ tokens: "char", vocabulary: 5, layers: [{ hidden: 3, direction: "both" }] }),
    );
    expect(message).toBe('spec.layers[0].direction: must be "forward" in a language model, was "both"');
  });

  it("a residual connection between different widths", () => {
    const layers = [{ ...sound.layers[0], hidden: 7, residual: "add" }];
    expect(refusal(() => read(text({ layers }))).code).toBe("spec-residual");
  });

  it("reads what version 1 wrote as what it meant", () => {
    const read = checkLanguageModelSpec(first);
    const layer = {
      direction: "forward",
      merge: "concat",
      residual: "none",
      dropout: 0.25,
      variational: false,
    } as const;
    const cell = cellSpec("gru", { reset: "before" });
    expect(read).toEqual({
      format: "unrolled",
      version: 2,
      task: "language-model",
      tokens: "char",
      vocabulary: 65,
      embedding: { width: 8, from: "trained" },
      layers: [
        { ...layer, cell, hidden: 8, initial: "zero" },
        { ...layer, cell, hidden: 6, initial: "zero" },
      ],
      head: { kind: "linear" },
      separator: null,
    });
    expect(checkLanguageModelSpec({ ...first, hidden: [8, 8], tied: true }).head).toEqual({ kind: "tied" });
    expect(checkLanguageModelSpec(JSON.parse(JSON.stringify(read)))).toEqual(read);
  });

  it.each(["[]", '"spec"', "1", "null", "true"])("%s in place of an object", (json) => {
    expect(refusal(() => read(json)).code).toMatch(/^[a-z-]+$/);
  });

  it.each([
    ["nothing", ""],
    ["half of it", text({}).slice(0, 60)],
    ["a key twice", text({}).replace('"head"', '"tokens":"char","head"')],
    ["trailing bytes", `${text({})} {}`],
    ["a comment", `// spec\n${text({})}`],
    ["NaN", text({}).replace('"dropout":0', '"dropout":NaN')],
    ["a hundred thousand brackets", "[".repeat(100_000)],
    ["more bytes than a spec may have", `{"format":"${"u".repeat(limits.specBytes)}"}`],
    ["__proto__ as a key", text({}).replace("{", '{"__proto__":{"cell":"gru"},')],
  ])("%s", (_, json) => {
    expect(refusal(() => read(json)).code).toMatch(/^[a-z-]+$/);
    expect(({} as Record<string, unknown>).cell).toBe(undefined);
  });
});
