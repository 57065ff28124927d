// What a model directory holds, as bytes.
import { describe, expect, test } from "vitest";
import {
  checkCompanion,
  decodeModelFile,
  decodeTrainingFile,
  encodeModelFile,
  encodeTrainingFile,
  readJson,
} from "../../src/io/checkpoint.js";
import { encodeSafetensors, type FileTensor } from "../../src/io/safetensors.js";
import { encodeUtf8 } from "../../src/text/utf8.js";

const refused = (code: string, message: RegExp = /./) =>
  expect.objectContaining({ name: "CheckpointError", code, message: expect.stringMatching(message) });
const companions = { spec: encodeUtf8("{}"), vocabulary: encodeUtf8("[]"), ngram: Uint8Array.of(1, 2, 3) };
const weights = [
  { name: "__proto__", shape: [2], data: Float32Array.of(1, -0) },
  { name: "", shape: [1], data: Float64Array.of(Math.E) },
  { name: "count", shape: [], data: Int32Array.of(-1) },
];
const byName = (list: readonly { readonly name: string }[]) => new Map(list.map((array) => [array.name, array]));

describe("model.safetensors", () => {
  test("comes back, and knows its companions", () => {
    const model = decodeModelFile(encodeModelFile({ step: 9, weights, companions }));
    expect(model.step).toBe(9);
    expect(byName(model.weights)).toEqual(byName(weights));
    for (const name of ["spec", "vocabulary", "ngram"] as const) {
      checkCompanion(model, name, companions[name]);
      expect(() => checkCompanion(model, name, encodeUtf8("other"))).toThrow(refused("companion-checksum"));
    }
  });

  test("of another program has no step and vouches for no companion", () => {
    const model = decodeModelFile(
      encodeSafetensors([{ name: "w", dtype: "F32", shape: [1], data: Float32Array.of(1) }]),
    );
    expect([model.step, model.checksums.size]).toEqual([undefined, 0]);
    checkCompanion(model, "spec", encodeUtf8("anything"));
    const half: FileTensor = { name: "w", dtype: "F16", shape: [1], data: Uint16Array.of(0) };
    expect(() => decodeModelFile(encodeSafetensors([half]))).toThrow(refused("weight-dtype", /"w" must be F32/));
  });

  test("never holds what is not finite", () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const bad = { name: "head.bias", shape: [2], data: Float32Array.of(0, value) };
      expect(() => encodeModelFile({ step: 1, weights: [bad], companions })).toThrow(
        refused("not-finite", /head\.bias.*element 1/),
      );
      const whole = { step: 1, weights: [], companions, arrays: [bad], record: null };
      expect(() => encodeTrainingFile(whole, 0)).toThrow(refused("not-finite"));
    }
  });
});

describe("training.safetensors", () => {
  test("comes back, hostile keys of the record as plain keys", () => {
    const record: unknown = JSON.parse('{"__proto__":{"admin":true},"constructor":[1.5,null,"é"],"":-1e-9}');
    const read = decodeTrainingFile(
      encodeTrainingFile({ step: 0, weights, companions, arrays: weights, record }, 123),
      "t",
    );
    expect(JSON.stringify(read.record)).toBe(JSON.stringify(record));
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
    expect(byName(read.weights)).toEqual(byName(weights));
    expect(byName(read.arrays)).toEqual(byName(weights));
    expect(read.companions).toEqual(companions);
    expect([read.step, read.metricsBytes]).toEqual([0, 123]);
  });

  test("is refused where something is missing or of another kind", () => {
    const text = (name: string, value: string): FileTensor => {
      const data = encodeUtf8(value);
      return { name, dtype: "U8", shape: [data.length], data };
    };
    const parts = [text("record", "1"), text("file.spec", "{}"), text("file.vocabulary", "[]")];
    const head = { format: "unrolled.training.1", step: "3", metricsBytes: "4" };
    const read = (tensors: FileTensor[], more: object = {}) => {
      return () => decodeTrainingFile(encodeSafetensors(tensors, new Map(Object.entries({ ...head, ...more }))), "t");
    };
    expect(read(parts)().record).toBe(1);
    for (const part of parts) expect(read(parts.filter((other) => other !== part))).toThrow(refused("training-format"));
    expect(read(parts, { format: "unrolled.training.2" })).toThrow(refused("training-format"));
    for (const step of ["", "-1", "1.5", "1e3", "9".repeat(20), " 1"]) {
      expect(read(parts, { step })).toThrow(refused("training-format", /step/));
    }
    expect(read(parts, { metricsBytes: "x" })).toThrow(refused("training-format", /metricsBytes/));
    expect(read([...parts.slice(1), text("record", '{"a":1,"a":2}')])).toThrow(
      refused("json-duplicate-key", /^t: record: /),
    );
    expect(read([...parts, { name: "state.h", dtype: "I64", shape: [1], data: BigInt64Array.of(1n) }])).toThrow(
      refused("weight-dtype"),
    );
  });
});

test("JSON of any file is bounded and strict", () => {
  expect(readJson(encodeUtf8('{"a":[1,2.5]}'), "spec.json", 100)).toEqual({ a: [1, 2.5] });
  expect(() => readJson(encodeUtf8("[1,2]"), "spec.json", 4)).toThrow(refused("json-bytes", /^spec\.json: /));
  expect(() => readJson(Uint8Array.of(0x22, 0xff, 0x22), "s", 9)).toThrow(refused("json-utf8"));
  expect(() => readJson(encodeUtf8("[".repeat(99)), "s", 99)).toThrow(refused("json-depth"));
  expect(() => readJson(encodeUtf8("{"), "s", 9)).toThrow(refused("json-syntax"));
});
