// Translations by drawing: every token of every row is chosen by chance inside the device, from what the model thinks likely.
// S source steps, N sentences, K translations of each, M = N*K rows, V classes.
import type { Device } from "../device/device.js";
import { type Draws, draws } from "../draws.js";
import { SpecError } from "../errors.js";
import { compile, f32, i32 } from "../graph/compile.js";
import { add, assign, reshape, sample } from "../graph/ops/index.js";
import { evict, readVariable, variables, writeVariable } from "../graph/variable.js";
import { logitsOf, readSource, readTarget, sightOf, writeStep, writing } from "../models/translator-graph.js";
import type { Translator } from "../models/translator.js";
import { boundary, classes } from "../models/translator-spec.js";
import type { Hypothesis } from "./beam.js";
import { checkSampling, choiceNumbers, type SamplingOptions } from "./sampling.js";
import { fill } from "./source-rows.js";
import { everyBeam, heldSight, hold } from "./translator-place.js";

export interface DrawOptions extends SamplingOptions {
  /** Translations of each sentence; 1 where left out. */
  readonly count?: number;
  /** The same seed draws the same translations, whatever sentences lie side by side; 1 where left out. */
  readonly seed?: number;
  /** Tokens at least, the end not counted. */
  readonly minimum?: number;
  /** Tokens that every translation begins with. */
  readonly prefix?: ArrayLike<number>;
}

export interface Drawing {
  /** `numbers` are the sentences' among all, which their draws depend on. */
  draw(
    sources: readonly Int32Array[],
    numbers: readonly number[],
    maxima: readonly number[],
    options: DrawOptions,
  ): readonly (readonly Hypothesis[])[];
  refresh(): void;
  close(): void;
}

/** SpecError for options that can draw nothing. */
export function checkDraw({ count = 1, minimum = 0, seed = 1, prefix = [], ...rest }: DrawOptions): void {
  checkSampling(rest);
  for (const [name, value, low] of [
    ["count", count, 1],
    ["minimum length", minimum, 0],
    ["seed", seed, 0],
  ] as const) // prettier-ignore
    if (!Number.isSafeInteger(value) || value < low)
      throw new SpecError(`${name}: must be a whole number from ${low}, was ${value}`, { code: "draw-options" });
  if (prefix.length > 1_000_000)
    throw new SpecError(`prefix: must have at most 1000000 tokens, was ${prefix.length}`, { code: "draw-options" });
}

/** Room on a device for N sentences, and the programs that draw. */
export function translatorDrawing(
  device: Device,
  model: Translator,
  sizes: { readonly sentences: number; readonly steps: number; readonly count: number },
): Drawing {
  const { sentences: N, steps: S, count: K } = sizes;
  const { spec } = model;
  const made = programsOf(device, model, sizes);
  const [lengths, source] = [new Int32Array(N), new Int32Array(S * N)];
  return {
    draw(sources, own, maxima, options) {
      fill(sources, { source, lengths, S, N, reversed: spec.reversed });
      made.begin.run({ source, lengths });
      writeVariable(device, made.ids.next, new Int32Array(N * K).fill(boundary(spec)));
      writeVariable(device, made.numbers.options, choiceNumbers(options));
      const rows = own.flatMap((n, i) =>
        Array.from({ length: K }, (_, k): Row => {
          const random = draws((options.seed ?? 1) + n * K + k);
          return { random, maximum: maxima[i], tokens: [], sum: 0, done: false };
        }),
      );
      const end = spec.ends ? boundary(spec) : -1;
      const [open, closed] = [new Float32Array(classes(spec)), new Float32Array(classes(spec))];
      if (end >= 0) closed[end] = Number.NEGATIVE_INFINITY;
      const { minimum = 0, prefix = [] } = options;
      for (let t = 0; rows.some(({ done }) => !done); t++)
        oneMore(device, made, rows, { t, lengths, prefix, end, barred: t < minimum ? closed : open });
      return own.map((_, i) =>
        rows.slice(i * K, i * K + K).map(({ tokens, sum }) => ({ tokens, logProbability: sum, score: sum })),
      );
    },
    refresh() {
      made.begin.refresh();
      made.step.refresh();
    },
    close() {
      made.begin.close();
      made.step.close();
      for (const { storage } of [made.held.places.v, made.ids.next, made.numbers.place]) evict(device, storage);
    },
  };
}

