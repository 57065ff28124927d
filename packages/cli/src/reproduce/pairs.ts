// Teaching a translator on pairs that are drawn afresh for every step, and measuring it on others. S source steps, T target steps,
// N pairs side by side.
import {
  argmax,
  arrangePairs,
  type Batch,
  type Batches,
  characterVocabulary,
  compile,
  cosine,
  decode,
  type Device,
  encode,
  evict,
  type Hypothesis,
  type Pair as IdPair,
  pairLoss,
  permutation,
  type Program,
  type Task,
  type Tensor,
  type Translator,
  type TranslatorOptions,
  type Translating,
  translating,
  translator,
} from "unrolled";
import type { Pair } from "unrolled/tasks";
import type { Bench } from "./experiment.js";
import { keptPrograms, type Lesson, teach } from "./teach.js";

export interface PairRecipe extends Lesson {
  /** The network, but for its vocabularies. */
  readonly net: Omit<TranslatorOptions, "source" | "target"> & { readonly embedding: number };
  /** All characters of a side. */
  readonly letters: { readonly source: string; readonly target: string };
  /** The i-th pair to learn from. */
  readonly training: (i: number) => Pair;
  /** What is watched while it learns: asked for anew at every look. */
  readonly validation: () => readonly Pair[];
  /** What a look tells; true ends the lesson. */
  readonly looked?: (measured: Forced) => boolean;
}

/** What a decoder does that reads the true characters. */
export interface Forced {
  /** Share of characters that are right, the end among them. */
  readonly accuracy: number;
  readonly nats: number;
}

/** The same where it reads what it wrote. */
export interface Free {
  /** Share of targets written wholly right. */
  readonly exact: number;
  readonly written: readonly string[];
}

export interface Writer {
  readonly model: Translator;
  readonly steps: number;
  forced(pairs: readonly Pair[]): Forced;
  free(pairs: readonly Pair[]): Free;
  /** What is written, with its attention over the characters of each source. */
  shown(sources: readonly string[], maximum: number): readonly Hypothesis[];
  close(): void;
}

type Ids = readonly IdPair[];

/** Trains a translator with Adam; the caller closes what comes back. Throws Stopped where the bench was asked to stop. */
export async function learnPairs(bench: Bench, recipe: PairRecipe): Promise<Writer> {
  const { device } = bench;
  const model = newTranslator(recipe);
  const meter = openForced(model, device, recipe.batch);
  const writer = (steps: number): Writer => writerOf({ model, device, batch: recipe.batch, steps, meter });
  const schedule = cosine({ warmup: Math.min(100, recipe.steps >> 3), floor: 0.02 });
  try {
    const { looked } = recipe;
    return writer(
      await teach(bench, recipe, { task: taskOf(model, recipe, meter), schedule, ...(looked && { looked }) }),
    );
  } catch (error) {
    writer(0).close();
    throw error;
  }
}

function newTranslator({ net, letters, seed }: PairRecipe): Translator {
  const { embedding, ...rest } = net;
  const [source, target] = [characterVocabulary(letters.source), characterVocabulary(letters.target)];
  return translator({ ...rest, source, target, embedding, seed });
}

const idsOf = ({ source, target }: Translator, pairs: readonly Pair[]): Ids =>
  pairs.map((pair) => ({ source: encode(source, pair.source), target: encode(target, pair.target) }));

/** Few sizes, so that few programs serve: multiples of 4, but for targets of one length. */
const rounded = (n: number): number => 4 * Math.ceil(n / 4);

/** Pairs of about one length as one batch; missing ones are nothing. */
function batchOf(model: Translator, pairs: Ids, N: number): Batch {
  const S = rounded(Math.max(...pairs.map(({ source }) => source.length)));
  const longest = Math.max(...pairs.map(({ target }) => target.length));
  const T = model.spec.ends ? rounded(longest + 1) : longest;
  const tokens = pairs.reduce((sum, { target }) => sum + target.length, 0);
  return { ...arrangePairs(model, pairs, T, N, S), tokens, extent: { T, N } };
}

/** Batches in a block: drawn together, sorted by length. */
const block = 16;

