// checkProgram: a good program of every kind passes, and every single thing that can be wrong with one is named.
import { describe, expect, it } from "vitest";
import { checkProgram } from "../../src/device/check.js";
import { type KernelName, kernelNames, type mapOpcodes, mapOpcodes as opcodes } from "../../src/device/kernels.js";

const words = 1000;

function encode(kernel: KernelName, numbers: readonly number[]): Float64Array {
  return Float64Array.from([kernelNames.indexOf(kernel), numbers.length, ...numbers]);
}

function check(kernel: KernelName, ...numbers: number[]): () => void {
  return () => checkProgram({ code: encode(kernel, numbers), calls: 1, work: 0 }, words);
}

const opcode = (name: (typeof mapOpcodes)[number]): number => opcodes.indexOf(name);

/** tanh of x [2,3] at word 64 into y at word 16; `change` alters the tail, `x` where the input lies. */
function tanhMap(tail: readonly number[] = [0, 0, 3, 1, 0, 0, 3, 1, 1, opcode("tanh"), 0, 0, 0], x = 64): () => void {
  const absent = [0, 0];
  const none = (n: number): number[] => Array.from({ length: n }, () => absent).flat();
  const outputs = [16, 6, ...none(7)];
  const inputs = [x, 6, ...none(11)];
  return check("map", ...outputs, ...inputs, 1, 1, 2, 3, 1, 1, 1, ...tail);
}

describe("checkProgram accepts", () => {
  it.each([
    ["a call whose buffer ends with memory", check("fill", 900, 100, 100, 0.5)],
    ["a buffer longer than the call needs", check("fill", 16, 100, 7, Number.NaN)],
    ["an absent optional buffer", check("assign", 16, 8, 32, 8, 0, 0, 8)],
    ["an output on its input where the table says so", check("softmax", 16, 12, 16, 12, 3, 4, 0)],
    ["a map", tanhMap()],
    ["a map in place on a dense input", tanhMap(undefined, 16)],
    ["a negative id to ignore", check("crossEntropy", 16, 2, 32, 2, 48, 2, 64, 8, 80, 2, 2, 4, -100)],
  ])("%s", (_, call) => {
    expect(call).not.toThrow();
  });
});

