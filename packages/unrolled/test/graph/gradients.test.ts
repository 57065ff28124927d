// Central differences in float64 over every op and fused layer. T time, N batch, H hidden.
import { describe, expect, it } from "vitest";
import { openReference } from "../../src/device/reference/index.js";
import { f32, i32, type InputSpec } from "../../src/graph/compile.js";
import * as ops from "../../src/graph/ops/index.js";
import type { Scalar, Tensor } from "../../src/graph/tensor.js";
import { type CheckedInput, gradientCheck } from "../../src/testing/gradient-check.js";

const device = openReference();

/** Distinct numbers, none near a kink or a pole. */
function values(spec: InputSpec, seed: number): Float64Array {
  const size = spec.shape.reduce((a, b) => a * b, 1);
  return Float64Array.from(
    { length: size },
    (_, i) => Math.sin(1.7 * (i + 1) + seed) * 0.9 + 0.05 * Math.cos(i * i + seed),
  );
}

type Inputs = Readonly<Record<string, Tensor>>;
interface Row {
  readonly name: string;
  readonly specs: Readonly<Record<string, InputSpec>>;
  readonly build: (inputs: Inputs) => Tensor;
  readonly given?: Readonly<Record<string, readonly number[]>>;
  readonly positive?: readonly string[];
}

const ab = { a: f32(2, 3), b: f32(2, 3) };
const unary = (name: string, op: (x: Tensor) => Tensor, positive = false): Row => ({
  name,
  specs: { a: f32(5) },
  build: ({ a }) => op(a),
  ...(positive && { positive: ["a"] }),
}); // prettier-ignore

