// The programs of a translator that writes by beams: one reads sentences and writes their first token, another writes one more token of
// every beam, and one moves what is kept of some sentences to the programs of fewer.
// S source steps, N sentences, K beams of each, M = N*K rows, W tokens of each row, C width of the encoder's places.
import type { Device, Products } from "../device/device.js";
import { compile, i32 } from "../graph/compile.js";
import { assign, broadcastTo, gather, matmul, reshape, slice, topKLinear } from "../graph/ops/index.js";
import { sizeOf, type Tensor, type Variable } from "../graph/tensor.js";
import { evict, variable, variables } from "../graph/variable.js";
import {
  type ContextProducts,
  decoderStates,
  headOf,
  readSource,
  readTarget,
  type Sight,
  sightOf,
  type StepToken,
  tokenTable,
  writeStep,
  writing,
  type WrittenStep,
} from "../models/translator-graph.js";
import { contextProducts, seenByProducts } from "../models/translator-products.js";
import type { Translator } from "../models/translator.js";
import { boundary, classes, placeWidth } from "../models/translator-spec.js";
import type { BeamRequest, BeamStep } from "./beam.js";

export interface PlaceSizes {
  readonly sentences: number;
  readonly beam: number;
  readonly steps: number;
  /** How matrices are multiplied; the products of tokens are always f32. */
  readonly products: Products;
}

/** The variables that hold a batch between its steps. */
interface Held {
  readonly places: Readonly<Record<"v" | "values" | "keys", Variable>>;
  readonly states: Readonly<Record<string, Variable>>;
}

/** Room on a device for N sentences and their beams, and the programs that work in it. */
export interface Place {
  readonly sizes: PlaceSizes;
  readonly held: Held;
  /** Reads sources i32 [S,N] of these lengths and writes the first token: one row for each sentence. */
  begin(source: Int32Array, lengths: Int32Array, asked: Int32Array, width: number): BeamStep;
  /** One more token of M rows. */
  step(request: BeamRequest, lengths: Int32Array): BeamStep;
  /** Takes sentences over from a larger place, in this order. */
  take(from: Place, sentences: Int32Array): void;
  refresh(): void;
  close(): void;
}

/** What the first layer and the readout make of every token, multiplied out once for all programs. */
export interface TokenProducts {
  /** [V+1,G*H]; none where the decoder reads no tokens, or its cell has no such weights. */
  readonly table: Variable | undefined;
  /** [V+1,P]; none where the readout reads no tokens, or has to be made of the parts themselves. */
  readonly readout: Variable | undefined;
  /** What stands for the context. */
  readonly context: ContextProducts | undefined;
  refresh(): void;
  close(): void;
}

export function tokenProducts(device: Device, model: Translator): TokenProducts {
  const { spec, weights } = model;
  const context = contextProducts(model);
  const first = spec.reads ? weights["decoder.weight_ih_l0"] : undefined;
  const read = spec.reads && context && spec.readout === "all" ? weights["readout.weight"] : undefined;
  const tokens = first || read ? tokenTable(model, "target") : undefined;
  if (!tokens) return { table: undefined, readout: undefined, context, refresh() {}, close() {} };
  const [V, E] = tokens.shape;
  const of = (W: Tensor | undefined, name: string): Variable | undefined =>
    W && variable(`translation.${name}`, { shape: [V, W.shape[0]] });
  const [table, readout] = [of(first, "products"), of(read, "readouts")];
  const productOf = (W: Tensor, from: number): Tensor =>
    matmul(tokens, slice(W, 1, from, from + E), { transposeB: true });
  const make = compile(device, {}, () => ({
    updates: [
      ...(table && first ? [assign(table, productOf(first, 0))] : []),
      ...(readout && read ? [assign(readout, productOf(read, read.shape[1] - E))] : []),
    ],
  }));
  make.run({});
  return {
    table,
    readout,
    context,
    refresh: () => void make.run({}),
    close() {
      make.close();
      for (const made of [table, readout]) if (made) evict(device, made.storage);
    },
  };
}

