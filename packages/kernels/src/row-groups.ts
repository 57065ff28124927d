// Neighbouring calls whose threads can each keep to rows of their own: between them nobody has to wait. Row r of one call
// touches nothing that another row of the others writes. T time, N batch; M rows of a product.

import { type KernelName, kernels } from "unrolled";

/** Words that a call touches: `columns` of them in each row, rows `stride` apart; stride 0 where every row reads them all. */
interface Span {
  readonly offset: number;
  readonly stride: number;
  readonly columns: number;
  readonly written: boolean;
}

/** A call whose rows are computed one by one. */
export interface RowCall {
  readonly rows: number;
  readonly spans: readonly Span[];
  /** The numbers of the call, in which the rows are a dimension of their own. */
  readonly numbers: Float64Array;
}

/** Rows a thread must have at least: from there on every build splits the rows of a product anyway. */
const leastRows = 8;
/** Calls in a group at most: each is compared with all others. */
export const longestGroup = 16;

/** A call seen by rows; `rows` is what its neighbours have, for elementwise calls that could be cut anywhere. */
export type SeeRows = (kernel: KernelName, numbers: Float64Array, rows: number | undefined) => RowCall | undefined;

/** Sees calls by rows for so many threads. */
export function rowSeer(threads: number): SeeRows {
  const known = new Map<KernelName, Places>();
  const placesIn = (kernel: KernelName): Places => {
    const places = known.get(kernel) ?? placesOf(kernel);
    known.set(kernel, places);
    return places;
  };
  return (kernel, numbers, wanted) => {
    const seen = seeCall(kernel, numbers, placesIn(kernel), wanted, threads);
    return seen && seen.rows >= leastRows * threads ? seen : undefined;
  };
}

function seeCall(
  kernel: KernelName,
  numbers: Float64Array,
  places: Places,
  wanted: number | undefined,
  threads: number,
): RowCall | undefined {
  const byRows = rowKernels[kernel];
  if (byRows) return otherRows(kernel, byRows, numbers, places);
  if (kernel === "multiply") return productRows(numbers, places);
  if (kernel === "map") return mapRows(numbers, places, wanted);
  if (wanted === undefined) return undefined;
  if (kernel === "copy") return copyRows(numbers, places, wanted);
  return kernel === "assign" ? assignRows(numbers, places, wanted, threads) : undefined;
}

/** A kernel whose buffers are rows one after the other, but for those that every row reads. */
interface RowKernel {
  /** How many rows a call has, from its integers; undefined where its rows meet. */
  readonly rows: (get: (key: string) => number) => number | undefined;
  readonly whole: readonly string[];
  /** Two slots of rows each. */
  readonly slabs: readonly string[];
}

/** One step of a recurrent layer: threads that have rows enough split the batch. */
const oneStep: RowKernel = {
  rows: (get) => (get("T") === 1 ? get("N") : undefined),
  whole: ["r", "rT", "rz", "rn", "rzT", "rnT", "bR", "p", "lengths"],
  slabs: ["h", "c", "dh", "dc"],
};

const looking: RowKernel = {
  rows: (get) => get("N") * get("K"),
  whole: ["keys", "values", "energy", "lengths"],
  slabs: [],
};

const rowsAre = (key: string, whole: readonly string[]): RowKernel => ({ rows: (get) => get(key), whole, slabs: [] });

const rowKernels: Partial<Record<KernelName, RowKernel>> = {
  rnn: oneStep,
  rnnGrad: oneStep,
  lstm: oneStep,
  lstmGrad: oneStep,
  gru: oneStep,
  gruGrad: oneStep,
  gruBefore: oneStep,
  gruBeforeGrad: oneStep,
  rnnVariant: oneStep,
  lstmVariant: oneStep,
  gruVariant: oneStep,
  gruBeforeVariant: oneStep,
  gather: rowsAre("R", ["table"]),
  // Where the text goes depends on the place: no other row call may touch it at all.
  sample: rowsAre("R", ["text", "logp", "place", "draws", "options"]),
  topKProduct: rowsAre("M", ["p", "bias"]),
  attend: looking,
  attendGrad: looking,
};

function otherRows(kernel: KernelName, of: RowKernel, numbers: Float64Array, places: Places): RowCall | undefined {
  const { parameters } = kernels[kernel];
  const named = Object.fromEntries(
    Object.keys(parameters).map((key) => [key, numbers[places[key] as number] as number]),
  );
  const rows = of.rows((key) => named[key] as number);
  if (!rows) return undefined;
  // A buffer may be longer than what the kernel touches of it.
  const extents = (kernels[kernel].extents as (named: Places, tail: readonly number[]) => Places)(named, []);
  const spans = Object.entries(parameters).flatMap(([key, kind]): Span[] => {
    if (kind === "int" || kind === "float") return [];
    const offset = named[key] as number;
    const words = numbers[(places[key] as number) + 1] === 0 ? 0 : (extents[key] as number);
    const written = /out/i.test(kind);
    if (of.whole.includes(key)) return [{ offset, stride: 0, columns: words, written }];
    const slots = of.slabs.includes(key) ? 2 : 1;
    const columns = words / rows / slots;
    return Array.from({ length: slots }, (_, slot) => ({
      offset: offset + slot * rows * columns,
      stride: columns,
      columns,
      written,
    }));
  });
  return { rows, spans, numbers };
}

