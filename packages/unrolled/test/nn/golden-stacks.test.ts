// Ragged stacks of cells against PyTorch in float64 (tools/golden): projected, deep and bidirectional, the reset gate before the
// product, layer norm inside. T time, N batch, D input, H hidden, P width of h.
import { readFileSync } from "node:fs";
import {
  add,
  type CellSpec,
  cellSpec,
  compile,
  concat,
  f32,
  gradient,
  i32,
  type InputSpec,
  layer,
  mul,
  openReference,
  reshape,
  runStack,
  type Scalar,
  slice,
  stackStates,
  sum,
  type Tensor,
} from "unrolled";
import { close } from "unrolled/testing";
import { describe, it } from "vitest";
import type { Plain } from "./golden.js";

type Plains = Readonly<Record<string, Plain>>;
interface StackCase {
  readonly cell: "lstm" | "gru" | "gru-before" | "lstm-layer-norm" | "gru-layer-norm";
  readonly hidden: number;
  readonly layers: number;
  readonly both: boolean;
  readonly lengths: readonly number[];
  readonly inputs: Plains;
  readonly weigh: Plains;
  readonly results: Plains;
  readonly loss: number;
  readonly gradients: Plains;
}

const cases: readonly StackCase[] = JSON.parse(
  readFileSync(new URL("../../../../tools/golden/fixtures/stacks.json", import.meta.url), "utf8"),
);

function cellOfCase({ cell, hidden, inputs }: StackCase): CellSpec {
  const [, , P] = inputs.h0.shape;
  if (cell === "lstm") return cellSpec("lstm", { projection: P === hidden ? null : P });
  if (cell === "lstm-layer-norm") return cellSpec("lstm", { layerNorm: true });
  return cell === "gru-layer-norm" ? cellSpec("gru", { layerNorm: true }) : cellSpec(cell);
}

const first = (t: Tensor, k: number): Tensor => reshape(slice(t, 0, k, k + 1), t.shape.slice(1));

/** The stack's outputs and its last states in PyTorch's order, a direction after the other and upwards. */
function resultsOf(golden: StackCase, given: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  const direction = golden.both ? "both" : "forward";
  const layers = Array.from({ length: golden.layers }, () =>
    layer({ cell: cellOfCase(golden), hidden: golden.hidden, direction }),
  );
  const weights = Object.fromEntries(Object.entries(given).map(([name, t]) => [`rnn.${name}`, t]));
  const names = (state: string): string[] =>
    [...stackStates(layers, 1).keys()].filter((name) => name.split(".")[0] === state);
  const began = ["h", "c"].flatMap((state) => names(state).map((name, k) => [name, first(given[`${state}0`], k)]));
  const { y, states } = runStack(layers, weights, given.x, Object.fromEntries(began), { lengths: given.lengths });
  const joined = (state: string): Tensor =>
    concat(
      names(state).map((n) => reshape(states[n], [1, ...states[n].shape])),
      0,
    );
  return { y, h: joined("h"), ...(golden.results.c && { c: joined("c") }) };
}

describe("stacks against PyTorch", () => {
  it.each(cases)("$cell, $layers layers, both directions: $both", (golden) => {
    const asked = Object.keys(golden.inputs);
    const weigh = Object.fromEntries(Object.entries(golden.weigh).map(([name, plain]) => [`weigh ${name}`, plain]));
    const plains = Object.entries({ ...golden.inputs, ...weigh });
    const specs: Record<string, InputSpec> = { lengths: i32(golden.lengths.length) };
    for (const [name, { shape }] of plains) specs[name] = f32(...shape);
    const program = compile(openReference(), specs, (given: Readonly<Record<string, Tensor>>) => {
      const results = resultsOf(golden, given);
      const loss = Object.entries(results)
        .map(([name, t]) => sum(mul(given[`weigh ${name}`], t)))
        .reduce((a, b) => add(a, b)) as Scalar;
      const slopes = gradient(
        loss,
        asked.map((name) => given[name]),
      );
      return { outputs: { loss, ...results, ...Object.fromEntries(slopes.map((g, i) => [`d ${asked[i]}`, g])) } };
    });
    const values = Object.fromEntries(plains.map(([name, plain]) => [name, plain.values]));
    const out = program.run({ ...values, lengths: golden.lengths }) as Readonly<Record<string, ArrayLike<number>>> & {
      readonly loss: number;
    };
    const digits = { relative: 2e-11, absolute: 2e-12 };
    close(out.loss, golden.loss, digits);
    for (const [name, plain] of Object.entries(golden.results))
      close(out[name], plain.values, { ...digits, label: name });
    for (const [name, plain] of Object.entries(golden.gradients))
      close(out[`d ${name}`], plain.values, { ...digits, label: `gradient of ${name}` });
    program.close();
  });
});
