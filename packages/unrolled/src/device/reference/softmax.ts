// Reference kernels over rows of scores: softmax, cross entropy, and the table look-ups gather and scatterAdd.
// R rows, n or V columns, D width of a table row.
import type { Arguments } from "./arguments.js";

/** ln sum exp of x[start..start+n), safe for scores of any size. */
function logSumExp(x: Float64Array, start: number, n: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < n; i++) largest = Math.max(largest, x[start + i]);
  if (largest === Number.NEGATIVE_INFINITY) return largest;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Math.exp(x[start + i] - largest);
  return largest + Math.log(sum);
}

export function softmax({ y, x, R, n, log }: Arguments<"softmax">): void {
  for (let row = 0; row < R; row++) {
    const start = row * n;
    const lse = logSumExp(x, start, n);
    for (let i = start; i < start + n; i++) y[i] = log ? x[i] - lse : Math.exp(x[i] - lse);
  }
}

export function softmaxGrad({ dx, dy, y, R, n, log }: Arguments<"softmaxGrad">): void {
  for (let row = 0; row < R; row++) {
    const start = row * n;
    let sum = 0;
    for (let i = start; i < start + n; i++) sum += log ? dy[i] : dy[i] * y[i];
    for (let i = start; i < start + n; i++) dx[i] = log ? dy[i] - Math.exp(y[i]) * sum : y[i] * (dy[i] - sum);
  }
}

const counts = (target: number, V: number, ignore: number): boolean => target !== ignore && target >= 0 && target < V;

export function crossEntropy(a: Arguments<"crossEntropy">): void {
  for (let row = 0; row < a.R; row++) {
    const target = a.targets[row];
    const used = counts(target, a.V, a.ignore);
    a.lse[row] = logSumExp(a.logits, row * a.V, a.V);
    a.loss[row] = used ? a.lse[row] - a.logits[row * a.V + target] : 0;
    a.weight[row] = used ? 1 : 0;
  }
}

export function crossEntropyGrad(a: Arguments<"crossEntropyGrad">): void {
  const { dlogits, logits, lse, targets, dloss, R, V } = a;
  for (let row = 0; row < R; row++) {
    const target = targets[row];
    if (!counts(target, V, a.ignore)) {
      dlogits.fill(0, row * V, row * V + V);
      continue;
    }
    for (let i = 0; i < V; i++) {
      const at = row * V + i;
      dlogits[at] = dloss[row] * (Math.exp(logits[at] - lse[row]) - (i === target ? 1 : 0));
    }
  }
}

export function gather({ y, table, ids, R, D, V }: Arguments<"gather">): void {
  for (let row = 0; row < R; row++) {
    const id = ids[row];
    const known = id >= 0 && id < V;
    for (let d = 0; d < D; d++) y[row * D + d] = known ? table[id * D + d] : 0;
  }
}

export function scatterAdd({ table, x, ids, R, D, V }: Arguments<"scatterAdd">): void {
  table.fill(0, 0, V * D);
  for (let row = 0; row < R; row++) {
    const id = ids[row];
    if (!(id >= 0 && id < V)) continue;
    for (let d = 0; d < D; d++) table[id * D + d] += x[row * D + d];
  }
}
