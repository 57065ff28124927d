// Every gradient kernel of the reference against central differences of its forward kernel, in float64.
// T time, N batch, H hidden; R, n, V rows and columns.
import { openReference } from "unrolled";
import { close, type KernelCall, numbers, runKernel } from "unrolled/testing";
import { describe, it } from "vitest";
import { packedBackward, packedForward } from "../../src/testing/cases/recurrent.js";
import { choicesOf } from "../../src/testing/cases/recurrent-options.js";
import { columns, outerSum } from "./matrices.js";

type Buffers = Record<string, Float64Array>;
type Run = (kernel: KernelCall["kernel"], sizes: Record<string, number>, buffers: KernelCall["buffers"]) => Buffers;

function onReference(): Run {
  const device = openReference();
  return (kernel, sizes, buffers) => runKernel(device, { kernel, numbers: sizes, buffers });
}

/** Inner product of the outputs with the weights that play the gradient from outside. */
function weigh(outputs: Buffers, weights: Buffers): number {
  let sum = 0;
  for (const [key, weight] of Object.entries(weights))
    weight.forEach((w, i) => {
      sum += w * outputs[key][i];
    });
  return sum;
}

/** Checks d loss / d inputs[key] for every key of `gradients`, element by element. */
function checkGradients(loss: (inputs: Buffers) => number, inputs: Buffers, gradients: Buffers, label: string): void {
  const step = 1e-5;
  for (const [key, gradient] of Object.entries(gradients)) {
    const x = inputs[key];
    const differences = x.map((value, i) => {
      const moved = (to: number): number => {
        const copy = x.slice();
        copy[i] = to;
        return loss({ ...inputs, [key]: copy });
      };
      return (moved(value + step) - moved(value - step)) / (2 * step);
    });
    // A difference of losses of size 10 over 2e-5 has an error of about 1e-10.
    close(gradient, differences, { relative: 1e-6, absolute: 2e-9, label: `${label}: gradient of ${key}` });
  }
}

interface Layer {
  readonly forward: `${"rnn" | "lstm" | "gru" | "gruBefore"}${"" | "Variant"}`;
  readonly G: number;
}
const layers: readonly Layer[] = [
  { forward: "rnn", G: 1 },
  { forward: "lstm", G: 4 },
  { forward: "gru", G: 3 },
  { forward: "gruBefore", G: 3 },
  { forward: "rnnVariant", G: 1 },
  { forward: "lstmVariant", G: 4 },
  { forward: "gruVariant", G: 3 },
  { forward: "gruBeforeVariant", G: 3 },
];

function checkLayer(layer: Layer, T: number, reverse: number, lengths: number[] | null, activation: number): void {
  const { forward } = layer;
  const choice = choicesOf(forward)[activation];
  const G = layer.G - (choice?.numbers.coupled ?? 0);
  const [N, H] = [3, 3];
  const run = onReference();
  const draw = numbers(T + 10 * activation + 100 * reverse + G);
  const sizes = { T, N, H, reverse, ...(forward === "rnn" ? { activation } : {}), ...choice?.numbers };
  const lstm = forward.startsWith("lstm");
  const [after, before] = [forward.replace("Variant", "") === "gru", forward.startsWith("gruBefore")];
  const fixed = choice && lstm ? { p: choice.peepholes ? draw.normal((G - 1) * H) : null } : {};
  const weights: Buffers = { h: draw.normal((T + 1) * N * H) };
  if (lstm) weights.c = draw.normal((T + 1) * N * H);
  const inputs: Buffers = { pre: draw.normal(T * N * G * H), h0: draw.normal(N * H), R: draw.normal(G * H * H, 0.6) };
  if (lstm) inputs.c0 = draw.normal(N * H);
  if (after) inputs.bR = draw.normal(3 * H);
  const evaluate = ({ R, ...rest }: Buffers): Buffers => {
    const packed = before
      ? { rz: packedForward(R, H, 0, 2), rn: packedForward(R, H, 2, 3) }
      : { r: packedForward(R, H, 0, G) };
    return run(forward, sizes, { ...rest, ...fixed, ...packed, lengths });
  };
  const y = evaluate(inputs);
  const { R } = inputs;
  const packed = before
    ? { rzT: packedBackward(R, H, 0, 2), rnT: packedBackward(R, H, 2, 3) }
    : { rT: packedBackward(R, H, 0, G) };
  const kept = lstm ? { gates: y.gates, c: y.c, dc: weights.c } : { ...y };
  const d = run(`${forward}Grad`, sizes, { ...kept, ...fixed, ...packed, dh: weights.h, lengths });

  const rows = T * N;
  const drec = d.drec ?? d.dpre;
  const read = reverse ? y.h.slice(N * H) : y.h.slice(0, rows * H); // the slots that the steps read
  const dR = before
    ? [outerSum(columns(drec, 3 * H, 0, 2 * H), read, rows), outerSum(columns(drec, 3 * H, 2 * H, 3 * H), y.rh, rows)]
    : [outerSum(drec, read, rows)];
  const gradients: Buffers = { pre: d.dpre, h0: d.dh0, R: Float64Array.from(dR.flatMap((part) => [...part])) };
  if (lstm) gradients.c0 = d.dc0;
  if (after) gradients.bR = outerSum(new Float64Array(rows).fill(1), drec, rows);
  checkGradients(
    (changed) => weigh(evaluate(changed), weights),
    inputs,
    gradients,
    `${forward} T=${T} ${choice?.name}`,
  );
}

