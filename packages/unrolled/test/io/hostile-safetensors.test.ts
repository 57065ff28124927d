// R5: safetensors files made to do harm. Each is refused for its own reason, at once, without taking memory it asks for.
import { describe, expect, test } from "vitest";
import { decodeSafetensors, encodeSafetensors } from "../../src/io/safetensors.js";
import { limits } from "../../src/limits.js";

function file(header: string | Uint8Array, data = 0, length?: bigint): Uint8Array {
  const json = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + json.length + data);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

const tensor = (begin: number | string, end: number | string, shape = "[1]", dtype = '"F32"') =>
  `{"dtype":${dtype},"shape":${shape},"data_offsets":[${begin},${end}]}`;
const one = (entry: string, data = 4) => file(`{"a":${entry}}`, data);
const checked = () => encodeSafetensors([{ name: "a", dtype: "U8", shape: [2], data: Uint8Array.of(1, 2) }]);

function edited(from: string, to: string): Uint8Array {
  const bytes = checked();
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return Uint8Array.from(text.replace(from, to), (unit) => unit.charCodeAt(0));
}

const cases: readonly (readonly [string, string, () => Uint8Array])[] = [
  ["nothing", "file-truncated", () => new Uint8Array(0)],
  ["seven bytes", "file-truncated", () => new Uint8Array(7)],
  ["a length above the file", "header-length-file", () => file("{}", 0, 3n)],
  ["a length above the limit", "header-length-limit", () => file("{}", 0, BigInt(limits.headerBytes) + 1n)],
  ["a length of 2^63", "header-length-limit", () => file("{}", 0, 2n ** 63n)],
  ["a length of 2^64 - 1", "header-length-limit", () => file("{}", 0, 2n ** 64n - 1n)],
  ["a length of 0", "header-start", () => file("", 4)],
  ["a byte order mark", "header-start", () => file("\ufeff{}")],
  ["a space before the header", "header-start", () => file(" {}")],
  ["a list for a header", "header-start", () => file("[]")],
  ["a newline after the header", "header-padding", () => file("{}\n")],
  ["a zero byte after the header", "header-json-syntax", () => file("{}\u0000")],
  ["two headers", "header-json-syntax", () => file("{}{}")],
  ["an unclosed object", "header-json-syntax", () => file('{"a":')],
  ["an unclosed text", "header-json-syntax", () => file('{"a')],
  ["a comma at the end", "header-json-syntax", () => file(`{"a":${tensor(0, 4)},}`, 4)],
  ["a comment", "header-json-syntax", () => file("{/**/}")],
  ["single quotes", "header-json-syntax", () => file("{'a':1}")],
  ["a leading zero", "header-json-syntax", () => one(tensor("00", 4))],
  ["NaN", "header-json-syntax", () => one(tensor("NaN", 4))],
  ["a control character in a name", "header-json-control-character", () => file('{"a\u0001":1}')],
  ["half a surrogate pair in a name", "header-json-lone-surrogate", () => file('{"\\ud800":1}')],
  ["an unknown escape", "header-json-syntax", () => file('{"\\x41":1}')],
  ["overlong UTF-8", "header-utf8", () => file(Uint8Array.of(0x7b, 0x22, 0xc0, 0x80, 0x22, 0x3a, 0x31, 0x7d))],
  [
    "a surrogate in UTF-8",
    "header-utf8",
    () => file(Uint8Array.of(0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d)),
  ],
  ["a broken byte in the padding", "header-utf8", () => file(Uint8Array.of(0x7b, 0x7d, 0xff))],
  ["a name twice", "header-json-duplicate-key", () => file(`{"a":${tensor(0, 4)},"a":${tensor(0, 4)}}`, 4)],
  [
    "a name twice, once escaped",
    "header-json-duplicate-key",
    () => file(`{"a":${tensor(0, 4)},"\\u0061":${tensor(0, 4)}}`, 4),
  ],
  [
    "a field twice",
    "header-json-duplicate-key",
    () => one('{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}'),
  ],
  ["metadata twice", "header-json-duplicate-key", () => file('{"__metadata__":{},"__metadata__":{}}')],
  ["deep lists", "header-json-depth", () => file(`{"a":${"[".repeat(100_000)}`)],
  ["deep objects", "header-json-depth", () => file('{"a":'.repeat(100_000))],
  ["millions of values", "header-json-values", () => file(`{"a":[${"0,".repeat(limits.jsonValues)}0]}`)],
  [
    "too many tensors",
    "tensor-count",
    () => file(`{${Array.from({ length: limits.tensors + 1 }, (_, i) => `"${i}":${tensor(0, 0, "[0]")}`).join(",")}}`),
  ],
  ["an endless name", "tensor-name-length", () => file(`{"${"a".repeat(limits.nameUnits + 1)}":${tensor(0, 4)}}`, 4)],
  [
    "an endless metadata key",
    "tensor-name-length",
    () => file(`{"__metadata__":{"${"a".repeat(limits.nameUnits + 1)}":""}}`),
  ],
  ["metadata that are a list", "metadata-not-object", () => file('{"__metadata__":[]}')],
  ["a number in metadata", "metadata-not-string", () => file('{"__metadata__":{"a":1}}')],
  ["a tensor that is a number", "tensor-not-object", () => one("1")],
  ["a tensor that is null", "tensor-not-object", () => one("null")],
  ["no dtype", "tensor-field-missing", () => one('{"shape":[1],"data_offsets":[0,4]}')],
  ["no shape", "tensor-field-missing", () => one('{"dtype":"F32","data_offsets":[0,4]}')],
  ["no offsets", "tensor-field-missing", () => one('{"dtype":"F32","shape":[1]}')],
  ["one more field", "tensor-field-unknown", () => one('{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}')],
  [
    "a field __proto__",
    "tensor-field-unknown",
    () => one('{"dtype":"F32","shape":[1],"data_offsets":[0,4],"__proto__":{}}'),
  ],
  ["an unknown dtype", "tensor-dtype", () => one(tensor(0, 4, "[1]", '"F33"'))],
  ["a dtype that every object has", "tensor-dtype", () => one(tensor(0, 4, "[1]", '"constructor"'))],
  ["a dtype that is a number", "tensor-dtype", () => one(tensor(0, 4, "[1]", "32"))],
  ["a shape that is a number", "tensor-shape", () => one(tensor(0, 4, "1"))],
  ["a shape of texts", "tensor-shape", () => one(tensor(0, 4, '["1"]'))],
  ["a negative dimension", "header-json-negative", () => one(tensor(0, 4, "[-1]"))],
  ["two negative dimensions", "header-json-negative", () => one(tensor(0, 4, "[-1,-1]"))],
  ["a fractional dimension", "header-json-fraction", () => one(tensor(0, 4, "[1.0]"))],
  ["a dimension with exponent", "header-json-fraction", () => one(tensor(0, 4, "[1e0]"))],
  ["a dimension above 2^53", "header-json-huge", () => one(tensor(0, 4, "[9007199254740993]"))],
  ["too many dimensions", "tensor-dimensions", () => one(tensor(0, 4, `[${Array(9).fill(1).join(",")}]`))],
  ["a product that wraps 64 bits", "tensor-shape-overflow", () => one(tensor(0, 4, "[4294967296,4294967296,1]"))],
  ["a product that wraps to 1", "tensor-shape-overflow", () => one(tensor(0, 4, "[4294967297,4294967297]"))],
  ["huge dimensions beside a 0", "tensor-shape-overflow", () => one(tensor(0, 0, "[0,4294967296,4294967296]"), 0)],
  ["one offset", "tensor-offsets", () => one('{"dtype":"F32","shape":[1],"data_offsets":[4]}')],
  ["three offsets", "tensor-offsets", () => one('{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}')],
  ["offsets as texts", "tensor-offsets", () => one(tensor('"0"', 4))],
  ["offsets backwards", "tensor-offsets-order", () => one(tensor(4, 0))],
  ["a negative offset", "header-json-negative", () => one(tensor(-4, 0))],
  ["a fractional offset", "header-json-fraction", () => one(tensor(0.5, 4.5))],
  ["an offset above 2^53", "header-json-huge", () => one(tensor("9007199254740992", "9007199254740996"))],
  ["an offset of 1e999", "header-json-fraction", () => one(tensor(0, "1e999"))],
  ["data of another size", "tensor-size", () => one(tensor(0, 8), 8)],
  ["data beyond the file", "tensor-offsets-file", () => one(tensor(0, 4), 3)],
  ["a terabyte beyond the file", "tensor-offsets-file", () => one(tensor(0, 4398046511104, "[1099511627776]"))],
  ["a hole at the start", "data-hole", () => one(tensor(4, 8), 8)],
  ["a hole between", "data-hole", () => file(`{"a":${tensor(0, 4)},"b":${tensor(8, 12)}}`, 12)],
  ["an overlap", "data-overlap", () => file(`{"a":${tensor(0, 8, "[2]")},"b":${tensor(4, 8)}}`, 8)],
  ["the same data twice", "data-overlap", () => file(`{"a":${tensor(0, 4)},"b":${tensor(0, 4)}}`, 4)],
  ["bytes after the data", "data-trailing", () => one(tensor(0, 4), 5)],
  ["data without tensors", "data-trailing", () => file("{}", 1)],
  ["a changed shape", "header-checksum", () => edited('"shape":[2]', '"shape":[1]')],
  ["a removed header checksum", "checksum-missing", () => edited('"crc32":', '"crc33":')],
  ["a renamed tensor", "header-checksum", () => edited('"a":{', '"b":{')],
  [
    "checksums kept by another program",
    "header-checksum-place",
    () => file(`{"__metadata__":{"x":"","crc32":"00000000"}}`),
  ],
  [
    "a tensor checksum without a header checksum",
    "checksum-missing",
    () => file(`{"a":${tensor(0, 4)},"__metadata__":{"crc32.a":"2144df1c"}}`, 4),
  ],
];

