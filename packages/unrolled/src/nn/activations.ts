// The functions a cell may bend its sums with, as data, and their graphs. Formulas and parameters as in ONNX's recurrent operators.
import { SpecError } from "../errors.js";
import {
  abs,
  add,
  clamp,
  div,
  exp,
  hardThreshold,
  less,
  minimum,
  mul,
  relu,
  sigmoid,
  softplus,
  sub,
  tanh,
  where,
} from "../graph/ops/index.js";
import type { Tensor } from "../graph/tensor.js";

/** Activations without parameters. "sigmoid" is the logistic function; "hard-threshold" (1 where x > 0, else 0) has no gradient. */
export const plainActivations = [
  "tanh",
  "sigmoid",
  "relu",
  "linear",
  "softsign",
  "softplus",
  "hard-threshold",
] as const;
export type PlainActivation = (typeof plainActivations)[number];

/** First values of the parameters of those that have some. */
const parameters = {
  /** alpha x + beta */
  affine: { alpha: 1, beta: 0 },
  /** x where x >= 0, else alpha x */
  "leaky-relu": { alpha: 0.01 },
  /** x where x > alpha, else 0 */
  "thresholded-relu": { alpha: 1 },
  /** alpha tanh(beta x); first values of LeCun 1998 */
  "scaled-tanh": { alpha: 1.7159, beta: 2 / 3 },
  /** alpha x + beta, limited to [0,1] */
  "hard-sigmoid": { alpha: 0.2, beta: 0.5 },
  /** x where x >= 0, else alpha (exp(x) - 1) */
  elu: { alpha: 1 },
} as const satisfies Readonly<Record<string, { readonly alpha: number; readonly beta?: number }>>;
type Parameters = typeof parameters;
type Numbers<P> = { readonly [K in keyof P]: number };

export type ActivationName = PlainActivation | keyof Parameters;
export const activationNames: readonly ActivationName[] = [
  ...plainActivations,
  ...(Object.keys(parameters) as (keyof Parameters)[]),
];

/** An activation as it stands in a spec: a name, or a name with all its parameters. */
export type Activation =
  | PlainActivation
  | { readonly [K in keyof Parameters]: { readonly name: K } & Numbers<Parameters[K]> }[keyof Parameters];

const isPlain = (name: unknown): name is PlainActivation => plainActivations.some((plain) => plain === name);

/**
 * Reads a name, or { name, alpha?, beta? }, as an activation with all its parameters. Throws SpecError with the path of what
 * is wrong.
 */
export function readActivation(path: string, value: unknown): Activation {
  const given = new Map(
    typeof value === "object" && value !== null ? Object.entries(value) : [["name", value] as const],
  );
  const name: unknown = given.get("name");
  const own = isPlain(name) ? {} : Object.entries(parameters).find(([key]) => key === name)?.[1];
  if (own === undefined)
    throw new SpecError(`${path}: must be one of ${activationNames.join(", ")}, was ${JSON.stringify(name)}`, {
      code: "spec-value",
    });
  for (const key of given.keys())
    if (key !== "name" && !Object.hasOwn(own, key))
      throw new SpecError(`${path}.${key}: must be absent for ${name}, was ${JSON.stringify(given.get(key))}`, {
        code: "spec-unknown-field",
        hint:
          Object.keys(own).length > 0
            ? `${name} takes ${Object.keys(own).join(" and ")}`
            : `${name} takes no parameter`,
      });
  if (isPlain(name)) return name;
  const numbers = Object.entries(own).map(([key, first]): [string, number] => {
    const number = given.has(key) ? given.get(key) : first;
    if (typeof number !== "number" || !Number.isFinite(number))
      throw new SpecError(`${path}.${key}: must be a finite number, was ${JSON.stringify(number)}`, {
        code: "spec-value",
      });
    return [key, number];
  });
  return { name, ...Object.fromEntries(numbers) } as Activation;
}

/** The activation of every element of x. */
export function activate(activation: Activation, x: Tensor): Tensor {
  if (typeof activation === "string") return plain(activation, x);
  switch (activation.name) {
    case "affine":
      return add(mul(activation.alpha, x), activation.beta);
    case "leaky-relu":
      return where(less(x, 0), mul(activation.alpha, x), x);
    case "thresholded-relu":
      return where(less(activation.alpha, x), x, 0);
    case "scaled-tanh":
      return mul(activation.alpha, tanh(mul(activation.beta, x)));
    case "hard-sigmoid":
      return clamp(add(mul(activation.alpha, x), activation.beta), 0, 1);
    case "elu": // exp of what is not above 0: the branch not taken must stay finite, for its gradient is 0 times it
      return where(less(x, 0), mul(activation.alpha, sub(exp(minimum(x, 0)), 1)), x);
    default:
      return activation satisfies never;
  }
}

function plain(name: PlainActivation, x: Tensor): Tensor {
  switch (name) {
    case "tanh":
      return tanh(x);
    case "sigmoid":
      return sigmoid(x);
    case "relu":
      return relu(x);
    case "linear":
      return x;
    case "softsign":
      return div(x, add(1, abs(x)));
    case "softplus":
      return softplus(x);
    case "hard-threshold":
      return hardThreshold(x);
    default:
      return name satisfies never;
  }
}
