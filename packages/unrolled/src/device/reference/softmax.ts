// Reference kernels over rows of scores: softmax, cross entropy, and the table look-ups gather and scatterAdd.
// R rows, n or V columns, D width of a table row.
import type { Arguments } from "./arguments.js";

function largestOf(x: Float64Array, start: number, n: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = start; i < start + n; i++) largest = Math.max(largest, x[i]);
  return largest;
}

/** Sum of exp(x - largest) over x[start..start+n): safe for scores of any size. */
function sumOfExp(x: Float64Array, start: number, n: number, largest: number): number {
  let sum = 0;
  for (let i = start; i < start + n; i++) sum += Math.exp(x[i] - largest);
  return sum;
}

export function softmax({ y, x, R, n, log }: Arguments<"softmax">): void {
  for (let row = 0; row < R; row++) {
    const start = row * n;
    const largest = largestOf(x, start, n);
    const sum = sumOfExp(x, start, n, largest);
    for (let i = start; i < start + n; i++) {
      y[i] = log ? x[i] - largest - Math.log(sum) : Math.exp(x[i] - largest) / sum;
    }
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
    const start = row * a.V;
    const largest = largestOf(a.logits, start, a.V);
    const logSum = Math.log(sumOfExp(a.logits, start, a.V, largest));
    a.lse[row] = largest + logSum;
    a.loss[row] = used ? largest - a.logits[start + target] + logSum : 0; // exact where scores are large and near
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
