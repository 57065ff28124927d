// Reference kernels of the LSTM and GRU layers with layer normalisation (Ba 2016). Gate order i, f, g, o and r, z, n.
import type { Arguments } from "./arguments.js";
import { sigmoid } from "./elementwise.js";
import { addRowTimes } from "./matrix.js";
import { walkBackward, walkForward } from "./sequence.js";

/** y = x normalised; answers 1 / standard deviation. */
function normalise(y: Float64Array, x: Float64Array, epsilon: number): number {
  const n = x.length;
  const mean = x.reduce((sum, value) => sum + value, 0) / n;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n;
  const rstd = 1 / Math.sqrt(variance + epsilon);
  for (let j = 0; j < n; j++) y[j] = (x[j] - mean) * rstd;
  return rstd;
}

/** dx from v, the gradient of the normalised x. */
function normaliseGrad(dx: Float64Array, v: Float64Array, normal: Float64Array, rstd: number): void {
  const n = v.length;
  const mean = v.reduce((sum, value) => sum + value, 0) / n;
  const product = v.reduce((sum, value, j) => sum + value * normal[j], 0) / n;
  for (let j = 0; j < n; j++) dx[j] = rstd * (v[j] - mean - normal[j] * product);
}

export function lstmNorm(a: Arguments<"lstmNorm">): void {
  const { h, c, gates, pre, r, gain, H, epsilon } = a;
  const product = new Float64Array(4 * H);
  walkForward(
    a,
    [
      [h, a.h0],
      [c, a.c0],
    ],
    ({ row, from, to }) => {
      const base = row * 4 * H;
      product.fill(0);
      addRowTimes(product, h, from, r, H, 4 * H);
      const normal = a.normal.subarray(base, base + 4 * H);
      a.rstd[2 * row] = normalise(normal, product, epsilon);
      const sum = (j: number): number => pre[base + j] + gain[j] * normal[j];
      for (let j = 0; j < H; j++) {
        const [i, f, g, o] = [sigmoid(sum(j)), sigmoid(sum(H + j)), Math.tanh(sum(2 * H + j)), sigmoid(sum(3 * H + j))];
        c[to + j] = f * c[from + j] + i * g;
        gates[base + j] = i;
        gates[base + H + j] = f;
        gates[base + 2 * H + j] = g;
        gates[base + 3 * H + j] = o;
      }
      const cell = a.cell.subarray(row * H, row * H + H);
      a.rstd[2 * row + 1] = normalise(cell, c.subarray(to, to + H), epsilon);
      for (let j = 0; j < H; j++)
        h[to + j] = gates[base + 3 * H + j] * Math.tanh(a.cellGain[j] * cell[j] + a.cellBias[j]);
    },
    (row) => {
      gates.fill(0, row * 4 * H, (row + 1) * 4 * H);
      a.normal.fill(0, row * 4 * H, (row + 1) * 4 * H);
      a.cell.fill(0, row * H, (row + 1) * H);
      a.rstd.fill(0, 2 * row, 2 * row + 2);
    },
  );
}

export function lstmNormGrad(a: Arguments<"lstmNormGrad">): void {
  const { dpre, drec, dcell, dh0, dc0, gates, c, rT, gain, cellGain, H } = a;
  const v = new Float64Array(4 * H);
  const vCell = new Float64Array(H);
  const dCell = new Float64Array(H);
  walkBackward(
    a,
    [
      { result: dh0, external: a.dh },
      { result: dc0, external: a.dc },
    ],
    ({ row, from }, at) => {
      const base = row * 4 * H;
      const cell = a.cell.subarray(row * H, row * H + H);
      for (let j = 0; j < H; j++) {
        const o = gates[base + 3 * H + j];
        const y = Math.tanh(cellGain[j] * cell[j] + a.cellBias[j]);
        dpre[base + 3 * H + j] = dh0[at + j] * y * o * (1 - o);
        dcell[row * H + j] = dh0[at + j] * o * (1 - y * y);
        vCell[j] = dcell[row * H + j] * cellGain[j];
      }
      normaliseGrad(dCell, vCell, cell, a.rstd[2 * row + 1]);
      for (let j = 0; j < H; j++) {
        const [i, f, g] = [gates[base + j], gates[base + H + j], gates[base + 2 * H + j]];
        const dc = dc0[at + j] + dCell[j];
        dpre[base + j] = dc * g * i * (1 - i);
        dpre[base + H + j] = dc * c[from + j] * f * (1 - f);
        dpre[base + 2 * H + j] = dc * i * (1 - g * g);
        dc0[at + j] = dc * f;
      }
      for (let j = 0; j < 4 * H; j++) v[j] = dpre[base + j] * gain[j];
      const normal = a.normal.subarray(base, base + 4 * H);
      normaliseGrad(drec.subarray(base, base + 4 * H), v, normal, a.rstd[2 * row]);
      addRowTimes(dh0.subarray(at, at + H).fill(0), drec, base, rT, 4 * H, H);
    },
    (row) => {
      dpre.fill(0, row * 4 * H, (row + 1) * 4 * H);
      drec.fill(0, row * 4 * H, (row + 1) * 4 * H);
      dcell.fill(0, row * H, (row + 1) * H);
    },
  );
}

