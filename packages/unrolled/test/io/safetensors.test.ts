// safetensors: what is written is what is read, the bytes are those of the format, and every flipped bit is found.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeTrainingFile, encodeTrainingFile } from "../../src/io/checkpoint.js";
import { crc32 } from "../../src/io/crc32.js";
import { decodeSafetensors, encodeSafetensors, type FileTensor } from "../../src/io/safetensors.js";
import { encodeUtf8 } from "../../src/text/utf8.js";

const where = "file";

describe("crc32", () => {
  const slow = (bytes: Uint8Array): number => {
    let crc = 0xffffffff;
    for (const byte of bytes) {
      crc ^= byte;
      for (let bit = 0; bit < 8; bit++) crc = (crc & 1) !== 0 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    }
    return ~crc >>> 0;
  };

  test("has the value of the standard's check string", () => {
    expect(crc32(encodeUtf8("123456789"))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array(0))).toBe(0);
  });

  test("equals the bit by bit definition at every length and place, whole and in pieces", () => {
    const bytes = Uint8Array.from({ length: 100 }, (_, i) => (i * 151 + 7) & 0xff);
    for (let from = 0; from < 5; from++) {
      for (let to = from; to <= 100; to++) {
        const part = bytes.subarray(from, to);
        expect(crc32(part)).toBe(slow(part));
        const cut = (to - from) >> 1;
        expect(crc32(part.subarray(cut), crc32(part.subarray(0, cut)))).toBe(slow(part));
      }
    }
  });
});

const everyType: readonly FileTensor[] = [
  { name: "BOOL", dtype: "BOOL", shape: [3], data: Uint8Array.of(1, 0, 1) },
  { name: "U8", dtype: "U8", shape: [1, 1], data: Uint8Array.of(255) },
  { name: "I8", dtype: "I8", shape: [1], data: Int8Array.of(-128) },
  { name: "U16", dtype: "U16", shape: [1], data: Uint16Array.of(65535) },
  { name: "I16", dtype: "I16", shape: [1], data: Int16Array.of(-5) },
  { name: "F16", dtype: "F16", shape: [1], data: Uint16Array.of(0x3c00) },
  { name: "BF16", dtype: "BF16", shape: [1], data: Uint16Array.of(0x3f80) },
  { name: "U32", dtype: "U32", shape: [1], data: Uint32Array.of(2 ** 32 - 1) },
  { name: "I32", dtype: "I32", shape: [2, 1], data: Int32Array.of(-7, 8) },
  { name: "F32", dtype: "F32", shape: [3], data: Float32Array.of(-0, Number.NaN, 1e-45) },
  { name: "U64", dtype: "U64", shape: [1], data: BigUint64Array.of(2n ** 64n - 1n) },
  { name: "I64", dtype: "I64", shape: [1], data: BigInt64Array.of(-(2n ** 63n)) },
  { name: "F64", dtype: "F64", shape: [], data: Float64Array.of(Math.PI) },
  { name: "none", dtype: "F32", shape: [0, 5], data: new Float32Array(0) },
];

describe("safetensors", () => {
  test("every type comes back bit for bit, wherever the file lies in memory", () => {
    const file = encodeSafetensors(everyType, new Map([["note", "ä"]]));
    for (let shift = 0; shift < 8; shift++) {
      const memory = new Uint8Array(file.length + shift);
      memory.set(file, shift);
      const { tensors, metadata, verified } = decodeSafetensors(memory.subarray(shift), { where, checksums: true });
      expect(verified).toBe(true);
      expect([...metadata]).toEqual([["note", "ä"]]);
      expect(tensors.size).toBe(everyType.length);
      for (const tensor of everyType) expect(tensors.get(tensor.name)).toEqual(tensor);
    }
  });

  test("the bytes are the format's: length, aligned header that begins with {, data without holes", () => {
    const file = encodeSafetensors([
      { name: "b", dtype: "U8", shape: [2], data: Uint8Array.of(7, 8) },
      { name: "w", dtype: "F32", shape: [1, 2], data: Float32Array.of(1, -2) },
    ]);
    const length = Number(new DataView(file.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length))) as Record<string, unknown>;
    expect(header.w).toEqual({ dtype: "F32", shape: [1, 2], data_offsets: [0, 8] });
    expect(header.b).toEqual({ dtype: "U8", shape: [2], data_offsets: [8, 10] });
    const strings = Object.values(header.__metadata__ as object).every((value) => typeof value === "string");
    expect(strings).toBe(true);
    expect([...file.subarray(8 + length)]).toEqual([0, 0, 128, 63, 0, 0, 0, 192, 7, 8]);
  });

  test("any names and values come back, hostile ones too", () => {
    const hostile = [
      "__proto__",
      "constructor",
      "then",
      "",
      "toString",
      "hasOwnProperty",
      'a"\\\n\u0000',
      "😀",
      "crc32",
    ];
    const name = fc.oneof(fc.constantFrom(...hostile), fc.string({ unit: "grapheme", maxLength: 8 }));
    const arrays = fc.uniqueArray(fc.tuple(name, fc.array(fc.float(), { maxLength: 9 })), {
      selector: ([key]) => key,
      maxLength: 12,
    });
    fc.assert(
      fc.property(arrays, fc.array(fc.tuple(name, fc.string({ unit: "grapheme" }))), (list, notes) => {
        const tensors = list
          .filter(([key]) => key !== "__metadata__")
          .map(([key, values]): FileTensor => {
            return { name: key, dtype: "F32", shape: [values.length], data: Float32Array.from(values) };
          });
        const metadata = new Map(notes.filter(([key]) => !key.startsWith("crc32")));
        const read = decodeSafetensors(encodeSafetensors(tensors, metadata), { where });
        expect(new Map(read.metadata)).toEqual(metadata);
        expect(read.tensors.size).toBe(tensors.length);
        for (const tensor of tensors) expect(read.tensors.get(tensor.name)).toEqual(tensor);
      }),
      { numRuns: 200 },
    );
  });

  test("what cannot be written is refused", () => {
    const one: FileTensor = { name: "w", dtype: "F32", shape: [2], data: Float32Array.of(1, 2) };
    const refused = expect.objectContaining({ name: "CheckpointError", code: "safetensors-encode" });
    expect(() => encodeSafetensors([one, one])).toThrow(refused);
    expect(() => encodeSafetensors([{ ...one, shape: [3] }])).toThrow(refused);
    expect(() => encodeSafetensors([{ ...one, name: "__metadata__" }])).toThrow(refused);
    expect(() => encodeSafetensors([one], new Map([["crc32.w", "0"]]))).toThrow(refused);
  });
});

