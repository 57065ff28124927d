// Writes programs down for cpp/proof/replay.cpp: what steps a device was asked to run, what lay in its memory before and
// after. `recorder` wraps a device; what is run on it is recorded, nothing else changes.
import { kernelNames, kernels } from "unrolled";

/** The flag of a step after which all threads meet, as in cpp/runtime.h. */
export const meetStep = 2;
/** The flag of a step whose products are in bfloat16. */
export const halfStep = 4;

/** How the replayer fills a slot; the places are the numbers in cpp/proof/recording.h. */
export const fills = ["words", "floats", "oddFloats", "ids", "nothing"];

/** @typedef {{ offset: number, words: number, fill: string, seed?: number, before?: Uint32Array, after?: Uint32Array }} Slot */

/** Bytes of one recorded program. `steps` are [kernel, flags, count, ...numbers], `slots` sorted by offset. */
export function encodeRecord(name, steps, count, slots) {
  const parts = [];
  const add = (array) => parts.push(Buffer.from(array.buffer, array.byteOffset, array.byteLength));
  const number = (n) => add(Uint32Array.of(n));
  const text = Buffer.from(name);
  number(text.length);
  parts.push(text);
  number(count);
  number(steps.length);
  add(Float64Array.from(steps));
  number(slots.length);
  for (const { offset, words, fill, seed = 1, before, after } of slots) {
    add(Float64Array.of(offset));
    add(Uint32Array.of(words, fills.indexOf(fill), seed));
    if (before) add(before);
    number(after?.length ?? 0);
    if (after) add(after);
  }
  return Buffer.concat(parts);
}

/** Every buffer argument of steps as [offset, words]; 0, 0 is an absent one. */
function* bufferArguments(steps) {
  for (let at = 0; at < steps.length; at += 3 + steps[at + 2]) {
    let next = at + 3;
    for (const kind of Object.values(kernels[kernelNames[steps[at]]].parameters)) {
      const isNumber = kind === "int" || kind === "float";
      if (!isNumber && (steps[next] !== 0 || steps[next + 1] !== 0)) yield [steps[next], steps[next + 1]];
      next += isNumber ? 1 : 2;
    }
  }
}

/** The spans of memory that steps use: buffers that overlap lie in one. */
export function spansOf(steps) {
  const spans = [];
  const sorted = [...bufferArguments(steps)].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  for (const [offset, words] of sorted.filter(([, size]) => size > 0)) {
    const last = spans.at(-1);
    if (last && offset < last.offset + last.words) last.words = Math.max(last.words, offset + words - last.offset);
    else spans.push({ offset, words });
  }
  const empty = new Set(sorted.filter(([, size]) => size === 0).map(([offset]) => offset));
  return [...spans, ...[...empty].map((offset) => ({ offset, words: 0 }))];
}

/** Steps of a program as the runtime takes them, every call shared among all threads; `flags` go with each. */
export function sharedSteps({ code, calls }, flags = 0) {
  const steps = [];
  for (let at = 0, call = 0; call < calls; call++) {
    const count = code[at + 1];
    steps.push(code[at], meetStep + flags, count, ...code.subarray(at + 2, at + 2 + count));
    at += 2 + count;
  }
  return steps;
}

/** The device, with `write` given the bytes of every run. Each of `variants` makes steps of a program that must end alike. */
export function recorder(device, write, variants = [sharedSteps]) {
  const programs = new Map();
  const recording = { name: "", run: 0 };
  const snapshot = (spans) =>
    spans.map(({ offset, words }) => {
      if (words === 0) return new Uint32Array(0);
      const view = device.view({ offset, words }, "i32");
      return new Uint32Array(view.buffer, view.byteOffset, view.length).slice();
    });
  const wrapped = {
    ...device,
    threads: 1,
    load(program) {
      const handle = device.load(program);
      programs.set(handle, { code: program.code.slice(), calls: program.calls, work: program.work });
      return handle;
    },
    unload(handle) {
      programs.delete(handle);
      device.unload(handle);
    },
    run(handle, times = 1) {
      const program = programs.get(handle);
      for (let time = 0; time < times; time++) {
        const all = variants.map((stepsOf) => stepsOf(program));
        const spans = spansOf(all[0]);
        const before = snapshot(spans);
        device.run(handle);
        const after = snapshot(spans);
        const slots = spans.map((span, i) => ({ ...span, fill: "words", before: before[i], after: after[i] }));
        for (const steps of all)
          write(encodeRecord(`${recording.name} #${recording.run++}`, steps, program.calls, slots));
      }
    },
  };
  return { device: wrapped, name: (name) => Object.assign(recording, { name, run: 0 }) };
}
