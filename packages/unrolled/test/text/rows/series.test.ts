// Sequences of numbers from tables and .npy files, and labels.
import { DataError, labelIndex, labelSet, labelsIn, parseNpy, parseSeries } from "unrolled";
import { identical } from "unrolled/testing";
import { describe, expect, it } from "vitest";

const refusal = (work: () => unknown): { readonly message: string; readonly code: string } => {
  try {
    work();
  } catch (error) {
    if (error instanceof DataError) return { message: error.message, code: error.code };
    throw error;
  }
  return { message: "taken", code: "taken" };
};

describe("sequences in tables", () => {
  const read = (text: string, more = {}) => parseSeries(text, { where: "s.csv", separator: ",", ...more });

  it("parts sequences by empty lines or by ids, with and without a header", () => {
    const plain = read("1,2\n3,4\n\n\n5,-6e-1\n");
    expect([plain.width, plain.columns]).toEqual([2, ["1", "2"]]);
    expect(plain.sequences.map(({ steps, line }) => [steps, line])).toEqual([
      [2, 1],
      [1, 5],
    ]);
    identical(plain.sequences[0].values, [1, 2, 3, 4]);
    identical(plain.sequences[1].values, [5, Math.fround(-0.6)]);
    const ids = read("day,x,y\nmon,1,2\nmon,3,4\ntue,5,-.6", { idColumn: "day" });
    expect(ids.columns).toEqual(["x", "y"]);
    expect(ids.sequences.map(({ steps, line }) => [steps, line])).toEqual([
      [2, 2],
      [1, 4],
    ]);
    identical(ids.sequences[1].values, plain.sequences[1].values);
    expect(read("mon,1\ntue,2\n", { idColumn: "1" }).sequences.length).toBe(2);
  });

  it("reads every row apart where it is asked to", () => {
    const { sequences } = read("x,what\n1,run\n2,sit\n\n3,run", { labelColumn: "what", apart: true });
    expect(sequences.map(({ steps, labels, line }) => [steps, ...labels, line])).toEqual([
      [1, "run", 2],
      [1, "sit", 3],
      [1, "run", 5],
    ]);
  });

  it("reads labels of steps", () => {
    const { sequences, columns } = read("x,what,y\n1,run,2\n3,sit,4", { labelColumn: "what" });
    expect([columns, sequences[0].labels]).toEqual([
      ["x", "y"],
      ["run", "sit"],
    ]);
    identical(sequences[0].values, [1, 2, 3, 4]);
  });

  it.each<[string, string, object, string, string]>([
    ["NaN", "x,y\n1,2\n3,nan\n", {}, 's.csv, line 3: column "y" must be a number', "not-a-number"],
    ["infinity", "1,2\n-inf,4\n", {}, 's.csv, line 2: column "1" must be a number', "not-a-number"],
    ["what float32 cannot hold", "1,2\n1e39,4\n", {}, "s.csv, line 2", "not-a-number"],
    ["a gap", "1,2\n3,\n", {}, "s.csv, line 2", "not-a-number"],
    ["NaN in the first line", "1,NaN\n3,4\n", {}, "s.csv, line 1", "not-a-number"],
    ["words", "1,2\n3,four\n", {}, '"four"', "not-a-number"],
    ["a row too short", "1,2\n\n3\n", {}, "s.csv, line 3: must have 2 fields, has 1", "row-fields"],
    [
      "ids that come again",
      "a,1\nb,2\na,3\n",
      { idColumn: "1" },
      's.csv, line 3: the rows of "a" must stand',
      "row-id",
    ],
    ["no numbers", "id\nx\n", { idColumn: "id" }, "must have a column of numbers", "row-fields"],
    ["a header alone", "x,y\n", {}, "holds a header line alone", "no-rows"],
    ["nothing", "\n", {}, "must hold rows of numbers", "no-rows"],
    ["one column for two things", "a,1\n", { idColumn: "1", labelColumn: "1" }, "must be two columns", "table-column"],
  ])("refuses %s", (_, text, options, message, code) => {
    const refused = refusal(() => read(text, options));
    expect(refused.code).toBe(code);
    expect(refused.message).toContain(message);
  });
});

/** What numpy.save writes (format 1.0): made here as NumPy documents it. */
function npy(shape: string, type: string, numbers: readonly number[], { order = "False", cut = 0 } = {}): Uint8Array {
  let header = `{'descr': '${type}', 'fortran_order': ${order}, 'shape': ${shape}, }`;
  header = `${header.padEnd(117 - 0)}\n`;
  const data = type === "<f8" ? Float64Array.from(numbers) : Float32Array.from(numbers);
  const bytes = [0x93, ...Buffer.from("NUMPY"), 1, 0, header.length, 0, ...Buffer.from(header)];
  return Uint8Array.from([...bytes, ...new Uint8Array(data.buffer)].slice(0, cut || undefined));
}

