// Laws of the fused layers with options: each runs fused, and equals the cell unrolled: values, gates and every gradient, both
// directions, ragged or not. T time, N batch, D input, H hidden.
import { type Cell, type CellChoice, cellOf, cellSpec, type Device, runLayer, type Tensor, zeros } from "unrolled";
import { afterAll, beforeAll, describe, it } from "vitest";
import type { Engine } from "./engine.js";
import { fusedEqualsUnrolled } from "./sequences.js";

const hard = { name: "hard-sigmoid", alpha: 0.25, beta: 0.5 } as const;
const scaled = { name: "scaled-tanh", alpha: 1.5, beta: 0.75 } as const;
const leaky = { name: "leaky-relu", alpha: 0.25 } as const;

const choices: readonly CellChoice[] = [
  { name: "rnn", activation: hard },
  { name: "rnn", activation: scaled, clip: 0.5 },
  { name: "rnn", activation: leaky },
  { name: "rnn", activation: "tanh", clip: 0.25 },
  "lstm-peephole",
  "lstm-peephole-ng",
  "cifg",
  "niaf",
  "noaf",
  { name: "lstm", coupled: "f=1-i" },
  { name: "lstm", coupled: "i=1-f" },
  { name: "lstm", coupled: "i=1-f", peephole: "gers" },
  { name: "lstm", coupled: "f=1-i", peephole: "ng", clip: 0.5 },
  { name: "lstm", gateActivation: hard, candidateActivation: scaled, outputActivation: "sigmoid" },
  { name: "lstm", peephole: "gers", clip: 0.4, candidateActivation: leaky },
  { name: "lstm", gateActivation: "relu", candidateActivation: "relu", outputActivation: "relu" },
  { name: "lstm", layerNorm: true },
  { name: "gru", gateActivation: hard, candidateActivation: "sigmoid" },
  { name: "gru", clip: 0.3 },
  { name: "gru", reset: "before", gateActivation: "relu", candidateActivation: leaky },
  { name: "gru", reset: "before", clip: 0.3, update: "replace" },
  { name: "gru", candidateActivation: scaled, update: "replace" },
  { name: "gru", layerNorm: true },
  { name: "gru", layerNorm: true, update: "replace" },
];

const labelOf = (choice: CellChoice): string =>
  typeof choice === "string" ? choice : JSON.stringify(choice).replaceAll('"', "");

/** Throws where a layer takes a single step in place of a fused run. */
function runsFused(cell: Cell, label: string): void {
  const [T, N, D, H] = [2, 3, 2, 4];
  const stepping: Cell = {
    ...cell,
    step: () => {
      throw new Error(`${label}: must run fused, was unrolled`);
    },
  };
  const filled = (shapes: Readonly<Record<string, readonly number[]>>, lead: readonly number[]) =>
    Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, zeros([...lead, ...shape]) as Tensor]));
  const [weights, state] = [filled(cell.weights({ D, H }), []), filled(cell.state({ D, H }), [N])];
  runLayer(stepping, weights, zeros([T, N, D]), state, { reverse: true });
}

export function fusedSuite(engine: Engine): void {
  describe(`fused layers with options on ${engine.name}`, () => {
    let device: Device;
    beforeAll(async () => {
      device = await engine.open();
    });
    afterAll(() => device.close());
    for (const choice of choices) {
      const label = labelOf(choice);
      it(label, () => {
        const cell = cellOf(cellSpec(choice));
        runsFused(cell, label);
        fusedEqualsUnrolled(device, cell, 3, engine.tolerance, !/relu|hard/.test(label));
      });
    }
  });
}