describe("recurrent layers", () => {
  for (const layer of layers)
    for (const T of [1, 2, 5])
      for (const reverse of [0, 1])
        for (const ragged of [false, true]) {
          it(`${layer.forward} T=${T}${reverse ? " reverse" : ""}${ragged ? " ragged" : ""}`, () => {
            const lengths = ragged ? [T, 0, Math.ceil(T / 2)] : null;
            const activations = layer.forward === "rnn" ? [0, 1, 2, 3] : [0, ...choicesOf(layer.forward).keys()];
            for (const activation of activations) checkLayer(layer, T, reverse, lengths, activation);
          });
        }
});

describe("rows", () => {
  for (const log of [0, 1]) {
    it(log ? "log softmax" : "softmax", () => {
      const run = onReference();
      const draw = numbers(log);
      const sizes = { R: 3, n: 5, log };
      const inputs = { x: draw.normal(15, 2) };
      const weights = { y: draw.normal(15) };
      const { y } = run("softmax", sizes, inputs);
      const { dx } = run("softmaxGrad", sizes, { dy: weights.y, y });
      checkGradients((changed) => weigh(run("softmax", sizes, changed), weights), inputs, { x: dx }, "softmax");
    });
  }

  it("cross entropy", () => {
    const run = onReference();
    const draw = numbers(5);
    const sizes = { R: 5, V: 4, ignore: 3 };
    const targets = [0, 3, 2, -1, 7];
    const inputs = { logits: draw.normal(20, 2) };
    const weights = { loss: draw.normal(5) };
    const { lse } = run("crossEntropy", sizes, { ...inputs, targets });
    const { dlogits } = run("crossEntropyGrad", sizes, { ...inputs, lse, targets, dloss: weights.loss });
    const loss = (changed: Buffers): number => weigh(run("crossEntropy", sizes, { ...changed, targets }), weights);
    checkGradients(loss, inputs, { logits: dlogits }, "crossEntropy");
  });

  it("layer normalisation", () => {
    const run = onReference();
    const draw = numbers(6);
    const [R, n] = [3, 7];
    const inputs = { x: draw.normal(R * n), gain: draw.normal(n), bias: draw.normal(n) };
    const weights = { y: draw.normal(R * n) };
    const evaluate = (changed: Buffers): Buffers => run("layerNorm", { R, n, epsilon: 1e-5 }, changed);
    const { mean, rstd } = evaluate(inputs);
    const d = run("layerNormGrad", { R, n }, { dy: weights.y, x: inputs.x, mean, rstd, gain: inputs.gain });
    const gradients = { x: d.dx, gain: d.dgain, bias: d.dbias };
    checkGradients((changed) => weigh(evaluate(changed), weights), inputs, gradients, "layerNorm");
  });

  it("gather, whose gradient is scatterAdd", () => {
    const run = onReference();
    const draw = numbers(7);
    const sizes = { R: 6, D: 3, V: 4 };
    const ids = [2, 0, 2, -1, 4, 3];
    const inputs = { table: draw.normal(12) };
    const weights = { y: draw.normal(18) };
    const { table } = run("scatterAdd", sizes, { x: weights.y, ids });
    checkGradients((changed) => weigh(run("gather", sizes, { ...changed, ids }), weights), inputs, { table }, "gather");
  });
});