/** Pairs afresh for every step; those of about one length lie together, which waste little. */
function freshBatches(model: Translator, { training, batch: N, seed }: PairRecipe): Batches {
  let held = { number: -1, parts: [] as readonly Ids[] };
  const drawn = (number: number): readonly Ids[] => {
    const pairs = Array.from({ length: block * N }, (_, i) => training(number * block * N + i));
    const ids = [...idsOf(model, pairs)].sort(
      (a, b) => a.source.length - b.source.length || a.target.length - b.target.length,
    );
    return Array.from(permutation(block, seed, number), (j) => ids.slice(j * N, (j + 1) * N));
  };
  return {
    count: Number.MAX_SAFE_INTEGER,
    order: "stream",
    at(index) {
      const number = Math.floor(index / block);
      if (number !== held.number) held = { number, parts: drawn(number) };
      return batchOf(model, held.parts[index % block], N);
    },
  };
}

function taskOf(model: Translator, recipe: PairRecipe, meter: ForcedMeter): Task<ForcedMetrics> {
  return {
    name: recipe.what,
    weights: model.weights,
    carried: {},
    batches: freshBatches(model, recipe),
    loss: ({ source, lengths, x, y }, { key }) => {
      const { sum, count } = pairLoss(model, { source, lengths, x, y }, { key });
      return { sum, count, states: {} };
    },
    validation: {
      watched: "accuracy",
      better: "higher",
      open: () => ({
        measure: () => Promise.resolve(meter.measure(idsOf(model, recipe.validation()))),
        close: () => {},
      }),
    },
    data: "generated",
    tokens: 0,
    validationTokens: 0,
    vocabulary: model.target.tokens.length,
  };
}

/** As a record of numbers, which metrics are. */
type ForcedMetrics = { readonly [K in keyof Forced]: number };

interface ForcedMeter {
  readonly measure: (pairs: Ids) => ForcedMetrics;
  readonly close: () => void;
}

type ForcedProgram = Program<
  "source" | "lengths" | "x" | "y",
  { readonly outputs: Readonly<Record<"best" | "sum" | "count", Tensor>> }
>;

/** Runs a translator over pairs that it reads, `N` at a time; a program for each shape, kept. */
function openForced(model: Translator, device: Device, N: number): ForcedMeter {
  const programs = keptPrograms<ForcedProgram>();
  const programFor = ({ shapes: { source, lengths, x, y } }: Batch): ForcedProgram =>
    programs.of(`${source.shape} ${x.shape}`, () =>
      compile(device, { source, lengths, x, y }, (inputs) => {
        const { logits, sum, count } = pairLoss(model, inputs);
        return { outputs: { best: argmax(logits), sum, count } };
      }),
    );
  return {
    measure(pairs) {
      const sorted = pairs.toSorted((a, b) => a.source.length - b.source.length || a.target.length - b.target.length);
      const sums = { right: 0, asked: 0, nats: 0 };
      for (let from = 0; from < sorted.length; from += N) {
        const batch = batchOf(model, sorted.slice(from, from + N), N);
        const { source, lengths, x, y } = batch.inputs;
        const { best, sum, count } = programFor(batch).run({ source, lengths, x, y });
        sums.nats += Number(sum);
        sums.asked += Number(count);
        for (let i = 0; i < y.length; i++) sums.right += Number(y[i] >= 0 && best[i] === y[i]);
      }
      return { accuracy: sums.right / sums.asked, nats: sums.nats / sums.asked };
    },
    close: programs.close,
  };
}

interface WriterParts {
  readonly model: Translator;
  readonly device: Device;
  readonly batch: number;
  readonly steps: number;
  readonly meter: ForcedMeter;
}

function writerOf({ model, device, batch, steps, meter }: WriterParts): Writer {
  let made: Translating | undefined;
  const pen = (): Translating => (made ??= translating({ device, model, batch }));
  return {
    model,
    steps,
    forced: (pairs) => meter.measure(idsOf(model, pairs)),
    free(pairs) {
      const ids = idsOf(model, pairs);
      const longest = Math.max(...ids.map(({ target }) => target.length));
      const maximum = model.spec.ends ? longest + 8 : longest;
      const found = pen().now(
        ids.map(({ source }) => source),
        { maximum },
      );
      const written = found.map(([best]) => decode(model.target, best.tokens));
      const right = written.filter((text, i) => text === pairs[i].target).length;
      return { exact: right / pairs.length, written };
    },
    shown(sources, maximum) {
      const ids = sources.map((text) => encode(model.source, text));
      return pen()
        .now(ids, { maximum, attention: true })
        .map(([best]) => best);
    },
    close() {
      made?.close();
      meter.close();
      evict(device, model.weights["head.bias"].storage);
    },
  };
}