describe("npy files", () => {
  // python3 -c "import numpy; numpy.save('a.npy', numpy.array([[1.5,-2],[3,4]],'<f4'))" | base64 (NumPy 2.4)
  const saved =
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDIpLCB9ICAgICAgICAgICAg" +
    "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAMA/AAAAwAAAQEAAAIBA";

  it("reads a file that NumPy wrote", () => {
    const { sequences, width } = parseNpy(new Uint8Array(Buffer.from(saved, "base64")), "a.npy");
    expect([width, sequences.length, sequences[0].steps]).toEqual([2, 1, 2]);
    identical(sequences[0].values, [1.5, -2, 3, 4]);
  });

  it.each([
    ["(3,)", 1, [3]],
    ["(3, 2)", 2, [3]],
    ["(2, 3, 1)", 1, [3, 3]],
  ])("shape %s", (shape, width, steps) => {
    const numbers = shape === "(3,)" ? [1, 2, 3] : [1, 2, 3, 4, 5, 6];
    for (const type of ["<f4", "<f8"]) {
      const read = parseNpy(npy(shape, type, numbers), "a.npy");
      expect([read.width, read.sequences.map((each) => each.steps)]).toEqual([width, steps]);
      identical(
        read.sequences.flatMap(({ values }) => [...values]),
        numbers,
      );
    }
  });

  it.each<[string, Uint8Array, string, string]>([
    ["no npy", Uint8Array.of(1, 2, 3), "a.npy: must be a file of numpy.save", "npy-format"],
    ["integers", npy("(1,)", "<i4", [1]), "must hold float32 or float64", "npy-format"],
    ["big-endian", npy("(1,)", ">f4", [1]), "must hold float32 or float64", "npy-format"],
    ["Fortran order", npy("(1, 1)", "<f4", [1], { order: "True" }), "must be in C order", "npy-format"],
    ["four axes", npy("(1, 1, 1, 1)", "<f4", [1]), "must have 1 to 3 axes", "npy-format"],
    ["a scalar", npy("()", "<f4", [1]), "must have 1 to 3 axes", "npy-format"],
    ["a huge shape", npy("(99999999999, 99999999999)", "<f4", [1]), "must have at most", "npy-format"],
    ["a negative shape", npy("(-1,)", "<f4", [1]), "must have a header as numpy writes it", "npy-format"],
    ["missing numbers", npy("(3, 1)", "<f4", [1, 2]), "must hold 12 bytes of numbers for 3 x 1, has 8", "npy-size"],
    ["no numbers", npy("(0, 3)", "<f4", []), "must hold numbers", "no-rows"],
    ["a cut header", npy("(1,)", "<f4", [1], { cut: 40 }), "must have a whole header, was cut off", "npy-format"],
    ["NaN", npy("(1, 2, 2)", "<f4", [1, 2, Number.NaN, 4]), "a.npy, [0, 1, 0]: must be a number", "not-a-number"],
    ["too large", npy("(2,)", "<f8", [1, 1e300]), "a.npy, [1]: must be a number", "not-a-number"],
  ])("refuses %s", (_, bytes, message, code) => {
    const refused = refusal(() => parseNpy(bytes, "a.npy"));
    expect(refused.code).toBe(code);
    expect(refused.message).toContain(message);
  });

  it("any flipped bit of the header is read or refused, never worse", () => {
    const whole = npy("(2, 1)", "<f4", [1, 2]);
    for (let bit = 0; bit < 8 * 128; bit++) {
      const bytes = whole.slice();
      bytes[bit >> 3] ^= 1 << (bit & 7);
      expect(["taken", "npy-format", "npy-size", "no-rows"]).toContain(refusal(() => parseNpy(bytes, "a")).code);
    }
  });
});

describe("labels", () => {
  it("come in the order of code points, whatever the order of the data", () => {
    expect(labelSet(["b", "a", "b", "\u{1F600}", "\uFFFD"], "f")).toEqual(["a", "b", "\uFFFD", "\u{1F600}"]);
    expect(labelsIn("x|y")).toEqual(["x", "y"]);
    expect([...labelsIn("-"), ...labelsIn("")]).toEqual([]);
  });

  it("an unknown one is named with file and line, and what is known", () => {
    const index = labelIndex(["__proto__", "b"]);
    expect(index.idOf("__proto__", "f", 1)).toBe(0);
    const refused = refusal(() => index.idOf("constructor", "f.csv", 7));
    expect(refused).toEqual({
      code: "label-unknown",
      message: 'f.csv, line 7: label "constructor" must be one of the 2 that the model was trained with, is not',
    });
  });

  it("one alone is nothing to learn", () => {
    expect(refusal(() => labelSet(["a", "a"], "f.csv"))).toMatchObject({
      code: "label-count",
      message: 'f.csv: must have at least two different labels, has only "a"',
    });
  });
});