/** Tokens i32 [M] as a step takes them. */
function tokensOf(model: Translator, { table, readout }: TokenProducts, ids: Tensor): StepToken {
  const vector = readTarget(model, ids);
  return {
    ...(vector && { vector }),
    ...(table && { product: gather(table, ids) }),
    ...(readout && { readout: gather(readout, ids) }),
  };
}

export function translatorPlace(device: Device, model: Translator, tokens: TokenProducts, sizes: PlaceSizes): Place {
  const { sentences: N } = sizes;
  const held = hold(model, sizes, tokens.context);
  const programs = new Map<number, ReturnType<typeof programsOf>>();
  const programsFor = (wanted: number): ReturnType<typeof programsOf> => {
    const width = Math.min(wanted, classes(model.spec));
    const known = programs.get(width) ?? programsOf(device, model, tokens, held, sizes, width);
    programs.set(width, known);
    return known;
  };
  const made = () => [...programs.values()].flatMap(({ begin, step }) => [...begin.made(), ...step.made()]);
  const moves = new Map<Place, ReturnType<typeof moving>>();
  const start = new Int32Array(N).fill(boundary(model.spec));
  return {
    sizes,
    held,
    begin(source, lengths, asked, width) {
      return { ...answerOf(programsFor(width).begin.get().run({ source, lengths, asked, ids: start })), rows: 1 };
    },
    step({ ids, parents, asked, width }, lengths) {
      return { ...answerOf(programsFor(width).step.get().run({ ids, parents, asked, lengths })), rows: sizes.beam };
    },
    take(from, sentences) {
      const move = moves.get(from) ?? moving(device, from, { held, sizes });
      moves.set(from, move);
      move.run({ sentences, rows: rowsOf(sentences, sizes.beam) });
    },
    refresh() {
      for (const program of made()) program.refresh();
    },
    close() {
      for (const program of made()) program.close();
      for (const move of moves.values()) move.close();
      evict(device, held.places.v.storage);
    },
  };
}

/** Variables for a batch, all zero. */
export function hold(
  model: Translator,
  { sentences: N, beam: K, steps: S }: Omit<PlaceSizes, "products">,
  products?: ContextProducts,
): Held {
  const { spec } = model;
  const C = placeWidth(spec);
  const width = products ? products.input + products.readout : C;
  const A = model.weights["attention.key.weight"]?.shape[0] ?? C;
  const looks = spec.attention !== "none";
  // One storage: the writing program writes its states, so that nothing in it counts as frozen.
  const made = variables("translation", {
    v: { shape: [N, C] },
    values: { shape: looks ? [N, S, width] : [1, 1, 1] },
    keys: { shape: looks ? [N, S, A] : [1, 1, 1] },
    ...Object.fromEntries([...decoderStates(spec, N * K)].map(([name, shape]) => [name, { shape }])),
  });
  const { v, values, keys, ...states } = made;
  return { places: { v, values, keys }, states };
}

