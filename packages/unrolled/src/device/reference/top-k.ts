// The reference kernel that finds the likeliest of each row. R rows of n scores, k of them wanted.
import type { Arguments } from "./arguments.js";
import { multiply } from "./matrix.js";

export function topK({ values, ids, logAsked, x, asked, R, n, k }: Arguments<"topK">): void {
  for (let r = 0; r < R; r++) {
    const row = x.subarray(r * n, r * n + n);
    const top = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const logSum = Math.log(row.reduce((sum, score) => sum + Math.exp(score - top), 0));
    const order = Array.from(row.keys()).filter((id) => row[id] > Number.NEGATIVE_INFINITY);
    order.sort((a, b) => row[b] - row[a] || a - b);
    for (let i = 0; i < k; i++) {
      const id = order[i] ?? -1;
      ids[r * k + i] = id;
      values[r * k + i] = id < 0 ? Number.NEGATIVE_INFINITY : row[id] - top - logSum;
    }
    logAsked[r] = asked[r] >= 0 && asked[r] < n ? row[asked[r]] - top - logSum : 0;
  }
}

export function topKProduct({ values, ids, logAsked, a, p, bias, asked, M, N, K, k }: Arguments<"topKProduct">): void {
  const x = new Float64Array(M * N);
  multiply({ c: x, a, p, bias, M, N, K, aRow: K, cRow: N, accumulate: 0 });
  topK({ values, ids, logAsked, x, asked, R: M, n: N, k });
}
