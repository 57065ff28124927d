// Reference kernels of the LSTM layer with options: peepholes (Gers 2000), coupled gates (Greff 2015), activations, clip.
// Gate order i, f, g, o; coupled i, g, o.
import { candidateOf, gateOf, outputOf } from "./activation.js";
import type { Arguments } from "./arguments.js";
import { addRowTimes } from "./matrix.js";
import { walkBackward, walkForward } from "./sequence.js";

interface Places {
  /** Gates of a unit. */
  readonly G: number;
  /** First word of each gate in a row [G*H]; of each peephole in p. f = -1: coupled. */
  readonly i: number;
  readonly f: number;
  readonly g: number;
  readonly o: number;
  readonly pO: number;
}

function placesOf({ H, coupled }: { readonly H: number; readonly coupled: number }): Places {
  return coupled ? { G: 3, i: 0, f: -1, g: H, o: 2 * H, pO: H } : { G: 4, i: 0, f: H, g: 2 * H, o: 3 * H, pO: 2 * H };
}

export function lstmVariant(a: Arguments<"lstmVariant">): void {
  const { h, c, gates, pre, r, p, H } = a;
  const { G, ...at } = placesOf(a);
  const [gate, candidate, output] = [gateOf(a), candidateOf(a), outputOf(a)];
  const peephole = (index: number): number => (p === null ? 0 : p[index]);
  const sum = new Float64Array(G * H);
  walkForward(
    a,
    [
      [h, a.h0],
      [c, a.c0],
    ],
    ({ row, from, to }) => {
      const base = row * G * H;
      sum.set(pre.subarray(base, base + G * H));
      addRowTimes(sum, h, from, r, H, G * H);
      for (let j = 0; j < H; j++) {
        const old = c[from + j];
        const i = gate.value(sum[j] + peephole(j) * old);
        const f = a.coupled ? 1 - i : gate.value(sum[at.f + j] + peephole(H + j) * old);
        const g = candidate.value(sum[at.g + j]);
        const cell = f * old + i * g;
        const o = gate.value(sum[at.o + j] + peephole(at.pO + j) * (a.previous ? old : cell));
        c[to + j] = cell;
        h[to + j] = o * output.value(cell);
        gates[base + j] = i;
        if (!a.coupled) gates[base + at.f + j] = f;
        gates[base + at.g + j] = g;
        gates[base + at.o + j] = o;
      }
    },
    (row) => gates.fill(0, row * G * H, (row + 1) * G * H),
  );
}

export function lstmVariantGrad(a: Arguments<"lstmVariantGrad">): void {
  const { dpre, dh0, dc0, gates, c, rT, p, H } = a;
  const { G, ...at } = placesOf(a);
  const [gate, candidate, output] = [gateOf(a), candidateOf(a), outputOf(a)];
  const peephole = (index: number): number => (p === null ? 0 : p[index]);
  walkBackward(
    a,
    [
      { result: dh0, external: a.dh },
      { result: dc0, external: a.dc },
    ],
    ({ row, from, to }, carried) => {
      const base = row * G * H;
      for (let j = 0; j < H; j++) {
        const i = gates[base + j];
        const f = a.coupled ? 1 - i : gates[base + at.f + j];
        const g = gates[base + at.g + j];
        const o = gates[base + at.o + j];
        const old = c[from + j];
        const y = output.value(c[to + j]);
        const dh = dh0[carried + j];
        const dO = dh * y * gate.slope(o);
        const dc = dc0[carried + j] + dh * o * output.slope(y) + (a.previous ? 0 : peephole(at.pO + j) * dO);
        const di = dc * (a.coupled ? g - old : g) * gate.slope(i);
        const df = a.coupled ? 0 : dc * old * gate.slope(f);
        dpre[base + j] = di;
        if (!a.coupled) dpre[base + at.f + j] = df;
        dpre[base + at.g + j] = dc * i * candidate.slope(g);
        dpre[base + at.o + j] = dO;
        const throughGates = peephole(j) * di + (a.coupled ? 0 : peephole(H + j) * df);
        dc0[carried + j] = dc * f + throughGates + (a.previous ? peephole(at.pO + j) * dO : 0);
      }
      const carry = dh0.subarray(carried, carried + H).fill(0);
      addRowTimes(carry, dpre, base, rT, G * H, H);
    },
    (row) => dpre.fill(0, row * G * H, (row + 1) * G * H),
  );
}
