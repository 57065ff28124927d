// The peers' cases on the reference device, and the faults that they catch.
import { at, openReference, stack, type Tensor } from "unrolled";
import { describe, expect, it } from "vitest";
import type { OnnxLayer } from "./onnx.js";
import { type Fault, runCase, type StackedCase } from "./run.js";
import { attempt, canonicalCases, peerCasesAreHere, peerSuite } from "./suite.js";

peerSuite({ name: "reference", open: async () => openReference(), tolerance: 0 });

/** The blocks of two gates exchanged in every weight of a layer. */
const swapped =
  (op: OnnxLayer["op"], first: number, second: number) =>
  (layer: OnnxLayer): OnnxLayer => {
    if (layer.op !== op) return layer;
    const { hidden_size: H } = layer.attributes;
    const exchange = (name: "W" | "R"): OnnxLayer["inputs"]["W"] => {
      const { shape, dtype, data } = layer.inputs[name];
      const size = H * shape[2];
      const gates = shape[1] / H;
      const order = Array.from({ length: gates }, (_, g) => (g === first ? second : g === second ? first : g));
      const blocks = Array.from({ length: shape[0] }, (_, d) => order.map((g) => (d * gates + g) * size)).flat();
      return { shape, dtype, data: blocks.flatMap((at) => data.slice(at, at + size)) };
    };
    return { ...layer, inputs: { ...layer.inputs, W: exchange("W"), R: exchange("R") } };
  };

const withAttributes =
  (change: Partial<OnnxLayer["attributes"]>) =>
  (layer: OnnxLayer): OnnxLayer => ({ ...layer, attributes: { ...layer.attributes, ...change } });

/** The same steps in the order in which a reversed layer takes them. */
const misaligned = (y: Tensor, reverse: boolean): Tensor => {
  const T = y.shape[0];
  return reverse ? stack(Array.from({ length: T }, (_, t) => at(y, 0, T - 1 - t))) : y;
};

const isReversed = ({ attributes }: OnnxLayer): boolean => attributes.direction !== "forward";

/** Faults, the layers that they touch, and how many distinct cases must see them (the cases' README has the same faults). */
const faults: readonly (readonly [string, Fault, (layer: OnnxLayer, one: StackedCase) => boolean, number])[] = [
  ["LSTM i,f,o,c read for i,o,f,c", { layer: swapped("LSTM", 1, 2) }, ({ op }) => op === "LSTM", 70],
  ["GRU z and r exchanged", { layer: swapped("GRU", 0, 1) }, ({ op }) => op === "GRU", 60],
  [
    "GRU reset before and after exchanged",
    { layer: (l) => withAttributes({ linear_before_reset: 1 - (l.attributes.linear_before_reset ?? 0) })(l) },
    ({ op }) => op === "GRU",
    70,
  ],
  ["lengths ignored", { run: ({ reverse }) => ({ reverse }) }, (_, one) => one.sequence_lens !== undefined, 50],
  ["reverse not reversed", { run: (run) => ({ ...run, reverse: false }) }, isReversed, 80],
  ["reverse y in the order of the walk", { y: misaligned }, isReversed, 70],
  ["clip ignored", { layer: withAttributes({ clip: null }) }, ({ attributes }) => attributes.clip !== null, 10],
  [
    "peepholes ignored",
    { layer: (l) => ({ ...l, inputs: { ...l.inputs, P: undefined as never } }) },
    ({ inputs }) => inputs.P !== undefined,
    20,
  ],
];

describe.skipIf(!peerCasesAreHere)("faults that the peers' cases catch", () => {
  const device = openReference();
  const distinct = canonicalCases().filter(({ duplicate_of }) => duplicate_of === undefined);
  for (const [name, fault, touches, least] of faults)
    it(name, () => {
      const cases = distinct.filter((one) => touches(one.layers[0], one));
      const { failures } = attempt(cases, (one) => runCase(device, one, fault));
      expect(failures.length).toBeGreaterThanOrEqual(least);
    });
});