type Places = Readonly<Record<string, number>>;

/** Where the parameters of a row of the table stand among the numbers of a call. */
function placesOf(kernel: KernelName): Places {
  let at = 0;
  const places = Object.entries(kernels[kernel].parameters).map(([key, kind]): [string, number] => {
    const place = at;
    at += kind === "int" || kind === "float" ? 1 : 2;
    return [key, place];
  });
  return { ...Object.fromEntries(places), tail: at };
}

function productRows(numbers: Float64Array, places: Places): RowCall {
  const get = (key: string, next = 0): number => numbers[(places[key] as number) + next] as number;
  const whole = (key: string): Span => ({ offset: get(key), stride: 0, columns: get(key, 1), written: false });
  return {
    rows: get("M"),
    spans: [
      { offset: get("c"), stride: get("cRow"), columns: get("N"), written: true },
      { offset: get("a"), stride: get("aRow"), columns: get("K"), written: false },
      whole("p"),
      whole("bias"),
    ],
    numbers,
  };
}

/** One run of words, seen by rows where threads, who cut it between lines of 16 words, cut between rows. */
function assignRows(numbers: Float64Array, places: Places, rows: number, threads: number): RowCall | undefined {
  const n = numbers[places.n as number] as number;
  if (n % (16 * rows) !== 0 || rows % threads !== 0) return undefined;
  const guard = places.guard as number;
  const everyRow = {
    offset: numbers[guard] as number,
    stride: 0,
    columns: numbers[guard + 1] as number,
    written: false,
  };
  return { rows, spans: [...runInRows(numbers, places, n / rows), everyRow], numbers };
}

/** One run of words, cut into as many rows as its neighbours have. */
function copyRows(given: Float64Array, places: Places, rows: number): RowCall | undefined {
  const get = (key: string): number => given[places[key] as number] as number;
  const isRun = ["d0", "d1", "d2", "ys3", "xs3"].every((key) => get(key) === 1);
  const columns = get("d3") / rows;
  if (!isRun || !Number.isInteger(columns)) return undefined;
  const numbers = given.slice();
  for (const [key, number] of Object.entries({ d2: rows, d3: columns, ys2: columns, xs2: columns }))
    numbers[places[key] as number] = number;
  return { rows, spans: runInRows(given, places, columns), numbers };
}

/** The runs y and x of a call, in rows of so many words. */
const runInRows = (numbers: Float64Array, places: Places, columns: number): Span[] =>
  ["y", "x"].map((key) => ({
    offset: numbers[places[key] as number] as number,
    stride: columns,
    columns,
    written: key === "y",
  }));

function mapRows(given: Float64Array, places: Places, wanted: number | undefined): RowCall | undefined {
  const numbers = cutIntoRows(given, places, wanted);
  const get = (key: string): number => numbers[places[key] as number] as number;
  if (get("d0") !== 1 || get("d1") !== 1) return undefined;
  const [rows, columns, inputs, outputs] = [get("d2"), get("d3"), get("inputs"), get("outputs")];
  const stride = (operand: number, axis: number): number =>
    numbers[(places.tail as number) + 4 * operand + axis] as number;
  const spanOf = (operand: number, key: string, written: boolean): Span => ({
    offset: get(key),
    stride: stride(operand, 2),
    columns: 1 + (columns - 1) * stride(operand, 3),
    written,
  });
  const reads = Array.from({ length: inputs }, (_, i) => spanOf(i, `x${i}`, false));
  const writes = Array.from({ length: outputs }, (_, i) => spanOf(inputs + i, `y${i}`, true));
  const inRows = writes.every((span) => span.stride >= span.columns);
  return inRows ? { rows, spans: [...writes, ...reads], numbers } : undefined;
}

/** One long run of elements as so many rows, where it can be cut evenly. */
function cutIntoRows(given: Float64Array, places: Places, wanted: number | undefined): Float64Array {
  const place = (key: string): number => places[key] as number;
  const length = given[place("d3")] as number;
  const isRun = [place("d0"), place("d1"), place("d2")].every((at) => given[at] === 1);
  if (!isRun || wanted === undefined || length % wanted !== 0) return given;
  const numbers = given.slice();
  numbers[place("d2")] = wanted;
  numbers[place("d3")] = length / wanted;
  const operands = (given[place("inputs")] as number) + (given[place("outputs")] as number);
  for (let i = 0; i < operands; i++) {
    const at = place("tail") + 4 * i;
    numbers[at + 2] = (given[at + 3] as number) * (length / wanted);
  }
  return numbers;
}

/** True where the rows of two calls may run side by side: the same number, and row r of one meets only row r of the other. */
export const goTogether = (a: RowCall, b: RowCall): boolean =>
  a.rows === b.rows && a.spans.every((x) => b.spans.every((y) => areApart(x, y, a.rows)));

function areApart(x: Span, y: Span, rows: number): boolean {
  if (!x.written && !y.written) return true;
  const end = ({ offset, stride, columns }: Span): number => offset + (rows - 1) * stride + columns;
  if (x.columns <= 0 || y.columns <= 0 || end(x) <= y.offset || end(y) <= x.offset) return true;
  const shift = y.offset - x.offset;
  return x.stride > 0 && x.stride === y.stride && shift + y.columns <= x.stride && x.columns - shift <= x.stride;
}