describe("checkProgram refuses", () => {
  it.each([
    ["a short buffer", check("fill", 16, 6, 7, 0), "call 0 (fill), buffer `y`: must hold 7 words, holds 6"],
    ["a buffer past memory", check("fill", 901, 100, 100, 0), "must end within 1000 words of memory, ends at 1001"],
    ["a fraction of a word", check("fill", 16.5, 8, 8, 0), "offset and length must be whole"],
    ["a negative offset", check("fill", -16, 8, 8, 0), "offset and length must be whole"],
    ["a negative count", check("fill", 16, 8, -8, 0), "`n` must be a whole number from 0"],
    ["a fraction of a count", check("fill", 16, 8, 7.5, 0), "`n` must be a whole number"],
    [
      "a flag that is none",
      check("softmax", 16, 12, 32, 12, 3, 4, 2),
      "`log` must be a whole number from 0 to 1, was 2",
    ],
    [
      "an activation that is none",
      check("rnn", 16, 8, 32, 4, 64, 192, 300, 4, 0, 0, 1, 1, 4, 0, 4),
      "`activation` must be",
    ],
    [
      "a rate that drops all",
      check("dropout", 16, 8, 16, 8, 32, 2, 8, 3, 1),
      "`rate` must be at least 0 and below 1, was 1",
    ],
    ["a rate that is none", check("dropout", 16, 8, 16, 8, 32, 2, 8, 3, Number.NaN), "`rate` must be at least 0"],
    [
      "empty blocks of huge sizes",
      check("lstm", ...Array<number>(14).fill(16), 0, 0, 2 ** 31 - 1, 2 ** 31 - 1, 0, 0),
      "sizes must multiply to less than 2^53",
    ],
    [
      "a copy onto itself",
      check("copy", 16, 8, 32, 8, 1, 1, 2, 4, 0, 0, 3, 1, 0, 0, 4, 1),
      "strides of `y` must keep its elements apart",
    ],
    [
      "a product whose rows overlap",
      check("multiply", 16, 16, 64, 16, 128, 192, 0, 0, 2, 4, 4, 4, 3, 0),
      "strides of `c` must keep its elements apart",
    ],
    [
      "batches of products that overlap",
      check("gemm", 16, 16, 64, 16, 128, 16, 2, 2, 2, 2, 0, 2, 1, 0, 2, 1, 3, 2, 0),
      "strides of `c` must keep its elements apart",
    ],
    ["groups that do not divide N", check("pack", 16, 300, 400, 70, 7, 10, 10, 1, 4), "`groups` must divide N"],
    ["an absent buffer that must be there", check("fill", 0, 0, 8, 0), "buffer `y`: must hold 8 words, holds 0"],
    ["an output over an input", check("softmax", 16, 12, 20, 12, 3, 4, 0), "buffer `y` must not overlap `x`"],
    [
      "an output on an input of another kernel",
      check("copy", 16, 4, 16, 4, 1, 1, 1, 4, 0, 0, 0, 1, 0, 0, 0, 1),
      "must not overlap",
    ],
    [
      "two outputs on each other",
      check("adagrad", 16, 4, 18, 4, 32, 4, 48, 1, 64, 1, 80, 1, 4, 0, 0, 0),
      "buffer `w` must not overlap `s`",
    ],
    [
      "momentum without its memory",
      check("sgd", 16, 4, 0, 0, 32, 4, 48, 1, 64, 1, 80, 1, 4, 0, 0.9, 0, 0),
      "buffer `v` must be there",
    ],
    ["too few numbers", check("fill", 16, 8, 8), "must have 4 numbers, has 3"],
    ["too many numbers", check("fill", 16, 8, 8, 0, 0), "must have 4 numbers, has 5"],
    [
      "a map with a tail cut short",
      tanhMap([0, 0, 3, 1, 0, 0, 3, 1, 1, 13, 0, 0]),
      "tail must have 13 numbers, has 12",
    ],
    ["a map with an unknown opcode", tanhMap([0, 0, 3, 1, 0, 0, 3, 1, 1, 99, 0, 0, 0]), "instruction 0 has opcode 99"],
    [
      "a map that reads a register not yet set",
      tanhMap([0, 0, 3, 1, 0, 0, 3, 1, 1, 13, 1, 0, 0]),
      "instruction 0 reads register 1",
    ],
    [
      "a map whose output is no register",
      tanhMap([0, 0, 3, 1, 0, 0, 3, 1, 2, 13, 0, 0, 0]),
      "output 0 names register 2",
    ],
    [
      "a map whose strides leave the input",
      tanhMap([0, 0, 30, 1, 0, 0, 3, 1, 1, 13, 0, 0, 0]),
      "buffer `x0`: must hold 33 words",
    ],
    [
      "a map in place on a transposed input",
      tanhMap([0, 0, 1, 2, 0, 0, 3, 1, 1, 13, 0, 0, 0], 16),
      "must not overlap `x0`",
    ],
  ])("%s", (_, call, message) => {
    expect(call).toThrow(message);
  });

  it("a kernel that is none, calls that are none, numbers left over", () => {
    const run = (code: readonly number[], calls: number) => () =>
      checkProgram({ code: Float64Array.from(code), calls, work: 0 }, words);
    expect(run([kernelNames.length, 0], 1)).toThrow("kernel index must be");
    expect(run([0.5, 0], 1)).toThrow("kernel index must be");
    expect(run([], 1)).toThrow("kernel index must be");
    expect(run([0, 4, 16, 8, 8, 0, 1], 1)).toThrow("must end with call 0");
    expect(run([], -1)).toThrow("calls: must be a whole number");
  });

  it("a buffer that the device says is in no region", () => {
    const program = { code: encode("fill", [16, 8, 8, 0]), calls: 1, work: 0 };
    expect(() => checkProgram(program, words, (offset) => offset !== 16)).toThrow("must lie in one region");
    expect(() => checkProgram(program, words, () => true)).not.toThrow();
  });
});
