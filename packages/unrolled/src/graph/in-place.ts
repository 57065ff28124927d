// A matrix that one small product alone reads, in the order in which it lies, is not packed: making the copy would take longer
// than the copy saves.
import type { Call } from "./call.js";
import type { Buffer, Root } from "./op.js";

/** Rows, terms and columns of products that take both sides where they lie (packages/kernels/cpp/kernels/gemm.h). */
const most = { M: 32, K: 512, N: 512 } as const;

/** The same calls, where such a packing and its product are one product in place. */
export function unpackSmall(calls: readonly Call[]): readonly Call[] {
  const packings = new Map<Root, Call>();
  for (const call of calls) if (call.kernel === "pack") packings.set((call.args.y as Buffer).root, call);
  const readers = new Map<Root, number>();
  for (const call of calls)
    for (const arg of Object.values(call.args))
      if (typeof arg === "object" && packings.has(arg.root)) readers.set(arg.root, (readers.get(arg.root) ?? -1) + 1);
  const given = new Set<Call>();
  const result = calls.map((call) => {
    const packing = call.kernel === "multiply" ? packings.get((call.args.p as Buffer).root) : undefined;
    if (!packing || readers.get((packing.args.y as Buffer).root) !== 1 || !isSmall(call, packing)) return call;
    given.add(packing);
    return productInPlace(call, packing);
  });
  return result.filter((call) => !given.has(call));
}

const isSmall = ({ args }: Call, packing: Call): boolean =>
  args.bias === undefined &&
  packing.args.nStride === 1 &&
  (["M", "K", "N"] as const).every((size) => (args[size] as number) <= most[size]);

function productInPlace(call: Call, packing: Call): Call {
  const { c, a, M, N, K, aRow, cRow, accumulate } = call.args;
  const [left, right] = [
    { aBatch: 0, aRow, aCol: 1 },
    { bBatch: 0, bRow: packing.args.kStride, bCol: 1 },
  ];
  const args = { c, a, b: packing.args.x, batch: 1, M, N, K, ...left, ...right, cBatch: 0, cRow, accumulate };
  return { ...call, kernel: "gemm", args };
}
