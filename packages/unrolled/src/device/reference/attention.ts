// Reference kernels of additive attention (Bahdanau 2015). N batch, K queries of a row, S places, A units, C width of a place.
import type { Arguments } from "./arguments.js";

/** How many of the S places row n has. */
const placesOf = (lengths: Float64Array | null, n: number, S: number): number =>
  lengths ? Math.min(Math.max(lengths[n], 0), S) : S;

/** tanh(keys[place] + asked) of one unit. */
type Unit = (place: number, unit: number) => number;

const unitsOf =
  ({ keys, asked, A }: { keys: Float64Array; asked: Float64Array; A: number }, firstKey: number, query: number): Unit =>
  (place, unit) =>
    Math.tanh(keys[(firstKey + place) * A + unit] + asked[query * A + unit]);

export function attend(a: Arguments<"attend">): void {
  const { context, weights, values, energy, N, K, S, A, C } = a;
  for (let row = 0; row < N * K; row++) {
    const n = Math.floor(row / K);
    const there = placesOf(a.lengths, n, S);
    const w = weights.subarray(row * S, row * S + S).fill(0);
    if (there === 0) w.fill(1 / S);
    else {
      const unit = unitsOf(a, n * S, row);
      for (let s = 0; s < there; s++) for (let i = 0; i < A; i++) w[s] += energy[i] * unit(s, i);
      const largest = w.subarray(0, there).reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY);
      for (let s = 0; s < there; s++) w[s] = Math.exp(w[s] - largest);
      const sum = w.reduce((total, weight) => total + weight, 0);
      for (let s = 0; s < there; s++) w[s] /= sum;
    }
    for (let c = 0; c < C; c++) {
      context[row * C + c] = w.reduce((sum, weight, s) => sum + weight * values[(n * S + s) * C + c], 0);
    }
  }
}

export function attendGrad(a: Arguments<"attendGrad">): void {
  const { dasked, dscores, dcontext, dweights, weights, values, energy, N, K, S, A, C } = a;
  for (let row = 0; row < N * K; row++) {
    const n = Math.floor(row / K);
    const there = placesOf(a.lengths, n, S);
    const w = weights.subarray(row * S, row * S + S);
    const d = dscores.subarray(row * S, row * S + S).fill(0);
    for (let s = 0; s < there; s++) {
      d[s] = dweights ? dweights[row * S + s] : 0;
      for (let c = 0; c < C; c++) d[s] += values[(n * S + s) * C + c] * dcontext[row * C + c];
    }
    const mean = d.reduce((sum, value, s) => sum + value * w[s], 0);
    for (let s = 0; s < there; s++) d[s] = w[s] * (d[s] - mean);
    const unit = unitsOf(a, n * S, row);
    for (let i = 0; i < A; i++) {
      let sum = 0;
      for (let s = 0; s < there; s++) sum += d[s] * (1 - unit(s, i) ** 2);
      dasked[row * A + i] = energy[i] * sum;
    }
  }
}

export function attendKeysGrad(a: Arguments<"attendKeysGrad">): void {
  const { dkeys, denergy, dscores, energy, N, K, S, A } = a;
  denergy.fill(0);
  dkeys.fill(0);
  for (let n = 0; n < N; n++)
    for (let k = 0; k < K; k++) {
      const unit = unitsOf(a, n * S, k * N + n);
      for (let s = 0; s < placesOf(a.lengths, n, S); s++) {
        const d = dscores[(k * N + n) * S + s];
        for (let i = 0; i < A; i++) {
          const y = unit(s, i);
          dkeys[(n * S + s) * A + i] += d * energy[i] * (1 - y * y);
          denergy[n * A + i] += d * y;
        }
      }
    }
}