export function gruNorm(a: Arguments<"gruNorm">): void {
  const { h, gates, pre, r, gain, bR, H, epsilon } = a;
  const product = new Float64Array(3 * H);
  walkForward(
    a,
    [[h, a.h0]],
    ({ row, from, to }) => {
      const base = row * 3 * H;
      product.fill(0);
      addRowTimes(product, h, from, r, H, 3 * H);
      const normal = a.normal.subarray(base, base + 3 * H);
      a.rstd[2 * row] = normalise(normal.subarray(0, 2 * H), product.subarray(0, 2 * H), epsilon);
      a.rstd[2 * row + 1] = normalise(normal.subarray(2 * H), product.subarray(2 * H), epsilon);
      const part = (j: number): number => gain[j] * normal[j] + bR[j];
      for (let j = 0; j < H; j++) {
        const reset = sigmoid(pre[base + j] + part(j));
        const z = sigmoid(pre[base + H + j] + part(H + j));
        const candidate = Math.tanh(pre[base + 2 * H + j] + reset * part(2 * H + j));
        gates[base + j] = reset;
        gates[base + H + j] = z;
        gates[base + 2 * H + j] = candidate;
        h[to + j] = (1 - z) * candidate + z * h[from + j];
      }
    },
    (row) => {
      gates.fill(0, row * 3 * H, (row + 1) * 3 * H);
      a.normal.fill(0, row * 3 * H, (row + 1) * 3 * H);
      a.rstd.fill(0, 2 * row, 2 * row + 2);
    },
  );
}

export function gruNormGrad(a: Arguments<"gruNormGrad">): void {
  const { dpre, drec, dh0, gates, h, rT, gain, bR, H } = a;
  const v = new Float64Array(3 * H);
  walkBackward(
    a,
    [{ result: dh0, external: a.dh }],
    ({ row, from }, at) => {
      const base = row * 3 * H;
      const normal = a.normal.subarray(base, base + 3 * H);
      const carry = dh0.subarray(at, at + H);
      for (let j = 0; j < H; j++) {
        const [reset, z, candidate] = [gates[base + j], gates[base + H + j], gates[base + 2 * H + j]];
        const dn = carry[j] * (1 - z) * (1 - candidate * candidate);
        const q = gain[2 * H + j] * normal[2 * H + j] + bR[2 * H + j];
        dpre[base + j] = dn * q * reset * (1 - reset);
        dpre[base + H + j] = carry[j] * (h[from + j] - candidate) * z * (1 - z);
        dpre[base + 2 * H + j] = dn;
        v[j] = dpre[base + j] * gain[j];
        v[H + j] = dpre[base + H + j] * gain[H + j];
        v[2 * H + j] = dn * reset * gain[2 * H + j];
        carry[j] *= z;
      }
      const part = (x: Float64Array, n: number): Float64Array => (n === 0 ? x.subarray(0, 2 * H) : x.subarray(2 * H));
      for (const n of [0, 1])
        normaliseGrad(part(drec.subarray(base, base + 3 * H), n), part(v, n), part(normal, n), a.rstd[2 * row + n]);
      addRowTimes(carry, drec, base, rT, 3 * H, H);
    },
    (row) => {
      dpre.fill(0, row * 3 * H, (row + 1) * 3 * H);
      drec.fill(0, row * 3 * H, (row + 1) * 3 * H);
    },
  );
}
