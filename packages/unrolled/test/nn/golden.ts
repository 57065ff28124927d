// What a device computes against what PyTorch computed in float64 (tools/golden). T time, N batch, D input, H hidden, V vocabulary.
import { readFileSync } from "node:fs";
import {
  add,
  adagrad,
  adam,
  adamw,
  carriedStates,
  compile,
  concat,
  crossEntropy,
  type Device,
  div,
  f32,
  forward,
  gradient,
  gru,
  i32,
  type InputSpec,
  type LanguageModel,
  layerNorm,
  linear,
  loadLanguageModel,
  lstm,
  makeOptimizer,
  mul,
  type NamedArray,
  type OptimizerSpec,
  readWeights,
  reshape,
  rmsprop,
  rnn,
  type Scalar,
  sgd,
  slice,
  sum,
  type Tensor,
  trainingStep,
  writeWeights,
} from "unrolled";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type Engine, near } from "../laws/engine.js";

export interface Plain {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

const read = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../../../../tools/golden/fixtures/${name}.json`, import.meta.url), "utf8")) as T;

interface LayerCase {
  readonly kind: "rnn-tanh" | "rnn-relu" | "gru" | "lstm";
  readonly layers: number;
  readonly both: boolean;
  readonly lengths: readonly number[];
  readonly inputs: Readonly<Record<string, Plain>>;
  readonly weigh: Readonly<Record<string, Plain>>;
  readonly results: Readonly<Record<string, Plain>>;
  readonly loss: number;
  readonly gradients: Readonly<Record<string, Plain>>;
}

type Tensors = Readonly<Record<string, Tensor>>;

/** One layer in one direction, by the ops themselves. */
function direction(
  kind: LayerCase["kind"],
  x: Tensor,
  given: Tensors,
  place: number,
  suffix: string,
  reverse: boolean,
) {
  const [W, R, b, bR] = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"].map((name) => given[`${name}${suffix}`]);
  const state = (name: string): Tensor => reshape(slice(given[name], 0, place, place + 1), given[name].shape.slice(1));
  const options = { lengths: given.lengths, reverse };
  if (kind === "gru") return { ...gru(linear(x, W, b), R, bR, state("h0"), options), c: undefined };
  const pre = linear(x, W, add(b, bR));
  if (kind === "lstm") return lstm(pre, R, state("h0"), state("c0"), options);
  const activation = kind === "rnn-relu" ? "relu" : "tanh";
  return { ...rnn(pre, R, state("h0"), { ...options, activation }), c: undefined };
}

/** The whole stack: outputs of the top layer and the last states in PyTorch's order. */
function stackOf({ kind, layers, both }: LayerCase, given: Tensors): Record<string, Tensor> {
  const last: { readonly h: Tensor; readonly c: Tensor | undefined }[] = [];
  let x = given.x;
  for (let l = 0; l < layers; l++) {
    const made = (both ? [false, true] : [false]).map((reverse) =>
      direction(kind, x, given, last.length + (reverse ? 1 : 0), `_l${l}${reverse ? "_reverse" : ""}`, reverse),
    );
    last.push(...made);
    x =
      made.length === 1
        ? made[0].y
        : concat(
            made.map(({ y }) => y),
            2,
          ); // prettier-ignore
  }
  const joined = (states: readonly Tensor[]): Tensor =>
    concat(
      states.map((s) => reshape(s, [1, ...s.shape])),
      0,
    ); // prettier-ignore
  const h = joined(last.map((made) => made.h));
  return kind === "lstm" ? { y: x, h, c: joined(last.map((made) => made.c as Tensor)) } : { y: x, h };
}

/** PyTorch gives zeros past a row's length; here the state is copied through. */
function withinLengths(y: ArrayLike<number>, shape: readonly number[], lengths: readonly number[]): Float64Array {
  const [, N, width] = shape;
  return Float64Array.from(y, (value, i) =>
    Math.floor(i / (N * width)) < lengths[Math.floor(i / width) % N] ? value : 0,
  );
}

function checkLayers(device: Device, golden: LayerCase, tolerance: number): void {
  const asked = Object.keys(golden.inputs);
  const weights = Object.fromEntries(Object.entries(golden.weigh).map(([name, plain]) => [`R ${name}`, plain]));
  const ragged = golden.lengths.some((length) => length !== golden.lengths[0]);
  const specs: Record<string, InputSpec> = ragged ? { lengths: i32(golden.lengths.length) } : {};
  const values: Record<string, readonly number[]> = ragged ? { lengths: golden.lengths } : {};
  for (const [name, plain] of Object.entries({ ...golden.inputs, ...weights })) {
    specs[name] = f32(...plain.shape);
    values[name] = plain.values;
  }
  const program = compile(device, specs, (given) => {
    const results = stackOf(golden, given);
    const loss = Object.entries(results)
      .map(([name, t]) => sum(mul(given[`R ${name}`], t)))
      .reduce((a, b) => add(a, b)) as Scalar;
    const gradients = gradient(
      loss,
      asked.map((name) => given[name]),
    ); // prettier-ignore
    return { outputs: { loss, ...results, ...Object.fromEntries(gradients.map((g, i) => [`d ${asked[i]}`, g])) } };
  });
  const out = program.run(values) as Record<string, ArrayLike<number>> & { loss: number };
  near([out.loss], [golden.loss], tolerance, "loss");
  for (const [name, { shape, values: expected }] of Object.entries(golden.results))
    near(name === "y" ? withinLengths(out.y, shape, golden.lengths) : out[name], expected, tolerance, name);
  for (const name of asked) near(out[`d ${name}`], golden.gradients[name].values, tolerance, `gradient of ${name}`);
  program.close();
}

function checkCrossEntropy(device: Device, tolerance: number): void {
  const g = read<Record<"logits" | "targets" | "each" | "dlogits", Plain> & { mean: number }>("cross-entropy");
  const program = compile(
    device,
    { logits: f32(...g.logits.shape), targets: i32(...g.targets.shape) },
    ({ logits, targets }) => {
      const made = crossEntropy(logits, targets);
      const mean = div(made.sum, made.count);
      return { outputs: { mean, each: made.each, dlogits: gradient(mean, [logits])[0] } };
    },
  );
  const out = program.run({ logits: g.logits.values, targets: g.targets.values });
  near([out.mean], [g.mean], tolerance, "mean");
  near(out.each, g.each.values, tolerance, "each");
  near(out.dlogits, g.dlogits.values, tolerance, "gradient of the logits");
  program.close();
}

function checkLayerNorm(device: Device, tolerance: number): void {
  const g = read<Record<"x" | "gain" | "bias" | "weigh" | "y" | "dx" | "dgain" | "dbias", Plain>>("layer-norm");
  const inputs = {
    x: f32(...g.x.shape),
    gain: f32(...g.gain.shape),
    bias: f32(...g.bias.shape),
    weigh: f32(...g.weigh.shape),
  };
  const program = compile(device, inputs, ({ x, gain, bias, weigh }) => {
    const y = layerNorm(x, gain, bias);
    const [dx, dgain, dbias] = gradient(sum(mul(weigh, y)), [x, gain, bias]);
    return { outputs: { y, dx, dgain, dbias } };
  });
  const out = program.run({ x: g.x.values, gain: g.gain.values, bias: g.bias.values, weigh: g.weigh.values });
  for (const name of ["y", "dx", "dgain", "dbias"] as const) near(out[name], g[name].values, tolerance, name);
  program.close();
}

interface ModelCase {
  readonly V: number;
  readonly D: number;
  readonly H: number;
  readonly clip: number;
  readonly x: Plain;
  readonly y: Plain;
  readonly weights: Readonly<Record<string, Plain>>;
  readonly gradients: Readonly<Record<string, Plain>>;
  readonly runs: Readonly<Record<string, readonly { loss: number; norm: number; weights: Record<string, number[]> }[]>>;
}

const betas = { beta1: 0.9, beta2: 0.99 };
const optimizers: Readonly<Record<string, OptimizerSpec>> = {
  sgd: sgd({ rate: 0.5, momentum: 0.9, decay: 0.01 }),
  "sgd-nesterov": sgd({ rate: 0.5, momentum: 0.9, nesterov: true }),
  adagrad: adagrad({ rate: 0.1, decay: 0.01 }),
  rmsprop: rmsprop({ rate: 0.01, alpha: 0.95, decay: 0.01 }),
  adam: adam({ rate: 0.05, ...betas, decay: 0.01 }),
  adamw: adamw({ rate: 0.05, ...betas, decay: 0.1 }),
};

const modelOf = ({ V, D, H, weights }: ModelCase): LanguageModel =>
  loadLanguageModel({
    spec: {
      format: "unrolled",
      version: 1,
      task: "language-model",
      tokens: "char",
      vocabulary: V,
      cell: "lstm",
      reset: "after",
      embedding: D,
      hidden: [H, H],
      dropout: 0,
      tied: false,
    }, // prettier-ignore
    vocabulary: { kind: "char", tokens: [..."abcdefgh"].slice(0, V) },
    weights: Object.entries(weights).map(
      ([name, { shape, values }]): NamedArray => ({ name, shape, data: Float64Array.from(values) }),
    ),
  });

function checkGradients(device: Device, golden: ModelCase, tolerance: number): void {
  const model = modelOf(golden);
  const [T, N] = golden.x.shape;
  const names = Object.keys(model.weights);
  const carried = carriedStates(model.spec, N);
  const program = compile(device, { x: i32(T, N), y: i32(T, N) }, ({ x, y }) => {
    const { sum: nats, count } = crossEntropy(forward(model, x, carried).logits, y);
    const gradients = gradient(div(nats, count), Object.values(model.weights));
    return { outputs: Object.fromEntries(gradients.map((g, i) => [names[i], g])) };
  });
  const out = program.run({ x: golden.x.values, y: golden.y.values }) as Record<string, Float64Array>;
  for (const name of names) near(out[name], golden.gradients[name].values, tolerance, `gradient of ${name}`);
  program.close();
}

/** The very training step that `train` runs. */
function checkSteps(device: Device, golden: ModelCase, name: string, tolerance: number): void {
  const model = modelOf(golden);
  const [T, N] = golden.x.shape;
  const optimizer = makeOptimizer(optimizers[name], Object.values(model.weights)[0].storage);
  const carried = carriedStates(model.spec, N);
  writeWeights(
    model,
    device,
    Object.entries(golden.weights).map(([key, { shape, values }]) => ({
      name: key,
      shape,
      data: Float64Array.from(values),
    })),
  ); // prettier-ignore
  const step = trainingStep(device, { model, optimizer, batch: N, sequence: T, clip: { norm: golden.clip }, carried });
  for (const [i, expected] of golden.runs[name].entries()) {
    const rate = optimizer.rates(i + 1, optimizers[name].rate);
    const { loss, gradientNorm } = step.run({ x: golden.x.values, y: golden.y.values, key: [1, i], rate });
    near([loss, gradientNorm], [expected.loss, expected.norm], tolerance, `${name}: loss and norm of step ${i + 1}`);
    for (const { name: weight, data } of readWeights(model, device))
      near(data, expected.weights[weight], tolerance, `${name}: ${weight} after step ${i + 1}`);
  }
  step.close();
}

export function goldenSuite(engine: Engine): void {
  describe(`${engine.name} computes what PyTorch does`, () => {
    let device: Device;
    beforeAll(async () => {
      device = await engine.open();
    });
    afterAll(() => device.close());
    for (const kind of ["rnn-tanh", "rnn-relu", "gru", "lstm"])
      for (const golden of read<LayerCase[]>(kind)) {
        const ragged = golden.lengths.every((length) => length === golden.lengths[0]) ? "" : ", ragged";
        const name = `${kind}, ${golden.layers} layers${golden.both ? ", both directions" : ""}${ragged}`;
        it(name, () => checkLayers(device, golden, engine.tolerance));
      }
    it("cross-entropy with ignored targets", () => checkCrossEntropy(device, engine.tolerance));
    it("layer normalisation", () => checkLayerNorm(device, engine.tolerance));
    const golden = read<ModelCase>("language-model");
    it("every gradient of a language model", () => checkGradients(device, golden, engine.tolerance));
    // Three steps multiply rounding by the optimizer's own slope: adaptive rates divide by small second moments.
    for (const name of Object.keys(optimizers))
      it(`three clipped steps of ${name}`, () => checkSteps(device, golden, name, 10 * engine.tolerance));
  });
}
