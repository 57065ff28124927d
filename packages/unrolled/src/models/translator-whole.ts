// The translator as a graph: a whole target at once, its tokens given. T target steps, N sentences, H hidden, C width of the encoder's
// places, P readout.
import { at, broadcastTo, concat, reshape, stack, transpose, zeros } from "../graph/ops/index.js";
import type { Tensor } from "../graph/tensor.js";
import { attend } from "../nn/attention.js";
import type { Named } from "../nn/cell.js";
import { runStack } from "../nn/stack.js";
import {
  type DecodedStep,
  decodeStep,
  partsOf,
  type Reading,
  readoutOf,
  readTarget,
  sightOf,
  streams,
  tokenProducts,
  type Writing,
  writing,
} from "./translator-graph.js";
import type { Translator } from "./translator.js";
import { stepwise } from "./translator-spec.js";

export interface Written {
  /** What the head reads at every step [T,N,P]. */
  readonly read: Tensor;
  /** [N,T,S] */
  readonly attention?: Tensor;
}

/** A whole target, its tokens given: ids [T,N] from the boundary on. Large products are made for all steps at once. */
export function writeAll(model: Translator, reading: Reading, ids: Tensor, key?: Tensor): Written {
  const how = writing(model, sightOf(model, reading), key);
  const vectors = readTarget(model, ids, key);
  return stepwise(model.spec)
    ? writeBySteps(how, reading.states, vectors, ids.shape[0])
    : writeAtOnce(how, reading.states, vectors, ids.shape);
}

function writeBySteps(how: Writing, first: Named, vectors: Tensor | undefined, T: number): Written {
  const { spec } = how.model;
  const products = tokenProducts(how, vectors);
  const reads: Tensor[] = [];
  const steps: DecodedStep[] = [];
  let states = first;
  for (let t = 0; t < T; t++) {
    const token = { ...(vectors && { vector: at(vectors, 0, t) }), ...(products && { product: at(products, 0, t) }) };
    const step = decodeStep(how, token, states, t);
    states = step.states;
    steps.push(step);
    if (!spec.feeding) continue;
    const read = readoutOf(how, partsOf(spec, step.state, step.seen, token.vector), t);
    states = { ...states, readout: read };
    reads.push(read);
  }
  const looks = steps.flatMap(({ attention }) => attention ?? []);
  const read = spec.feeding ? stack(reads) : readoutOf(how, partsOf(spec, ...allSteps(steps), vectors));
  return { read, ...(looks.length > 0 && { attention: concat(looks, 1) }) };
}

/** The states of all steps [T,M,H], and what they saw [T,M,C]. */
function allSteps(steps: readonly DecodedStep[]): [state: Tensor, seen: Tensor | undefined] {
  const seen = steps.flatMap((step) => step.seen ?? []);
  return [stack(steps.map(({ state }) => state)), seen.length > 0 ? stack(seen) : undefined];
}

function writeAtOnce(how: Writing, first: Named, vectors: Tensor | undefined, [T, N]: readonly number[]): Written {
  const { model, sight, stack: weights, key } = how;
  const { spec } = model;
  const C = sight.v.shape[1];
  const every = spec.context === "every" ? broadcastTo(reshape(sight.v, [1, N, C]), [T, N, C]) : undefined;
  const input = [vectors, every].filter((x) => x !== undefined);
  const { y } = runStack(spec.decoder, weights, input.length > 0 ? concat(input) : zeros([T, N, 0]), first, {
    name: "decoder",
    stream: streams.decoder,
    ...(key && { key }),
  });
  const seen = sight.attended && attend(sight.attended, transpose(y, [1, 0, 2]));
  const context = seen ? transpose(seen.context, [1, 0, 2]) : every;
  const parts = partsOf(spec, y, context, vectors);
  const read = readoutOf(how, parts);
  return { read, ...(seen && { attention: seen.weights }) };
}
