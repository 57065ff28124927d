// Encoded programs of real training steps, and what becomes of them when numbers in them are changed: a device must refuse
// the program or keep inside its buffers. Free of any test framework.
import type { Device, EncodedProgram, Words } from "../device/device.js";
import { type KernelName, type Kind, kernelNames, kernels } from "../device/kernels.js";
import { openReference } from "../device/reference/index.js";
import { DeviceError } from "../errors.js";
import { languageModel } from "../models/language-model.js";
import { characters } from "../text/corpus.js";
import { adam } from "../train/optimizers.js";
import { train } from "../train/train.js";
import { conformanceCases } from "./conformance.js";

/** A whole number from 0 to below `below`. */
export type DrawBelow = (below: number) => number;

/** A program whose buffers lie within the first `words` words. */
export interface PlacedProgram extends EncodedProgram {
  readonly words: number;
}

interface CallAt {
  readonly kernel: KernelName;
  /** Where its head stands in the code. */
  readonly at: number;
  readonly count: number;
}

const spareWords = 64;

/** Free of state: the same draws on every engine (mulberry32). */
export function drawsBelow(seed: number): DrawBelow {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

function callsOf({ code, calls }: EncodedProgram): CallAt[] {
  const list: CallAt[] = [];
  for (let at = 0; list.length < calls; at += 2 + code[at + 1])
    list.push({ kernel: kernelNames[code[at]], at, count: code[at + 1] });
  return list;
}

/** Places of the parameters of a call in the code: of the number, or of offset and length. */
function parametersOf({ kernel, at }: CallAt): { readonly key: string; readonly kind: Kind; readonly at: number }[] {
  let next = at + 2;
  return Object.entries(kernels[kernel].parameters).map(([key, kind]: [string, Kind]) => {
    const place = { key, kind, at: next };
    next += isNumber(kind) ? 1 : 2;
    return place;
  });
}

const isNumber = (kind: Kind): boolean => kind === "int" || kind === "float";

/**
 * What two training steps of small models run, every one of their calls as a program of its own, and some calls of every
 * kernel from the conformance suite.
 */
export async function soundPrograms(): Promise<readonly PlacedProgram[]> {
  const training: EncodedProgram[] = [];
  for (const cell of ["lstm", "gru", "rnn"] as const) {
    const corpus = characters("the cat sat on the mat and the rat sat on the cat. ".repeat(4), { validation: 0 });
    const model = languageModel({ vocabulary: corpus.vocabulary, cell, hidden: [5, 3], dropout: 0.1 });
    const steps = train({
      ...{ model, corpus, device: listener(training), batch: 2, sequence: 3, maxSteps: 2 },
      ...{ optimizer: adam(), clip: { norm: 5 }, clock: () => 0 },
    });
    for await (const _ of steps);
  }
  const suite: EncodedProgram[] = [];
  const device = listener(suite);
  const turns = new Map<KernelName, number>();
  for (const one of conformanceCases()) {
    const turn = turns.get(one.kernel) ?? 0;
    turns.set(one.kernel, turn + 1);
    if (turn % suiteStride === 0) one.run(device, device);
  }
  return [...training, ...training.flatMap(singleCalls), ...suite].filter(isSmall).map(place);
}

const suiteStride = 31;
const isSmall = (program: EncodedProgram): boolean => passesOf(program) <= mostPasses;

/** A reference device that notes down what is loaded. */
function listener(programs: EncodedProgram[]): Device {
  const reference = openReference();
  const load = (program: EncodedProgram): ReturnType<Device["load"]> => {
    programs.push({ ...program, code: program.code.slice() });
    return reference.load(program);
  };
  return { ...reference, load };
}

function singleCalls(program: EncodedProgram): EncodedProgram[] {
  return callsOf(program).map(({ at, count }) => ({
    code: program.code.slice(at, at + 2 + count),
    calls: 1,
    work: program.work,
  }));
}

/** Moves a program so that its first buffer begins soon after word 0, and says how many words it needs. */
function place(program: EncodedProgram): PlacedProgram {
  const code = program.code.slice();
  const buffers = callsOf(program)
    .flatMap(parametersOf)
    .filter(({ kind, at }) => !isNumber(kind) && code[at + 1] > 0);
  if (buffers.length === 0) return { ...program, code, words: 2 * spareWords };
  const first = Math.min(...buffers.map(({ at }) => code[at]));
  for (const { at } of buffers) code[at] += spareWords - first;
  const end = Math.max(...buffers.map(({ at }) => code[at] + code[at + 1]));
  return { ...program, code, words: end + spareWords };
}

const oddNumbers = [
  ...[0, 1, 2, 3, 4, 7, 15, 16, 17, 64, -1, -0, 0.5, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53, 1e300],
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
];

/** The program with one to three numbers changed: by little, by much, against another one, to one that is hard to bear. */
export function mutate(program: PlacedProgram, draw: DrawBelow): PlacedProgram {
  const code = program.code.slice();
  const other = (): number => code[draw(code.length)];
  for (let changes = 1 + draw(3); changes > 0; changes--) {
    const at = draw(code.length);
    const changed = [
      () => code[at] + 1,
      () => code[at] - 1,
      () => code[at] + draw(40) - 20,
      () => code[at] * 2,
      () => Math.floor(code[at] / 2),
      other,
      () => draw(program.words),
      () => oddNumbers[draw(oddNumbers.length)],
    ];
    code[at] = changed[draw(changed.length)]();
  }
  if (draw(20) > 0) return { ...program, code };
  const cut = draw(code.length);
  return { ...program, code: draw(2) ? code.slice(0, cut) : code, calls: program.calls + draw(3) - 1 };
}

/** Passes through innermost loops at most, about: what is legal may still take for ever. */
export function passesOf(program: EncodedProgram): number {
  const sizes = /^(n|R|V|D|T|N|H|M|K|outer|inner|batch|d[0-3])$/;
  return callsOf(program).reduce((sum, call) => {
    const counts = parametersOf(call).filter(({ key, kind }) => kind === "int" && sizes.test(key));
    const square = counts.some(({ key }) => key === "T") ? 2 : 1;
    const passes = counts.map(({ key, at }) => Math.max(1, program.code[at]) ** (key === "H" ? square : 1));
    return sum + passes.reduce((product, count) => product * count, 1);
  }, 0);
}

export type Fate = "refused" | "ran" | "too long to run";

const mostPasses = 1e5;
const guardWord = 1234567.125;

/**
 * Loads the program into one region of the device and runs it. Throws where load fails with anything but a DeviceError
 * (code "program"), or where a word changed that lies in none of the buffers that the program writes.
 */
export function loadAndRun(device: Device, program: PlacedProgram, draw: DrawBelow): Fate {
  const region = device.allocate(program.words);
  try {
    const moved = moveBy(program, region.offset);
    let handle: ReturnType<Device["load"]>;
    try {
      handle = device.load(moved);
    } catch (error) {
      if (error instanceof DeviceError && error.code === "program") return "refused";
      throw error;
    }
    try {
      if (passesOf(moved) > mostPasses) return "too long to run";
      const words = device.view(region, "f32");
      for (let i = 0; i < words.length; i++) words[i] = draw(3) ? draw(9) - 2 : guardWord;
      const before = device.view(region, "i32").slice();
      device.run(handle);
      assertInside(moved, device.view(region, "i32"), before, region.offset);
      return "ran";
    } finally {
      device.unload(handle);
    }
  } finally {
    device.free(region);
  }
}

/** The program for a region that starts at `offset`; where the code is no longer a program, as far as it goes. */
function moveBy(program: PlacedProgram, offset: number): PlacedProgram {
  const code = program.code.slice();
  for (let at = 0, call = 0; call < program.calls && at + 2 <= code.length; call++) {
    const kernel = kernelNames[code[at]];
    const count = code[at + 1];
    if (kernel === undefined || !(count >= 0 && at + 2 + count <= code.length)) break;
    for (const { kind, at: place } of parametersOf({ kernel, at, count }))
      if (!isNumber(kind) && (code[place] !== 0 || code[place + 1] !== 0)) code[place] += offset;
    at += 2 + count;
  }
  return { ...program, code };
}

function assertInside(program: EncodedProgram, after: Words, before: Words, offset: number): void {
  const mayChange = new Uint8Array(after.length);
  for (const call of callsOf(program))
    for (const { kind, at } of parametersOf(call))
      if (/out/i.test(kind)) {
        const from = program.code[at] - offset;
        mayChange.fill(1, Math.max(0, from), Math.max(0, from + program.code[at + 1]));
      }
  for (let i = 0; i < after.length; i++) {
    if (mayChange[i] || Object.is(after[i], before[i])) continue;
    const calls = callsOf(program).map(
      ({ kernel, at, count }) => `${kernel} ${program.code.slice(at + 2, at + 2 + count)}`,
    );
    throw new Error(`word ${i + offset} changed, which lies in no output of: ${calls.slice(0, 3).join("; ")}`);
  }
}