const rows: Row[] = [
  { name: "add", specs: ab, build: ({ a, b }) => ops.add(a, b) },
  { name: "add, broadcast row", specs: { a: f32(2, 3), b: f32(3) }, build: ({ a, b }) => ops.add(a, b) },
  { name: "sub, broadcast column", specs: { a: f32(2, 3), b: f32(2, 1) }, build: ({ a, b }) => ops.sub(b, a) },
  { name: "mul, both broadcast", specs: { a: f32(2, 1, 3), b: f32(4, 1) }, build: ({ a, b }) => ops.mul(a, b) },
  { name: "div", specs: ab, build: ({ a, b }) => ops.div(a, b), positive: ["b"] },
  { name: "power", specs: ab, build: ({ a, b }) => ops.power(a, b), positive: ["a"] },
  { name: "power of a number", specs: ab, build: ({ a }) => ops.power(a, 3) },
  { name: "minimum", specs: ab, build: ({ a, b }) => ops.minimum(a, b) },
  { name: "maximum", specs: ab, build: ({ a, b }) => ops.maximum(a, b) },
  { name: "where", specs: ab, build: ({ a, b }) => ops.where(ops.less(a, b), ops.mul(a, a), ops.mul(3, b)) },
  { name: "clamp", specs: ab, build: ({ a }) => ops.clamp(a, -0.4, 0.4) },
  unary("neg", ops.neg),
  unary("abs", ops.abs),
  unary("exp", ops.exp),
  unary("tanh", ops.tanh),
  unary("sigmoid", ops.sigmoid),
  unary("relu", ops.relu),
  unary("softplus", ops.softplus),
  unary("square", ops.square),
  unary("log", ops.log, true),
  unary("sqrt", ops.sqrt, true),
  unary("sign and floor give none", (x) => ops.add(ops.mul(x, x), ops.add(ops.sign(x), ops.floor(x)))),
  { name: "sum of an axis", specs: { a: f32(2, 3, 4) }, build: ({ a }) => ops.sum(a, { axes: [1] }) },
  { name: "sum of outer axes", specs: { a: f32(2, 3, 4) }, build: ({ a }) => ops.sum(a, { axes: [0, 2], keep: true }) },
  { name: "mean", specs: { a: f32(2, 3) }, build: ({ a }) => ops.mean(a, { axes: [-1] }) },
  { name: "max", specs: { a: f32(3, 4) }, build: ({ a }) => ops.max(a, { axes: [0] }) },
  { name: "matmul", specs: { a: f32(2, 3), b: f32(3, 4) }, build: ({ a, b }) => ops.matmul(a, b) },
  {
    name: "matmul, a transposed",
    specs: { a: f32(3, 2), b: f32(3, 4) },
    build: ({ a, b }) => ops.matmul(a, b, { transposeA: true }),
  },
  {
    name: "matmul, b transposed",
    specs: { a: f32(2, 3), b: f32(4, 3) },
    build: ({ a, b }) => ops.matmul(a, b, { transposeB: true }),
  },
  {
    name: "matmul, both transposed",
    specs: { a: f32(3, 2), b: f32(4, 3) },
    build: ({ a, b }) => ops.matmul(a, b, { transposeA: true, transposeB: true }),
  },
  { name: "matmul, rows of rows", specs: { a: f32(2, 5, 3), b: f32(3, 4) }, build: ({ a, b }) => ops.matmul(a, b) },
  {
    name: "matmul, rows of rows, b transposed",
    specs: { a: f32(2, 5, 3), b: f32(4, 3) },
    build: ({ a, b }) => ops.matmul(a, b, { transposeB: true }),
  },
  { name: "matmul, batched", specs: { a: f32(2, 5, 3), b: f32(2, 3, 4) }, build: ({ a, b }) => ops.matmul(a, b) },
  {
    name: "matmul, batched, a transposed",
    specs: { a: f32(2, 3, 5), b: f32(3, 4) },
    build: ({ a, b }) => ops.matmul(a, b, { transposeA: true }),
  },
  {
    name: "matmul, batch broadcast",
    specs: { a: f32(2, 1, 5, 3), b: f32(4, 3, 2) },
    build: ({ a, b }) => ops.matmul(a, b),
  },
  {
    name: "matmul of a slice and a transpose",
    specs: { a: f32(4, 6), b: f32(2, 3) },
    build: ({ a, b }) => ops.matmul(ops.slice(a, 1, 2, 5), ops.transpose(b)),
  },
  { name: "linear", specs: { a: f32(2, 5, 3), b: f32(4, 3), c: f32(4) }, build: ({ a, b, c }) => ops.linear(a, b, c) },
  {
    name: "additive attention",
    specs: { k: f32(2, 3, 4), v: f32(2, 3, 5), q: f32(2, 2, 4), e: f32(4) },
    build: ({ k, v, q, e }) => ops.additiveAttention(k, v, q, e).context,
  },
  {
    name: "additive attention, ragged, step by step, its weights in the loss",
    specs: { k: f32(3, 4, 2), v: f32(3, 4, 3), q: f32(3, 1, 2), W: f32(3, 2), e: f32(2), l: i32(3) },
    given: { l: [2, 0, 4] },
    build: ({ k, v, q, W, e, l }) => {
      let asked = q;
      const seen: Tensor[] = [];
      for (let t = 0; t < 3; t++) {
        const { context, weights } = ops.additiveAttention(k, v, asked, e, l);
        seen.push(ops.concat([context, ops.mul(weights, t)]));
        asked = ops.matmul(context, W);
      }
      return ops.concat(seen, 1);
    },
  },
  {
    name: "one matrix of a batch in several products",
    specs: { a: f32(2, 1, 3), b: f32(2, 4, 3), c: f32(2, 2, 3) },
    build: ({ a, b, c }) => {
      const look = (x: Tensor): Tensor => ops.matmul(ops.matmul(x, b, { transposeB: true }), b);
      return ops.concat([look(look(a)), look(c)], 1);
    },
  },
  {
    name: "one part of a weight in several products",
    specs: { a: f32(2, 3), W: f32(3, 7) },
    build: ({ a, W }) => {
      const step = (x: Tensor): Tensor => ops.tanh(ops.matmul(x, ops.slice(W, 1, 2, 5)));
      return ops.concat([step(step(step(a))), ops.matmul(a, ops.slice(W, 1, 4, 6))]);
    },
  },
  { name: "softmax", specs: { a: f32(2, 5) }, build: ({ a }) => ops.softmax(a) },
  { name: "logSoftmax", specs: { a: f32(2, 5) }, build: ({ a }) => ops.logSoftmax(a) },
  {
    name: "crossEntropy",
    specs: { a: f32(4, 5), t: i32(4) },
    given: { t: [0, 3, -1, 4] },
    build: ({ a, t }) => ops.crossEntropy(a, t).each,
  },
  {
    name: "gather",
    specs: { a: f32(4, 3), t: i32(2, 3) },
    given: { t: [0, 3, 0, 1, -1, 0] },
    build: ({ a, t }) => ops.gather(a, t),
  },
  {
    name: "reshape and transpose",
    specs: { a: f32(2, 3, 4) },
    build: ({ a }) => ops.reshape(ops.transpose(a, [2, 0, 1]), [8, 3]),
  },
  { name: "slice", specs: { a: f32(4, 5) }, build: ({ a }) => ops.slice(a, 1, 1, 4) },
  {
    name: "split and concat",
    specs: { a: f32(2, 6) },
    build: ({ a }) => ops.concat([...ops.split(a, 3)].reverse(), 0),
  },
  { name: "concat of the same twice", specs: { a: f32(2, 3) }, build: ({ a }) => ops.concat([a, ops.mul(a, a), a]) },
  { name: "pad", specs: { a: f32(2, 3) }, build: ({ a }) => ops.pad(a, 0, 1, 2) },
  { name: "broadcastTo", specs: { a: f32(2, 1, 3) }, build: ({ a }) => ops.broadcastTo(a, [4, 2, 2, 3]) },
  {
    name: "stopGradient stops one path",
    specs: { a: f32(3) },
    build: ({ a }) => ops.add(ops.mul(a, 2), ops.stopGradient(ops.mul(a, 0))),
  },
  { name: "layerNorm", specs: { a: f32(3, 5), g: f32(5), b: f32(5) }, build: ({ a, g, b }) => ops.layerNorm(a, g, b) },
  {
    name: "dropout",
    specs: { a: f32(4, 5), k: i32(2) },
    given: { k: [7, 3] },
    build: ({ a, k }) => ops.dropout(a, { rate: 0.4, key: k, stream: 2 }),
  },
]; // prettier-ignore

