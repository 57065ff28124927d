// WebAssembly builds of the kernels by the clang that npm installs; one worker per instruction set.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { fingerprint, isCurrent, packageFolder, replaceFile, sourcesOf, withLock } from "./sources.mjs";
import { compileFlags, instructionSets, linkFlags, memories } from "./wasm-flags.mjs";

const folder = join(packageFolder, "wasm");
const noteFile = join(folder, "fingerprint");
const fileOf = (set, memory) => join(folder, `${set}-${memory}.wasm`);
const files = Object.keys(instructionSets).flatMap((set) => Object.keys(memories).map((memory) => fileOf(set, memory)));

const wanted = (sources) => fingerprint(sources, compileFlags, linkFlags, instructionSets, memories);

export function isWasmCurrent() {
  return isCurrent(noteFile, wanted(sourcesOf("wasm")), files);
}

/** Builds the four modules. Throws with the compiler's words where the source does not compile. */
export async function buildWasm() {
  mkdirSync(folder, { recursive: true });
  await withLock(folder, async () => {
    if (isWasmCurrent()) return;
    const sources = sourcesOf("wasm");
    const sets = Object.keys(instructionSets);
    const built = await Promise.all(sets.map((set) => compile(set, sources)));
    sets.forEach((set, i) => {
      for (const [memory, bytes] of built[i]) replaceFile(fileOf(set, memory), bytes);
    });
    replaceFile(noteFile, wanted(sources));
  });
}

function compile(set, sources) {
  const worker = new Worker(new URL("./compile-wasm.mjs", import.meta.url), { workerData: { set, sources } });
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("message", ({ modules, error }) => (modules ? resolve(modules) : reject(new Error(error))));
  });
}
