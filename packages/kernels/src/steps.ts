// Turns a checked program into the steps the C++ runtime executes: `[kernel, flags, count, ...numbers]` for every call.
// The flags say which calls are too small to share among threads and where threads must wait for each other.
// T time, N batch, H hidden, M N K of a product.

import { type EncodedProgram, type KernelName, kernelNames, kernels } from "unrolled";
import { pairProducts } from "./product-pairs.js";
import { goTogether, longestGroup, type RowCall, rowSeer } from "./row-groups.js";

/** Flags of a step, as in cpp/runtime.h. */
const soloStep = 1;
const meetStep = 2;
const halfStep = 4;
const rowsStep = 8;
const lowerStep = 16;
const upperStep = 32;

/** Nanoseconds of one thread's work, measured: below them a second thread costs more than it gives. */
const shareAbove = 1500;
const wakeAbove = 6000;
const doubtBelow = 3e6;
/** Multiply-adds in a nanosecond on one thread, roughly. */
const pace = 30;
/** Nanoseconds that a thread waits where threads meet inside a kernel, both awake. */
const meetCost = 250;
/** As in cpp/kernels/recurrent.h: when threads split the recurrent matrix, not the batch. */
const fewRows = 4;
const muchWeight = 1 << 16;

export interface Steps {
  readonly code: Float64Array;
  /** True where the calling thread runs the program faster alone. */
  readonly alone: boolean;
  /** True where only a trial can tell whether one thread is faster: the program is short. */
  readonly doubtful: boolean;
}

type Numbers = Readonly<Record<string, number>>;

/**
 * Steps of a program that `checkProgram` accepted, for a crew of `threads`. A program that claims a hundred times the
 * work its calls explain is shared whole: so the tests see every kernel on many threads.
 */
export function encodeSteps(program: EncodedProgram, threads: number): Steps {
  const { code, calls, work } = program;
  const half = program.products === "bf16" ? halfStep : 0;
  const costs = threads === 1 ? new Float64Array(calls) : estimateAll(code, calls, threads);
  const explained = costs.reduce((sum, cost) => sum + cost, 0);
  const forced = threads > 1 && work / pace > 100 * (explained + wakeAbove);
  const isShared = (call: number): boolean => forced || (costs[call] as number) >= shareAbove;
  const groups = threads === 1 ? new Map<number, Member>() : groupRows(code, calls, threads, isShared);
  const onAll = (call: number): boolean => isShared(call) || groups.has(call);
  const pairs = threads % 2 === 0 ? pairProducts(code, calls, isShared) : new Set<number>();
  const side = (call: number): number => (pairs.has(call) ? lowerStep : pairs.has(call - 1) ? upperStep : 0);
  const steps = new Float64Array(code.length + calls);
  let sharedCost = 0;
  let at = 0;
  for (let call = 0; call < calls; call++) {
    const count = code[at + 1] as number;
    const member = groups.get(call);
    if (onAll(call)) sharedCost += costs[call] as number;
    const goesOn = pairs.has(call) || groups.get(call + 1)?.goesOn;
    const meets = call + 1 === calls || ((onAll(call) || onAll(call + 1)) && !goesOn);
    steps[at + call] = code[at] as number;
    const sharing = (onAll(call) ? 0 : soloStep) + (member ? rowsStep : 0) + side(call);
    steps[at + call + 1] = half + sharing + (meets ? meetStep : 0);
    steps.set(code.subarray(at + 1, at + 2 + count), at + call + 2);
    if (member) steps.set(member.numbers, at + call + 3);
    at += 2 + count;
  }
  const alone = !forced && sharedCost < wakeAbove;
  return { code: steps, alone, doubtful: !forced && !alone && explained < doubtBelow };
}

/** A call in a group of at least two, of which every thread runs its rows. */
interface Member extends RowCall {
  /** Without waiting for the call before. */
  readonly goesOn: boolean;
}

/** The calls that need no meeting in front of them, and those they go on from. Small calls join, for nothing is lost by it. */
function groupRows(
  code: Float64Array,
  calls: number,
  threads: number,
  isShared: (call: number) => boolean,
): Map<number, Member> {
  const members = new Map<number, Member>();
  const seeRows = rowSeer(threads);
  let open: RowCall[] = [];
  let at = 0;
  for (let call = 0; call < calls; call++) {
    const count = code[at + 1] as number;
    const kernel = kernelNames[code[at] as number] as KernelName;
    const seen = seeRows(kernel, code.subarray(at + 2, at + 2 + count), open[0]?.rows);
    at += 2 + count;
    if (seen && open.length > 0 && open.length < longestGroup && open.every((other) => goTogether(other, seen))) {
      if (open.length === 1) members.set(call - 1, { ...(open[0] as RowCall), goesOn: false });
      members.set(call, { ...seen, goesOn: true });
      open.push(seen);
    } else open = seen && isShared(call) ? [seen] : [];
  }
  return members;
}