// R4. Every bit of length and header goes through the reader; of the data one bit of each byte does, and all bits go through the
// checksum, tensor by tensor, which is what the reader compares.
describe("a checkpoint of 64 KiB", () => {
  const weights = Array.from({ length: 15 }, (_, k) => ({
    name: `layer${k}.weight`,
    shape: [32, 32],
    data: Float32Array.from({ length: 1024 }, (_, i) => Math.sin(k * 1024 + i)),
  }));
  const companions = { spec: encodeUtf8('{"hidden":[32]}'), vocabulary: encodeUtf8('["a","b"]') };
  const file = encodeTrainingFile({ step: 5, weights, arrays: [], record: { counters: [1, 2] }, companions }, 77);
  const dataStart = 8 + Number(new DataView(file.buffer).getBigUint64(0, true));
  const faultOf = (bytes: Uint8Array) => {
    try {
      decodeTrainingFile(bytes, "training.safetensors");
    } catch (error) {
      return error as { name: string; code: string; message: string };
    }
    return undefined;
  };

  test("is read back", () => {
    expect(file.length).toBeGreaterThan(62_000);
    expect(decodeTrainingFile(file, "x")).toEqual({
      step: 5,
      weights,
      arrays: [],
      record: { counters: [1, 2] },
      companions,
      metricsBytes: 77,
    });
  });

  test("does not pass with any bit of its header flipped", () => {
    const bytes = file.slice();
    for (let at = 0; at < dataStart; at++) {
      for (let bit = 1; bit < 256; bit <<= 1) {
        bytes[at]! ^= bit;
        const fault = faultOf(bytes);
        if (fault?.name !== "CheckpointError" || !fault.message.startsWith("training.safetensors: ")) {
          expect.fail(`byte ${at}, bit ${bit}: ${fault?.message ?? "was not found"}`);
        }
        bytes[at]! ^= bit;
      }
    }
  });

  test("does not pass with any bit of its data flipped, and the tensor is named", { timeout: 120_000 }, () => {
    const bytes = file.slice();
    const { tensors } = decodeSafetensors(bytes, { where });
    for (const { name, data } of tensors.values()) {
      const part = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      const whole = crc32(part);
      for (let at = 0; at < part.length; at++) {
        for (let bit = 1; bit < 256; bit <<= 1) {
          part[at]! ^= bit;
          const found = crc32(part) !== whole;
          const fault = bit === 1 << (at & 7) ? faultOf(bytes) : undefined;
          part[at]! ^= bit;
          if (!found) expect.fail(`${name}, byte ${at}, bit ${bit}: not found`);
          if (bit !== 1 << (at & 7)) continue;
          if (fault?.code !== "tensor-checksum" || !fault.message.includes(JSON.stringify(name))) {
            expect.fail(`${name}, byte ${at}: ${fault?.message ?? "was not found"}`);
          }
        }
      }
    }
  });

  test("does not pass when cut off or lengthened", () => {
    for (const length of [0, 1, 7, 8, 9, dataStart - 1, dataStart, dataStart + 1, file.length - 1]) {
      expect(faultOf(file.subarray(0, length))?.name).toBe("CheckpointError");
    }
    expect(faultOf(Uint8Array.of(...file, 0))?.code).toBe("data-trailing");
  });
});
