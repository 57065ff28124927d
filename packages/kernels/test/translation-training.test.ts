// Training a translator with attention on every build: loss and all gradients have the same bits for any number of threads and are
// those of the reference. S source and T target steps, N batch.
import {
  compile,
  characterVocabulary,
  type Device,
  gradient,
  i32,
  openReference,
  pairLoss,
  type Translator,
  type TranslatorOptions,
  translator,
} from "unrolled";
import { close, identical } from "unrolled/testing";
import { describe, it } from "vitest";
import { buildsHere } from "./open-all.js";

const letters = characterVocabulary("abcdefghijklmnopqrstuvwxyz");
type Options = Partial<Omit<TranslatorOptions, "source" | "target">>;
const model = (options: Options): Translator =>
  translator({
    source: letters,
    target: letters,
    embedding: 19,
    encoder: [{ cell: "gru", hidden: 17, direction: "both" }],
    decoder: [{ cell: "gru", hidden: 33 }],
    seed: 3,
    ...options,
  });

const [S, T, N] = [9, 6, 40];
const ids = (steps: number, seed: number): Int32Array =>
  Int32Array.from({ length: steps * N }, (_, i) => (i * i * seed + 5 * i + seed) % 26);
const inputs = {
  source: ids(S, 7),
  lengths: Int32Array.from({ length: N }, (_, n) => 1 + ((n * 5) % S)),
  x: ids(T, 3),
  y: ids(T, 11).map((id, i) => (i % 7 === 5 ? -1 : id)),
};

/** Loss and all gradients, one after the other. Every call is shared among the threads. */
function slopes(device: Device, given: Translator): Float64Array {
  const shared: Device = { ...device, load: (program) => device.load({ ...program, work: 1e12 }) };
  const shapes = { source: i32(S, N), lengths: i32(N), x: i32(T, N), y: i32(T, N) };
  const program = compile(shared, shapes, (pairs) => {
    const { sum: loss } = pairLoss(given, pairs, { smoothing: 0.1 });
    const all = gradient(loss, Object.values(given.weights));
    return { outputs: { loss, ...Object.fromEntries(all.map((slope, i) => [`d${i}`, slope])) } };
  });
  const values = Object.values(program.run(inputs)) as (number | Float32Array)[];
  const flat = Float64Array.from(values.flatMap((value) => (typeof value === "number" ? [value] : [...value])));
  program.close();
  return flat;
}

const kinds: readonly (readonly [string, Options])[] = [
  ["Bahdanau", {}],
  ["Luong general, input feeding", { attention: "general" }],
  ["concat, its readout fed back", { attention: "concat" }],
];

describe.each(await buildsHere())("$name", ({ open }) => {
  it.each(kinds)("%s: the gradients of the reference, the same bits on 1, 2 and 3 threads", async (_, options) => {
    const given = model(options);
    const found: Float64Array[] = [];
    for (const threads of [1, 2, 3]) {
      const device = await open(threads);
      found.push(slopes(device, given));
      device.close();
    }
    for (const values of found) identical(values, found[0] as Float64Array, "threads");
    // Sums over up to 240 tokens of terms of size 1, through six steps and back.
    close(found[0] as Float64Array, slopes(openReference(), given), { relative: 2e-5, scale: 1 });
  });
});
