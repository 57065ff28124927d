// The builds of the kernels that this machine can run, for tests to go over.
import type { Device } from "unrolled";
import { type InstructionSet, openNative, openWasm } from "../src/index.js";

export interface Build {
  readonly name: string;
  readonly open: (threads: number) => Promise<Device>;
}

async function runs(isa: InstructionSet): Promise<boolean> {
  try {
    (await openNative({ threads: 1, isa })).close();
    return true;
  } catch {
    return false;
  }
}

/** Wasm plain and relaxed, and every native build that loads here. */
export async function buildsHere(): Promise<readonly Build[]> {
  const sets: readonly InstructionSet[] = ["plain", "avx2", "avx512"];
  const loaded = await Promise.all(sets.map(runs));
  return [
    ...sets
      .filter((_, i) => loaded[i])
      .map((isa) => ({ name: `native ${isa}`, open: (threads: number) => openNative({ threads, isa }) })),
    { name: "wasm simd", open: (threads) => openWasm({ threads, relaxed: false }) },
    { name: "wasm relaxed", open: (threads) => openWasm({ threads, relaxed: true }) },
  ];
}
