// The strict JSON scanner beside JSON.parse: the same values, the same refusals, and the few refusals that are ours.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Json, type JsonRules, parseJson } from "../../src/text/json.js";

const rules: JsonRules = {
  depth: 50,
  values: 10_000,
  naturals: false,
  fail: (fault, message) => {
    throw new Error(`${fault}: ${message}`);
  },
};

function plain(value: Json): unknown {
  if (value instanceof Map) {
    const object: Record<string, unknown> = {};
    for (const [key, item] of value) Object.defineProperty(object, key, { value: plain(item), enumerable: true });
    return object;
  }
  return Array.isArray(value) ? value.map((item: Json) => plain(item)) : value;
}

function attempt<T>(work: () => T): { value: T } | { error: Error } {
  try {
    return { value: work() };
  } catch (error) {
    return { error: error as Error };
  }
}

// What JSON.parse takes and the scanner must not.
const ours = /^json-(duplicate-key|lone-surrogate|huge|depth|values): /;

function compare(text: string): void {
  const mine = attempt(() => parseJson(text, rules));
  const platform = attempt(() => JSON.parse(text) as unknown);
  if ("error" in mine && ours.test(mine.error.message)) return;
  expect("error" in mine, `${text}: ${"error" in mine ? mine.error.message : "taken"}`).toBe("error" in platform);
  if ("value" in mine && "value" in platform) {
    expect(JSON.stringify(plain(mine.value))).toBe(JSON.stringify(platform.value));
  }
}

describe("the JSON scanner", () => {
  test("reads any JSON as JSON.parse does", () => {
    fc.assert(fc.property(fc.json({ stringUnit: "binary" }), compare), { numRuns: 500 });
    fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => compare(String(value))));
  });

  test("takes and refuses damaged JSON as JSON.parse does", () => {
    const piece = fc.constantFrom(
      ...'{}[]",:0123456789.eE+-\\u tfn\n\u0000é',
      "true",
      "null",
      "\\ud83d",
      "\\ude00",
      '"a":',
    );
    const damaged = fc.tuple(fc.json(), fc.nat(), fc.nat(3), piece).map(([text, place, length, put]) => {
      const at = place % (text.length + 1);
      return text.slice(0, at) + put + text.slice(at + length);
    });
    fc.assert(fc.property(damaged, compare), { numRuns: 3000 });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => compare(pieces.join(""))),
      { numRuns: 5000 },
    );
  });

  test("refuses what JSON.parse would take without a word", () => {
    const faultOf = (text: string, more: Partial<JsonRules> = {}) => {
      const result = attempt(() => parseJson(text, { ...rules, ...more }));
      return "error" in result ? result.error.message.split(":")[0] : "taken";
    };
    expect(faultOf('{"a":1,"a":1}')).toBe("json-duplicate-key");
    expect(faultOf('{"__proto__":1,"__proto__":2}')).toBe("json-duplicate-key");
    expect(faultOf('{"a":{"b":1},"b":1}')).toBe("taken");
    expect(faultOf('"\\ud800"')).toBe("json-lone-surrogate");
    expect(faultOf('"\\ud83d\\ude00"')).toBe("taken");
    expect(faultOf("1e999")).toBe("json-huge");
    expect(faultOf("[[1]]", { depth: 1 })).toBe("json-depth");
    expect(faultOf("[[],[]]", { depth: 2 })).toBe("taken");
    expect(faultOf("[1,2,3]", { values: 3 })).toBe("json-values");
    expect(faultOf("[1,2]", { values: 3 })).toBe("taken");
    expect(faultOf("9007199254740991", { naturals: true })).toBe("taken");
    expect(faultOf("9007199254740992", { naturals: true })).toBe("json-huge");
    expect(faultOf("-0", { naturals: true })).toBe("json-negative");
    expect(faultOf("1.0", { naturals: true })).toBe("json-fraction");
  });
});