describe("hostile safetensors", () => {
  test("are more than forty", () => {
    expect(cases.length).toBeGreaterThan(40);
    expect(new Set(cases.map(([name]) => name)).size).toBe(cases.length);
  });

  test.each(cases)("%s: %s", (_, code, make) => {
    const bytes = make();
    const started = performance.now();
    expect(() => decodeSafetensors(bytes, { where: "x.safetensors" })).toThrow(
      expect.objectContaining({ name: "CheckpointError", code, message: expect.stringMatching(/^x\.safetensors: /) }),
    );
    expect(performance.now() - started).toBeLessThan(5000);
  });

  test("a file without checksums is refused only where they are demanded", () => {
    const bytes = one(tensor(0, 4));
    expect(decodeSafetensors(bytes, { where: "x" }).verified).toBe(false);
    expect(() => decodeSafetensors(bytes, { where: "x", checksums: true })).toThrow(
      expect.objectContaining({ code: "checksum-missing" }),
    );
  });

  test("names that every object has are plain names", () => {
    const names = ["__proto__", "constructor", "then", "", "hasOwnProperty"];
    const entries = names.map((name, i) => `"${name}":${tensor(i * 4, i * 4 + 4)}`);
    const { tensors } = decodeSafetensors(file(`{${entries.join(",")}}`, 20), { where: "x" });
    expect([...tensors.keys()]).toEqual(names);
  });
});