/** A translation being drawn. */
interface Row {
  readonly random: Draws;
  readonly maximum: number;
  readonly tokens: number[];
  sum: number;
  done: boolean;
}

interface DrawStep {
  readonly t: number;
  readonly lengths: Int32Array;
  readonly prefix: ArrayLike<number>;
  /** -1 where translations all have their maximum length. */
  readonly end: number;
  /** What is added to the scores [V]. */
  readonly barred: Float32Array;
}

function oneMore(
  device: Device,
  { step, ids, numbers }: ReturnType<typeof programsOf>,
  rows: readonly Row[],
  { t, lengths, prefix, end, barred }: DrawStep,
): void {
  const text = new Int32Array(ids.next.shape[0]).fill(Math.max(end, 0));
  const words = new Int32Array(text.length);
  for (const [m, { random, maximum, done }] of rows.entries()) {
    if (done) continue;
    words[m] = (random.uniform() * 2 ** 32) | 0;
    text[m] = t < prefix.length ? (prefix[t] as number) : t >= maximum ? end : -1;
  }
  writeVariable(device, ids.text, text);
  writeVariable(device, ids.draws, words);
  writeVariable(device, numbers.place, [0]);
  step.run({ lengths, barred });
  const [chosen, logs] = [readVariable(device, ids.text), readVariable(device, numbers.logp)];
  for (const [m, row] of rows.entries()) {
    if (row.done) continue;
    const id = chosen[m] as number;
    row.sum += logs[m] as number;
    if (id === end && t >= prefix.length) row.done = true;
    else row.tokens.push(id);
    if (end < 0 && t + 1 >= row.maximum) row.done = true;
  }
}

/** One program reads sources, the other chooses one more token of every row. */
function programsOf(
  device: Device,
  model: Translator,
  { sentences: N, steps: S, count: K }: { readonly sentences: number; readonly steps: number; readonly count: number },
) {
  const M = N * K;
  const V = classes(model.spec);
  const held = hold(model, { sentences: N, beam: K, steps: S });
  const row = { shape: [1, M] };
  const ids = variables("drawing.ids", { next: { shape: [M] }, text: row, draws: row }, "i32");
  const numbers = variables("drawing.numbers", { logp: row, place: { shape: [1] }, options: { shape: [3] } });
  const begin = compile(
    device,
    { source: i32(S, N), lengths: i32(N) },
    ({ source, lengths }) => {
      const reading = readSource(model, source, lengths, undefined, true);
      const { attended } = sightOf(model, reading);
      const looks = attended
        ? [assign(held.places.values, attended.values), assign(held.places.keys, attended.keys)]
        : [];
      const states = Object.entries(held.states).map(([name, v]) => assign(v, everyBeam(reading.states[name], K)));
      return { updates: [...states, assign(held.places.v, reading.v), ...looks] };
    },
    { frozen: true },
  );
  const step = compile(
    device,
    { lengths: i32(N), barred: f32(1, V) },
    ({ lengths, barred }) => {
      const vector = readTarget(model, ids.next);
      const made = writeStep(writing(model, heldSight(model, held, lengths)), vector ? { vector } : {}, held.states, 0);
      const scores = reshape(add(logitsOf(model, made.read), barred), [M, V]);
      const carry = Object.entries(held.states).map(([name, v]) => assign(v, made.states[name]));
      const choice = sample(scores, { ...ids, ...numbers }, { banned: model.target.unknown ?? -1 });
      return { updates: [...carry, choice] };
    },
    { frozen: true },
  );
  return { begin, step, held, ids, numbers };
}
