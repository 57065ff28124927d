// Additive attention as one op (Bahdanau 2015). N batch, K queries of a row, S places, A units, C width of a place.
import { ShapeError } from "../../errors.js";
import { node, type Op } from "../op.js";
import { sameShape, showShape, type Tensor } from "../tensor.js";
import { zerosLike } from "./elementwise.js";
import { optional } from "./layer.js";
import { matmul } from "./matmul.js";
import { summedRows, sumTo } from "./reduce.js";
import { concat, isPart, part, reshape, transpose } from "./shape.js";

interface AttendAttributes {
  readonly N: number;
  readonly K: number;
  readonly S: number;
  readonly A: number;
  readonly C: number;
  readonly lengths: boolean;
}

interface GradAttributes extends AttendAttributes {
  readonly dweights: boolean;
}

type KeysAttributes = Omit<AttendAttributes, "C">;

const sizes = ({ N, K, S, A, C }: AttendAttributes): Record<string, number> => ({ N, K, S, A, C });

// Results: context [N,K,C], weights [N,K,S]. Inputs: keys, values, asked, energy, lengths.
const attendOp: Op<AttendAttributes> = {
  name: "attend",
  gradient: (context, [dcontext, dweights]) => {
    const [keys, values, asked, energy, ...lengths] = context.inputs;
    const weights = part(context, 1);
    const dc = dcontext ?? zerosLike(context);
    const dasked = node(
      attendGradOp,
      [dc, weights, keys, values, asked, energy, ...lengths, ...optional(dweights)],
      asked.shape,
      { ...context.attributes, dweights: dweights !== undefined },
      { further: [weights.shape] },
    );
    const dkeys = keysGradient(keys, energy, lengths, byQueries(asked), byQueries(part(dasked, 1)));
    return [
      dkeys,
      matmul(weights, dc, { transposeA: true }),
      dasked,
      sumTo(part(dkeys, 1), energy.shape),
      ...lengths.map(() => undefined),
    ];
  },
  lower: (context, emit) => {
    const [keys, values, asked, energy, lengths] = context.inputs.map((t) => emit.read(t));
    const outputs = { context: emit.write(context), weights: emit.write(context, 1) };
    emit.call("attend", { ...outputs, keys, values, asked, energy, lengths, ...sizes(context.attributes) });
  },
};

// Results: dasked, dscores [N,K,S].
const attendGradOp: Op<GradAttributes> = {
  name: "attendGrad",
  lower: (dasked, emit) => {
    const { attributes } = dasked;
    const [dcontext, weights, keys, values, asked, energy, ...rest] = dasked.inputs.map((t) => emit.read(t));
    const lengths = attributes.lengths ? rest[0] : undefined;
    const dweights = attributes.dweights ? rest[rest.length - 1] : undefined;
    const outputs = { dasked: emit.write(dasked), dscores: emit.write(dasked, 1) };
    const given = { dcontext, dweights, weights, keys, values, asked, energy, lengths };
    emit.call("attendGrad", { ...outputs, ...given, ...sizes(attributes) });
  },
};

// Results: dkeys [N,S,A], denergy [N,A]. Inputs: keys, energy, asked [K,N,A], dscores [K,N,S], lengths.
const keysGradOp: Op<KeysAttributes> = {
  name: "attendKeysGrad",
  lower: (dkeys, emit) => {
    const { N, K, S, A } = dkeys.attributes;
    const [keys, energy, asked, dscores, lengths] = dkeys.inputs.map((t) => emit.read(t));
    const outputs = { dkeys: emit.write(dkeys), denergy: emit.write(dkeys, 1) };
    emit.call("attendKeysGrad", { ...outputs, dscores, keys, asked, energy, lengths, N, K, S, A });
  },
};

/** [N,K,width] -> [K,N,width], for one query a view. */
const byQueries = (x: Tensor): Tensor =>
  x.shape[1] === 1 ? reshape(x, [1, x.shape[0], x.shape[2]]) : transpose(x, [1, 0, 2]);