function programsOf(
  device: Device,
  model: Translator,
  tokens: TokenProducts,
  held: Held,
  { sentences: N, beam: K, steps: S, products }: PlaceSizes,
  width: number,
) {
  const begin = lazily(() =>
    compile(
      device,
      { source: i32(S, N), lengths: i32(N), ids: i32(N), asked: i32(N) },
      ({ source, lengths, ids, asked }) => {
        const reading = readSource(model, source, lengths, undefined, true);
        const sight = seenByProducts(model, sightOf(model, reading), tokens.context);
        const made = writeStep(writing(model, sight), tokensOf(model, tokens, ids), reading.states, 0);
        const states = Object.entries(held.states).map(([name, v]) => assign(v, everyBeam(made.states[name], K)));
        const looks = sight.attended
          ? [assign(held.places.values, sight.attended.values), assign(held.places.keys, sight.attended.keys)]
          : [];
        const updates = [...states, assign(held.places.v, reading.v), ...looks];
        return { outputs: outputsOf(model, made, asked, width), updates };
      },
      { frozen: true, products },
    ),
  );
  const step = lazily(() =>
    compile(
      device,
      { ids: i32(N * K), parents: i32(N * K), asked: i32(N * K), lengths: i32(N) },
      ({ ids, parents, asked, lengths }) => {
        const before = Object.fromEntries(Object.entries(held.states).map(([name, v]) => [name, gather(v, parents)]));
        const made = writeStep(
          writing(model, heldSight(model, held, lengths, tokens.context)),
          tokensOf(model, tokens, ids),
          before,
          0,
        );
        const updates = Object.entries(held.states).map(([name, v]) => assign(v, made.states[name]));
        return { outputs: outputsOf(model, made, asked, width), updates };
      },
      { frozen: true, products },
    ),
  );
  return { begin, step };
}

/** Something that is made when it is first needed. */
function lazily<T>(make: () => T): { readonly get: () => T; readonly made: () => readonly T[] } {
  const made: T[] = [];
  return {
    get() {
      if (made.length === 0) made.push(make());
      return made[0];
    },
    made: () => made,
  };
}

function outputsOf(model: Translator, made: WrittenStep, asked: Tensor, width: number) {
  const { rows, bias } = headOf(model);
  const { values, ids, logAsked } = topKLinear(made.read, rows, bias, width, asked);
  const [M, S] = [asked.shape[0], made.attention?.shape[2] ?? 0];
  return { values, ids, logAsked, ...(made.attention && { attention: reshape(made.attention, [M, S]) }) };
}

function answerOf(made: Readonly<Record<string, ArrayLike<number>>>): Omit<BeamStep, "rows"> {
  const { values, ids, logAsked, attention } = made;
  return { ids, logProbabilities: values, logAsked, ...(attention && { attention }) };
}

/** Copies what is held of some sentences, and of all their beams, from a larger place to a smaller. */
function moving(device: Device, from: Pick<Place, "held" | "sizes">, to: Pick<Place, "held" | "sizes">) {
  const { sentences: N, beam: K } = to.sizes;
  const looks = Object.values(from.held.places).filter(({ shape }) => shape[0] === from.sizes.sentences);
  return compile(device, { sentences: i32(N), rows: i32(N * K) }, ({ sentences, rows }) => {
    const places = Object.entries(to.held.places).map(([name, target]) => {
      const source = from.held.places[name as keyof Held["places"]];
      if (!looks.includes(source)) return assign(target, source);
      const flat = reshape(source, [source.shape[0], sizeOf(source.shape) / source.shape[0]]);
      return assign(target, reshape(gather(flat, sentences), target.shape));
    });
    const states = Object.entries(to.held.states).map(([name, v]) => assign(v, gather(from.held.states[name], rows)));
    return { updates: [...places, ...states] };
  });
}

/** Rows of all beams of these sentences. */
const rowsOf = (sentences: Int32Array, K: number): Int32Array =>
  Int32Array.from({ length: sentences.length * K }, (_, m) => sentences[Math.floor(m / K)] * K + (m % K));

/** A row for each beam of a sentence. */
export function everyBeam(x: Tensor, K: number): Tensor {
  const [N, H] = x.shape;
  return K === 1 ? x : reshape(broadcastTo(reshape(x, [N, 1, H]), [N, K, H]), [N * K, H]);
}

/** What the beams see of what is held. */
export function heldSight(model: Translator, { places }: Held, lengths: Tensor, products?: ContextProducts): Sight {
  if (model.spec.attention === "none") return { v: places.v };
  const sight = sightOf(model, { v: places.v, lengths, ready: places });
  return products ? { ...sight, products } : sight;
}
