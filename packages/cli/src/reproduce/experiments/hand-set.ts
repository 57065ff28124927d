// The lecture's networks whose weights are set by hand: sum, comparison, parity and adder, tried on everything they claim.
import { type Device, compile, f32, type HandSetNet, handSetNets, handSetWeights, runHandSet } from "unrolled";
import type { Experiment, Row } from "../experiment.js";

/** Inputs [T][D] of one sequence and the outputs [T] that are right. */
interface Case {
  readonly x: readonly (readonly number[])[];
  readonly y: readonly number[];
}

export const handSet: Experiment = {
  name: "hand-set",
  summary: "the lecture's networks with weights set by hand: sum, comparison, parity, adder",
  minutes: 0.1,
  untrained: true,
  open: () => ({
    rows: "network",
    columns: [
      { title: "sequences", unit: "" },
      { title: "right", unit: "%" },
      { title: "largest difference", unit: "value" },
    ],
    claims: (rows) => [
      {
        text: "every sequence is right, to three decimals",
        holds: rows.length === 5 && rows.every(({ cells }) => cells[1] === 1),
      }, // prettier-ignore
    ],
    notes: [
      "sum and comparison: the lecture's own inputs (2, 1.5, 2.5, 3.5 and 1.00, .92, .03)",
      "parity: all 2,046 strings of 1 to 10 bits, with the loop from the output (Jordan) and among hidden units (Elman)",
      "adder: all 64 x 64 pairs of 6-bit numbers, lowest bit first",
    ],
  }),
  async *run({ device }) {
    yield tried(device, "sum", handSetNets.sum, [{ x: [[2], [-0.5], [1], [1]], y: [2, 1.5, 2.5, 3.5] }]);
    const logistic = (z: number): number => 1 / (1 + Math.exp(-z));
    yield tried(device, "comparison", handSetNets.comparison, [
      {
        x: [
          [2, -2],
          [0, 3.5],
          [1, 2.2],
        ],
        y: [20, 2.5, -3.5].map(logistic),
      },
    ]); // prettier-ignore
    yield tried(device, "parity (Jordan)", handSetNets.parityJordan, bitStrings());
    yield tried(device, "parity (Elman)", handSetNets.parityElman, bitStrings());
    yield tried(device, "adder", handSetNets.adder, sums());
  },
};

function bitStrings(): Case[] {
  const cases: Case[] = [];
  for (let T = 1; T <= 10; T++)
    for (let word = 0; word < 2 ** T; word++) {
      const bits = Array.from({ length: T }, (_, t) => (word >> t) & 1);
      cases.push({
        x: bits.map((bit) => [bit]),
        y: bits.map((_, t) => bits.slice(0, t + 1).filter(Boolean).length % 2),
      });
    }
  return cases;
}

function sums(): Case[] {
  const bit = (n: number, t: number): number => (n >> t) & 1;
  const steps = [0, 1, 2, 3, 4, 5, 6];
  return Array.from({ length: 4096 }, (_, i) => [i >> 6, i & 63]).map(([a, b]) => ({
    x: steps.map((t) => [bit(a, t), bit(b, t)]),
    y: steps.map((t) => bit(a + b, t)),
  }));
}

/** Runs all cases of one length together. */
function tried(device: Device, name: string, net: HandSetNet, cases: readonly Case[]): Row {
  const weights = handSetWeights(net);
  let [right, worst] = [0, 0];
  for (const T of new Set(cases.map(({ x }) => x.length))) {
    const some = cases.filter(({ x }) => x.length === T);
    const N = some.length;
    const program = compile(device, { x: f32(T, N, net.D) }, ({ x }) => ({
      outputs: { y: runHandSet(net, weights, x).output },
    }));
    const { y } = program.run({
      x: Float32Array.from(
        { length: T * N * net.D },
        (_, i) => some[Math.floor(i / net.D) % N].x[Math.floor(i / (N * net.D))][i % net.D],
      ),
    }); // prettier-ignore
    for (const [n, wanted] of some.entries()) {
      const difference = Math.max(...wanted.y.map((value, t) => Math.abs(value - y[t * N + n])));
      worst = Math.max(worst, difference);
      right += Number(difference < 5e-4);
    }
    program.close();
  }
  return { name, cells: [cases.length, right / cases.length, worst] };
}
