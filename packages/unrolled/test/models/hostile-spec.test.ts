// Hostile spec.json: each is refused with a SpecError or CheckpointError of a stable code that names the place.
import { describe, expect, it } from "vitest";
import { isUnrolledError } from "../../src/errors.js";
import { readJson } from "../../src/io/checkpoint.js";
import { limits } from "../../src/limits.js";
import { checkLanguageModelSpec, languageModelSpec } from "../../src/models/spec.js";
import { encodeUtf8 } from "../../src/text/utf8.js";

const sound = languageModelSpec({ tokens: "char", vocabulary: 65, hidden: [8, 8] });
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
  ["version", 2, "spec-version"],
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
  ["constructor", 1, "spec-unknown-field"],
  ["then", {}, "spec-unknown-field"],
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

  it.each(Object.keys(sound))("without %s", (field) => {
    expect(refusal(() => read(text({ [field]: undefined }))).message).toContain(`spec.${field}`);
  });

  it("a tied head of another width", () => {
    expect(refusal(() => read(text({ tied: true, embedding: 4 }))).code).toBe("spec-tied");
  });

  it.each(["[]", '"spec"', "1", "null", "true"])("%s in place of an object", (json) => {
    expect(refusal(() => read(json)).code).toMatch(/^[a-z-]+$/);
  });

  it.each([
    ["nothing", ""],
    ["half of it", text({}).slice(0, 60)],
    ["a key twice", text({}).replace('"tied"', '"cell":"gru","tied"')],
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