function recurrentRows(): Row[] {
  const made: Row[] = [];
  for (const T of [1, 2, 5])
    for (const reverse of [false, true])
      for (const ragged of [false, true]) {
        const [N, H] = [3, 2];
        const name = `T=${T}${reverse ? " reverse" : ""}${ragged ? " ragged" : ""}`;
        const lengths = ragged ? { lengths: i32(N) } : {};
        const given = ragged ? { lengths: [T, 0, Math.ceil(T / 2)] } : {};
        const options = (x: Inputs) => ({ reverse, ...(ragged && { lengths: x.lengths }) });
        const states = (s: { y: Tensor; h: Tensor; c?: Tensor }) =>
          ops.concat([ops.reshape(s.y, [T * N, H]), s.h, ...(s.c ? [s.c] : [])], 0);
        for (const activation of ["tanh", "relu", "sigmoid", "linear"] as const)
          made.push({
            name: `rnn ${activation} ${name}`,
            given,
            specs: { p: f32(T, N, H), R: f32(H, H), h: f32(N, H), ...lengths },
            build: (x) => states(ops.rnn(x.p, x.R, x.h, { ...options(x), activation })),
          }); // prettier-ignore
        made.push({
          name: `lstm ${name}`,
          given,
          specs: { p: f32(T, N, 4 * H), R: f32(4 * H, H), h: f32(N, H), c: f32(N, H), ...lengths },
          build: (x) => states(ops.lstm(x.p, x.R, x.h, x.c, options(x))),
        }); // prettier-ignore
        for (const reset of ["after", "before"] as const)
          made.push({
            name: `gru reset ${reset} ${name}`,
            given,
            specs: { p: f32(T, N, 3 * H), R: f32(3 * H, H), b: f32(3 * H), h: f32(N, H), ...lengths },
            build: (x) => states(ops.gru(x.p, x.R, x.b, x.h, { ...options(x), reset })),
          }); // prettier-ignore
      }
  return made;
}

describe("gradients agree with central differences", () => {
  it.each([...rows, ...recurrentRows()].map((row) => [row.name, row] as const))("%s", (_, row) => {
    const inputs: Record<string, CheckedInput> = {};
    for (const [i, [name, spec]] of Object.entries(row.specs).entries()) {
      const drawn = row.given?.[name] ?? values(spec, i);
      inputs[name] = {
        spec,
        values: row.positive?.includes(name) ? Float64Array.from(drawn, (x) => Math.abs(x) + 0.3) : drawn,
      };
    }
    const weigh = (y: Tensor): Scalar => {
      const n = y.shape.reduce((a, b) => a * b, 1);
      const weights = ops.concat(
        Array.from({ length: n }, (_, i) => ops.full([1], Math.cos(3 * i + 1))),
        0,
      );
      return ops.sum(ops.mul(ops.reshape(y, [n]), weights));
    };
    expect(() => gradientCheck(device, inputs, (x) => weigh(row.build(x)))).not.toThrow();
  });

  it("notices a wrong gradient", () => {
    const inputs = { a: { spec: f32(3), values: [0.1, 0.2, 0.3] } };
    expect(() => gradientCheck(device, inputs, ({ a }) => ops.sum(ops.mul(ops.stopGradient(a), a)))).toThrow(
      /gradient of a/,
    );
  });
});
