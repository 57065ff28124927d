// NumPy's .npy files of float32 or float64, as sequences of vectors: [T], [T,D] or [N,T,D]. The header is read by a strict scanner.
import { DataError } from "../../errors.js";
import { type Limits, limits as standardLimits } from "../../limits.js";
import type { Series, SeriesSet } from "./series.js";

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] as const;

interface Header {
  readonly bytesEach: 4 | 8;
  readonly shape: readonly number[];
  /** Where the numbers begin. */
  readonly data: number;
}

/**
 * The sequences of an .npy file: one of [T] or [T,D], N of [N,T,D]. DataError `npy-format` (what the file must be), `npy-size`,
 * or `not-a-number` with the index of the first number that float32 cannot hold.
 */
export function parseNpy(bytes: Uint8Array, where: string, limits: Limits = standardLimits): SeriesSet {
  const { shape, bytesEach, data } = readHeader(bytes, where);
  const [D, T] = [shape.length === 1 ? 1 : shape[shape.length - 1]!, shape[Math.max(0, shape.length - 2)]!];
  const N = shape.length === 3 ? shape[0]! : 1;
  if (D > limits.columns || T > limits.steps || N > limits.rows)
    refuse(where, `must have at most ${limits.rows} x ${limits.steps} x ${limits.columns} numbers`, shape.join(" x "));
  const count = N * T * D;
  if (count === 0)
    throw new DataError(`${where}: must hold numbers, has none (${shape.join(" x ")})`, { code: "no-rows" });
  if (bytes.length - data !== count * bytesEach)
    throw new DataError(
      `${where}: must hold ${count * bytesEach} bytes of numbers for ${shape.join(" x ")}, has ${bytes.length - data}`,
      { code: "npy-size", hint: "the file is cut off or damaged" },
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset + data, count * bytesEach);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    values[i] = bytesEach === 4 ? view.getFloat32(i * 4, true) : view.getFloat64(i * 8, true);
    if (!Number.isFinite(values[i]!)) throw notFinite(where, shape, i, values[i]!);
  }
  const sequences = Array.from(
    { length: N },
    (_, n): Series => ({ values: values.subarray(n * T * D, (n + 1) * T * D), steps: T, labels: [], line: 0 }),
  );
  return { width: D, columns: Array.from({ length: D }, (_, d) => String(d + 1)), sequences };
}

function notFinite(where: string, shape: readonly number[], at: number, value: number): DataError {
  let rest = at;
  const index = [...shape].reverse().map((n) => {
    const i = rest % n;
    rest = (rest - i) / n;
    return i;
  });
  return new DataError(
    `${where}, [${index.reverse().join(", ")}]: must be a number that float32 can hold, was ${value}`,
    {
      code: "not-a-number",
      hint: "leave the sequence out, or fill in a value",
    },
  );
}

function refuse(where: string, must: string, was: string): never {
  throw new DataError(`${where}: ${must}, was ${was}`, {
    code: "npy-format",
    hint: "save it with numpy.save(name, array.astype('float32'))",
  });
}

function readHeader(bytes: Uint8Array, where: string): Header {
  if (bytes.length < 10 || magic.some((byte, i) => bytes[i] !== byte))
    refuse(where, "must be a file of numpy.save", "something else");
  const version = bytes[6]!;
  if (version < 1 || version > 3) refuse(where, "must be of format 1, 2 or 3", String(version));
  const long = version > 1;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const start = long ? 12 : 10;
  const length = bytes.length < start ? -1 : long ? view.getUint32(8, true) : view.getUint16(8, true);
  if (length < 0 || length > 65_536 || start + length > bytes.length)
    refuse(where, "must have a whole header", "cut off");
  let text = "";
  for (const byte of bytes.subarray(start, start + length)) text += String.fromCharCode(byte);
  const fields = readLiteral(text, where);
  const type = fields.get("descr");
  if (type !== "<f4" && type !== "<f8") refuse(where, "must hold float32 or float64, little-endian", String(type));
  if (fields.get("fortran_order") !== "False") refuse(where, "must be in C order", "in Fortran order");
  const shape = (fields.get("shape") ?? "").split(" ").map(Number);
  if (fields.get("shape") === "" || shape.length > 3) refuse(where, "must have 1 to 3 axes", `${fields.get("shape")}`);
  return { bytesEach: type === "<f4" ? 4 : 8, shape, data: start + length };
}

/** {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }: the values as words; a tuple's numbers parted by spaces. */
function readLiteral(text: string, where: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  let at = 0;
  const bad = (): never => refuse(where, "must have a header as numpy writes it", JSON.stringify(text.slice(0, 60)));
  const skip = (): void => {
    while (text[at] === " " || text[at] === "\n") at++;
  };
  const take = (symbol: string): void => {
    skip();
    if (!text.startsWith(symbol, at)) bad();
    at += symbol.length;
  };
  const quoted = (): string => {
    take("'");
    const end = text.indexOf("'", at);
    if (end < 0) bad();
    const word = text.slice(at, end);
    at = end + 1;
    return word;
  };
  const tuple = (): string => {
    take("(");
    const end = text.indexOf(")", at);
    if (end < 0) bad();
    const numbers = text
      .slice(at, end)
      .split(",")
      .map((number) => number.trim());
    at = end + 1;
    if (numbers[numbers.length - 1] === "") numbers.pop();
    if (numbers.some((number) => !/^\d{1,12}$/.test(number))) bad();
    return numbers.join(" ");
  };
  take("{");
  for (skip(); text[at] === "'"; skip()) {
    const key = quoted();
    take(":");
    skip();
    if (fields.has(key)) bad();
    if (text[at] === "'") fields.set(key, quoted());
    else if (text[at] === "(") fields.set(key, tuple());
    else if (text.startsWith("True", at) || text.startsWith("False", at)) {
      fields.set(key, text[at] === "T" ? "True" : "False");
      at += text[at] === "T" ? 4 : 5;
    } else bad();
    skip();
    if (text[at] === ",") at++;
  }
  take("}");
  skip();
  if (at < text.length || fields.size !== 3) bad();
  return fields;
}
