// Reference kernels for layer normalisation (Ba 2016). R rows of n.
import type { Arguments } from "./arguments.js";

export function layerNorm({ y, mean, rstd, x, gain, bias, R, n, epsilon }: Arguments<"layerNorm">): void {
  for (let row = 0; row < R; row++) {
    const start = row * n;
    let sum = 0;
    for (let i = 0; i < n; i++) sum += x[start + i];
    const m = sum / n;
    let squares = 0;
    for (let i = 0; i < n; i++) squares += (x[start + i] - m) ** 2;
    const r = 1 / Math.sqrt(squares / n + epsilon);
    for (let i = 0; i < n; i++) y[start + i] = gain[i] * (x[start + i] - m) * r + bias[i];
    mean[row] = m;
    rstd[row] = r;
  }
}

export function layerNormGrad(a: Arguments<"layerNormGrad">): void {
  const { dx, dgain, dbias, dy, x, mean, rstd, gain, R, n } = a;
  dgain.fill(0, 0, n);
  dbias.fill(0, 0, n);
  for (let row = 0; row < R; row++) {
    const start = row * n;
    const r = rstd[row];
    let sumU = 0;
    let sumUX = 0;
    for (let i = 0; i < n; i++) {
      const xhat = (x[start + i] - mean[row]) * r;
      const u = gain[i] * dy[start + i];
      dgain[i] += dy[start + i] * xhat;
      dbias[i] += dy[start + i];
      sumU += u;
      sumUX += u * xhat;
    }
    for (let i = 0; i < n; i++) {
      const xhat = (x[start + i] - mean[row]) * r;
      dx[start + i] = r * (gain[i] * dy[start + i] - sumU / n - (xhat * sumUX) / n);
    }
  }
}