function keysGradient(
  keys: Tensor,
  energy: Tensor,
  lengths: readonly Tensor[],
  asked: Tensor,
  dscores: Tensor,
): Tensor<KeysAttributes> {
  const [N, S, A] = keys.shape;
  const attributes = { N, K: asked.shape[0], S, A, lengths: lengths.length > 0 };
  return node(keysGradOp, [keys, energy, asked, dscores, ...lengths], keys.shape, attributes, { further: [[N, A]] });
}

/** For a gradient of the keys, or of the energy as the sum of one: the node both are results of. */
function keysGradOf(x: Tensor): Tensor | undefined {
  const rows = summedRows(x);
  const result = rows === undefined ? x : rows;
  const source = isPart(result) ? result.inputs[0] : result;
  return source.op === (keysGradOp as Op) && (rows !== undefined) === isPart(result) ? source : undefined;
}

/** The keys, for a contribution to the gradient of keys or energy: what those must share that `joinAttended` makes one. */
export const attendedKeys = (x: Tensor): Tensor | undefined => keysGradOf(x)?.inputs[0];

/** Several contributions over the same keys, the last step's first, as one of all their queries. */
export function joinAttended(contributions: readonly Tensor[]): Tensor {
  const nodes = contributions.map((x) => keysGradOf(x) as Tensor).reverse();
  const [keys, energy, , , ...lengths] = nodes[0].inputs;
  const all = (input: number): Tensor =>
    concat(
      nodes.map((node) => node.inputs[input]),
      0,
    );
  const joined = keysGradient(keys, energy, lengths, all(2), all(3));
  const [first] = contributions;
  return keysGradOf(first) === first ? joined : sumTo(part(joined, 1), energy.shape);
}

export interface AdditiveAttention {
  /** The weighted mean of the places [N,K,C]. */
  readonly context: Tensor;
  /** [N,K,S]: each row sums to 1 and is 0 where no place is; all equal for a row that has none. */
  readonly weights: Tensor;
}

/**
 * weights = softmax over the places of energy' tanh(keys + asked), context = the weighted mean of values. keys [N,S,A],
 * values [N,S,C], asked [N,K,A], energy [A], lengths i32 [N] (all S places where left out). The tanh [N,K,S,A] are never in
 * memory; gradients of keys used at many steps are made at once. Bahdanau 2015. ShapeError where shapes do not fit.
 */
export function additiveAttention(
  keys: Tensor,
  values: Tensor,
  asked: Tensor,
  energy: Tensor,
  lengths?: Tensor,
): AdditiveAttention {
  const [N, S, A] = keys.shape;
  const [K, C] = [asked.shape[1], values.shape[2]];
  const wanted = { values: [N, S, C], asked: [N, K, A], energy: [A] };
  if (keys.shape.length !== 3)
    throw new ShapeError(`additiveAttention: keys must be [N,S,A], was ${showShape(keys.shape)}`);
  for (const [name, tensor] of Object.entries({ values, asked, energy })) {
    const shape = wanted[name as keyof typeof wanted];
    if (!sameShape(tensor.shape, shape))
      throw new ShapeError(`additiveAttention: ${name} must be ${showShape(shape)}, was ${showShape(tensor.shape)}`);
  }
  if (lengths && (lengths.dtype !== "i32" || !sameShape(lengths.shape, [N])))
    throw new ShapeError(
      `additiveAttention: lengths must be i32 ${showShape([N])}, was ${lengths.dtype} ${showShape(lengths.shape)}`,
    );
  const attributes = { N, K, S, A, C, lengths: lengths !== undefined };
  const inputs = [keys, values, asked, energy, ...optional(lengths)];
  const context = node(attendOp, inputs, [N, K, C], attributes, { further: [[N, K, S]] });
  return { context, weights: part(context, 1) };
}