function estimateAll(code: Float64Array, calls: number, threads: number): Float64Array {
  const costs = new Float64Array(calls);
  let at = 0;
  for (let call = 0; call < calls; call++) {
    const count = code[at + 1] as number;
    costs[call] = estimate(
      kernelNames[code[at] as number] as KernelName,
      code.subarray(at + 2, at + 2 + count),
      threads,
    );
    at += 2 + count;
  }
  return costs;
}

/** Rough time of a call on one thread in nanoseconds, less what sharing it would cost inside. */
function estimate(kernel: KernelName, numbers: Float64Array, threads: number): number {
  const { named, words } = decode(kernel, numbers);
  const products = multiplyAdds(kernel, named);
  const perWord = kernel === "map" ? 0.1 + 0.2 * (named.instructions as number) : (wordCosts[kernel] ?? 0.25);
  return Math.max(0, products / pace + words * perWord - 2 * meetCost * meetings(kernel, named, threads));
}

/** How often threads meet inside a recurrent kernel: never where each has its rows of the batch. */
function meetings(kernel: KernelName, { T, N, H }: Numbers, threads: number): number {
  const gates = recurrentGates(kernel);
  if (gates === undefined || T === undefined || N === undefined || H === undefined) return 0;
  const byPanels = N < threads || (N <= fewRows && gates * H * H >= muchWeight);
  return byPanels && !kernel.includes("Norm") ? T * (kernel.startsWith("gruBefore") ? 2 : 1) : 0;
}

const gatesOfCell: Readonly<Record<string, number>> = { rnn: 1, lstm: 4, gru: 3, gruBefore: 3 };

/** Gates of the recurrent kernels, with or without options and normalisation; undefined for the others. */
const recurrentGates = (kernel: KernelName): number | undefined =>
  gatesOfCell[kernel.replace(/(Variant|Norm)?(Grad)?$/, "")];

/** Nanoseconds per word of the kernels whose words cost more than reading them. */
const wordCosts: Partial<Record<KernelName, number>> = {
  fill: 0.1,
  random: 2,
  dropout: 2,
  softmax: 0.5,
  sample: 1,
  topK: 0.6,
  crossEntropy: 0.5,
  crossEntropyGrad: 0.5,
  softmaxGrad: 0.5,
}; // prettier-ignore

/** Multiply-adds that a tanh takes the time of. */
const attendUnit = 12;
const placesLooked = ({ N, K, S }: Numbers): number => (N as number) * (K as number) * (S as number);

function multiplyAdds(kernel: KernelName, n: Numbers): number {
  const gates = recurrentGates(kernel);
  if (gates !== undefined) return (n.T as number) * (n.N as number) * (n.H as number) ** 2 * gates;
  if (kernel === "multiply" || kernel === "topKProduct") return (n.M as number) * (n.N as number) * (n.K as number);
  if (kernel.startsWith("attend")) return placesLooked(n) * (attendUnit * (n.A as number) + (n.C ?? 0));
  if (kernel === "gemm") return (n.batch as number) * (n.M as number) * (n.N as number) * (n.K as number);
  return 0;
}

/** The named numbers of a call and the words that all its buffers must hold. */
function decode(kernel: KernelName, numbers: Float64Array): { named: Numbers; words: number } {
  const named: Record<string, number> = {};
  const absent: string[] = [];
  let at = 0;
  for (const [key, kind] of Object.entries(kernels[kernel].parameters)) {
    if (kind === "int" || kind === "float") named[key] = numbers[at++] as number;
    else {
      if (numbers[at + 1] === 0) absent.push(key);
      at += 2;
    }
  }
  const extents = kernels[kernel].extents as (n: Numbers, tail: readonly number[]) => Numbers;
  const sizes = Object.entries(extents(named, Array.from(numbers.subarray(at))));
  const words = sizes.reduce((sum, [key, size]) => sum + (absent.includes(key) ? 0 : Math.max(0, size)), 0);
  return { named, words };
}
