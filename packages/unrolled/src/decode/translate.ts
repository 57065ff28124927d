// Translating with a trained model: sources are read once, then written by beam search or by drawing, many sentences in one program.
// S source steps, N sentences, K beams of each, M = N*K rows, V classes, C width of the encoder's places.
import type { Device } from "../device/device.js";
import { DataError, SpecError } from "../errors.js";
import { compile, i32 } from "../graph/compile.js";
import { assign, broadcastTo, gather, logSoftmax, matmul, reshape, slice } from "../graph/ops/index.js";
import type { Tensor, Variable } from "../graph/tensor.js";
import { evict, variables } from "../graph/variable.js";
import {
  decoderStates,
  logitsOf,
  readSource,
  readTarget,
  type Sight,
  sightOf,
  tokenTable,
  writeStep,
  writing,
} from "../models/translator-graph.js";
import type { Translator } from "../models/translator.js";
import { boundary, placeWidth } from "../models/translator-spec.js";
import { type BeamModel, type BeamOptions, beamSearch, type Hypothesis } from "./beam.js";

/** Translates batches of up to `sentences` sources of up to `steps` tokens. */
export interface TranslatorProgram {
  readonly sentences: number;
  readonly beam: number;
  readonly steps: number;
  /** At most `sentences` sources; results of each, best first. */
  search(
    sources: readonly Int32Array[],
    options: Omit<BeamOptions, "beam">,
    maxima?: readonly number[],
  ): readonly (readonly Hypothesis[])[];
  /** To be called when the weights have changed. */
  refresh(): void;
  close(): void;
}

export interface TranslatorProgramOptions {
  readonly sentences: number;
  readonly beam: number;
  readonly steps: number;
}

/** The variables that hold a batch between its steps. */
interface Held {
  readonly places: Readonly<Record<"v" | "values" | "keys", Variable>>;
  readonly states: Readonly<Record<string, Variable>>;
}

function hold(model: Translator, { sentences: N, beam: K, steps: S }: TranslatorProgramOptions): Held {
  const { spec } = model;
  const C = placeWidth(spec);
  const A = model.weights["attention.key.weight"]?.shape[0] ?? C;
  const looks = spec.attention !== "none";
  // One storage: the writing program writes its states, so that nothing in it counts as frozen.
  const made = variables("translation", {
    v: { shape: [N, C] },
    values: { shape: looks ? [N, S, C] : [1, 1, 1] },
    keys: { shape: looks ? [N, S, A] : [1, 1, 1] },
    ...Object.fromEntries([...decoderStates(spec, N * K)].map(([name, shape]) => [name, { shape }])),
  });
  const { v, values, keys, ...states } = made;
  return { places: { v, values, keys }, states };
}

/** Two programs: one reads N sources, the other writes one token of M rows, each going on from the row that it is told. */
export function translatorProgram(
  device: Device,
  model: Translator,
  options: TranslatorProgramOptions,
): TranslatorProgram {
  const { sentences: N, beam: K, steps: S } = options;
  const { spec } = model;
  const held = hold(model, options);
  const reader = compile(
    device,
    { source: i32(S, N), lengths: i32(N) },
    ({ source, lengths }) => {
      const reading = readSource(model, source, lengths, undefined, true);
      const { attended } = sightOf(model, reading);
      const states = Object.entries(held.states).map(([name, v]) => assign(v, everyBeam(reading.states[name], K)));
      const looks = attended
        ? [assign(held.places.values, attended.values), assign(held.places.keys, attended.keys)]
        : [];
      return { updates: [...states, assign(held.places.v, reading.v), ...looks] };
    },
    { frozen: true },
  );
  const step = compile(
    device,
    { ids: i32(N * K), parents: i32(N * K), lengths: i32(N) },
    ({ ids, parents, lengths }) => {
      const how = writing(model, heldSight(model, held, lengths));
      const before = Object.fromEntries(Object.entries(held.states).map(([name, v]) => [name, gather(v, parents)]));
      const made = writeStep(how, tokenOf(model, how.stack, ids), before, 0);
      const logs = logSoftmax(logitsOf(model, made.read));
      const updates = Object.entries(held.states).map(([name, v]) => assign(v, made.states[name]));
      const attention = made.attention && reshape(made.attention, [N * K, S]);
      return { outputs: { logs, ...(attention && { attention }) }, updates };
    },
    { frozen: true },
  );
  const lengths = new Int32Array(N);
  const source = new Int32Array(S * N);
  const own: BeamModel = {
    start: boundary(spec),
    end: spec.ends ? boundary(spec) : -1,
    step(ids, parents) {
      const { logs, attention } = step.run({ ids, parents, lengths }) as Readonly<Record<string, ArrayLike<number>>>;
      return { logProbabilities: logs, ...(attention && { attention }) };
    },
  };
  return {
    sentences: N,
    beam: K,
    steps: S,
    search(sources, search, maxima) {
      fill(sources, { source, lengths, S, N, reversed: spec.reversed });
      reader.run({ source, lengths });
      const found = beamSearch(own, sources.length, { ...search, beam: K }, maxima, N);
      return search.attention
        ? found.map((own, n) => own.map((one) => shown(one, sources[n].length, spec.reversed)))
        : found;
    },
    refresh() {
      reader.refresh();
      step.refresh();
    },
    close() {
      reader.close();
      step.close();
      evict(device, held.places.v.storage);
    },
  };
}

/** Attention over the tokens as they stand in the sentence, whichever way it was read. */
function shown(found: Hypothesis, length: number, reversed: boolean): Hypothesis {
  if (!found.attention) return found;
  return {
    ...found,
    attention: found.attention.map((row) => {
      const own = row.slice(0, length);
      return reversed ? own.reverse() : own;
    }),
  };
}

/** Ids time-major; -1 past a sentence's end. */
export function fill(
  sources: readonly Int32Array[],
  into: { source: Int32Array; lengths: Int32Array; S: number; N: number; reversed: boolean },
): void {
  const { source, lengths, S, N, reversed } = into;
  if (sources.length > N)
    throw new SpecError(`translate: must be at most ${N} sentences at once, was ${sources.length}`);
  source.fill(-1);
  lengths.fill(0);
  for (const [n, ids] of sources.entries()) {
    if (ids.length > S)
      throw new DataError(`sentence ${n + 1}: must have at most ${S} tokens, has ${ids.length}`, {
        code: "sentence-length",
      });
    lengths[n] = ids.length;
    for (let s = 0; s < ids.length; s++) source[s * N + n] = ids[reversed ? ids.length - 1 - s : s];
  }
}

/** A row for each beam of a sentence. */
function everyBeam(x: Tensor, K: number): Tensor {
  const [N, H] = x.shape;
  return K === 1 ? x : reshape(broadcastTo(reshape(x, [N, 1, H]), [N, K, H]), [N * K, H]);
}

function heldSight(model: Translator, { places }: Held, lengths: Tensor): Sight {
  if (model.spec.attention === "none") return { v: places.v };
  return sightOf(model, { v: places.v, lengths, ready: places });
}

/** A token's vector, and its product with the first layer's weights looked up in a table that is multiplied out once. */
function tokenOf(
  model: Translator,
  stack: Readonly<Record<string, Tensor>>,
  ids: Tensor,
): { vector?: Tensor; product?: Tensor } {
  const vector = readTarget(model, ids);
  const W = stack["decoder.weight_ih_l0"];
  if (!vector || !W) return vector ? { vector } : {};
  const table = matmul(tokenTable(model, "target"), slice(W, 1, 0, vector.shape[1]), { transposeB: true });
  return { vector, product: gather(table, ids) };
}
