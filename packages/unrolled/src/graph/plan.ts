// Memory planning: every root of a list of calls gets a place in one scratch region, shared by those that are never alive
// together; an output takes over the place of an input that dies, where the kernel allows it.
import { kernels } from "../device/kernels.js";
import { type Call, resolve } from "./call.js";
import type { Buffer, Root } from "./op.js";

export interface Plan {
  /** First word of each root in the scratch region. */
  readonly places: ReadonlyMap<Root, number>;
  readonly words: number;
}

/** Regions start at multiples of this many words (64 bytes of float32). */
export const alignment = 16;
const aligned = (words: number): number => Math.ceil(Math.max(words, 1) / alignment) * alignment;

const buffersOf = (call: Call): [string, Buffer][] =>
  Object.entries(call.args).filter((entry): entry is [string, Buffer] => typeof entry[1] === "object");

const needsPlace = (root: Root): boolean => root.fixed === undefined;

/** Every root a place of its own: for `once` calls, and to look at all values of a run afterwards. */
export function planApart(calls: readonly Call[]): Plan {
  const places = new Map<Root, number>();
  let words = 0;
  for (const call of calls)
    for (const [, buffer] of buffersOf(call)) {
      const { root } = resolve(buffer);
      if (!needsPlace(root) || places.has(root)) continue;
      places.set(root, words);
      words += aligned(root.words);
    }
  return { places, words };
}

interface Span {
  first: number;
  last: number;
}

/** Places by liveness over the call list. Roots in `elsewhere` have a place already. */
export function planShared(calls: readonly Call[], elsewhere: ReadonlySet<Root>): Plan {
  const spans = liveSpans(calls, elsewhere);
  const dying = new Map<number, Root[]>();
  for (const [root, { last }] of spans) dying.set(last, [...(dying.get(last) ?? []), root]);
  const heap = makeHeap();
  const blocks = new Map<Root, Block>();
  const places = new Map<Root, number>();
  for (const [index, call] of calls.entries()) {
    const taken = takeovers(call, index, spans);
    for (const [, buffer] of buffersOf(call)) {
      const { root } = resolve(buffer);
      if (!spans.has(root) || places.has(root)) continue;
      const giver = taken.get(root);
      const block = (giver && blocks.get(giver)) || heap.take(aligned(root.words));
      if (giver) blocks.delete(giver);
      blocks.set(root, block);
      places.set(root, block.offset);
    }
    for (const root of dying.get(index) ?? []) {
      const block = blocks.get(root);
      if (block) heap.give(block);
      blocks.delete(root);
      spans.delete(root);
    }
  }
  return { places, words: heap.words() };
}

function liveSpans(calls: readonly Call[], elsewhere: ReadonlySet<Root>): Map<Root, Span> {
  const spans = new Map<Root, Span>();
  for (const [index, call] of calls.entries())
    for (const [, buffer] of buffersOf(call)) {
      const { root } = resolve(buffer);
      if (!needsPlace(root) || elsewhere.has(root)) continue;
      const span = spans.get(root);
      if (span) span.last = index;
      else spans.set(root, { first: index, last: index });
    }
  return spans;
}

/** Which new roots of a call may lie where a dying one lies: [new, dying]. */
function takeovers(call: Call, index: number, spans: ReadonlyMap<Root, Span>): Map<Root, Root> {
  const found = new Map<Root, Root>();
  const whole = (name: string): Root | undefined => {
    const buffer = call.args[name];
    return typeof buffer === "object" && buffer.offset === 0 && !buffer.root.parent && spans.has(buffer.root)
      ? buffer.root
      : undefined;
  };
  for (const [output, input] of inPlacePairs(call)) {
    const [to, from] = [whole(output), whole(input)];
    if (!to || !from || to === from || found.has(to) || [...found.values()].includes(from)) continue;
    const readTwice = buffersOf(call).filter(([, buffer]) => resolve(buffer).root === from).length > 1;
    const fits = aligned(to.words) <= aligned(from.words);
    if (fits && !readTwice && spans.get(to)?.first === index && spans.get(from)?.last === index) found.set(to, from);
  }
  return found;
}

/** The table's pairs; for `map`, any dense output on any dense input. */
function inPlacePairs(call: Call): readonly (readonly [string, string])[] {
  if (call.kernel !== "map") return kernels[call.kernel].inPlace;
  const [inputs, outputs] = [call.args.inputs as number, call.args.outputs as number];
  const d = [0, 1, 2, 3].map((i) => call.args[`d${i}`] as number);
  const dense = [d[1] * d[2] * d[3], d[2] * d[3], d[3], 1];
  const isDense = (operand: number): boolean =>
    d.every((n, axis) => n === 1 || call.tail[4 * operand + axis] === dense[axis]);
  const counted = (count: number, first: number): number[] =>
    Array.from({ length: count }, (_, i) => i).filter((i) => isDense(first + i));
  const ys = counted(outputs, inputs);
  return counted(inputs, 0).flatMap((x) => ys.map((y) => [`y${y}`, `x${x}`] as const));
}

interface Block {
  readonly offset: number;
  readonly words: number;
}

/** Best fit over a list of free blocks sorted by offset; grows at the end. */
function makeHeap(): { take(words: number): Block; give(block: Block): void; words(): number } {
  let free: Block[] = [];
  let end = 0;
  return {
    take(words) {
      const fitting = free.filter((block) => block.words >= words).sort((a, b) => a.words - b.words)[0];
      if (fitting) {
        free = free.filter((block) => block !== fitting);
        if (fitting.words > words) this.give({ offset: fitting.offset + words, words: fitting.words - words });
        return { offset: fitting.offset, words };
      }
      const tail =
        free.length > 0 && free[free.length - 1].offset + free[free.length - 1].words === end ? free.pop() : undefined;
      const offset = tail ? tail.offset : end;
      end = offset + words;
      return { offset, words };
    },
    give(block) {
      const merged: Block[] = [];
      for (const next of [...free, block].sort((a, b) => a.offset - b.offset)) {
        const previous = merged[merged.length - 1];
        if (previous && previous.offset + previous.words === next.offset)
          merged[merged.length - 1] = { offset: previous.offset, words: previous.words + next.words };
        else merged.push(next);
      }
      free = merged;
    },
    words: () => end,
  };
}
