// WebAssembly builds of the kernels: {simd, relaxed} x {threads, single}, by the clang that npm installs.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { commonFlags, fingerprint, isCurrent, packageFolder, replaceFile, sourcesOf, withLock } from "./sources.mjs";

const folder = join(packageFolder, "wasm");
const noteFile = join(folder, "fingerprint");

const compileFlags = [
  ...[
    "--target=wasm32-wasip1",
    ...commonFlags,
    "-DW=4",
    "-fno-exceptions",
    "-fno-rtti",
    "-fno-delete-null-pointer-checks",
  ],
  ...["-msimd128", "-matomics", "-mbulk-memory", "-mmutable-globals", "-msign-ext", "-mnontrapping-fptoint"],
];
// The archives of the system library hold pure functions only: they may be linked into shared memory.
const linkFlags = [
  ...["--target=wasm32-wasip1", "-nostartfiles", "-nodefaultlibs", "-Wl,--no-entry", "-Wl,--import-memory"],
  ...["-Wl,--no-check-features", "-Wl,--export=__stack_pointer", "-Wl,-z,stack-size=1048576", "-Wl,--stack-first", "-Wl,--strip-all"],
  ...["-Wl,--initial-memory=4194304", "-Wl,--max-memory=4294967296"],
];
const instructionSets = { simd: [], relaxed: ["-mrelaxed-simd"] };
const memories = { threads: ["-Wl,--shared-memory"], single: [] };

const names = Object.keys(instructionSets).flatMap((set) => Object.keys(memories).map((memory) => `${set}-${memory}`));
const files = names.map((name) => join(folder, `${name}.wasm`));

function wanted() {
  return fingerprint(sourcesOf("wasm"), compileFlags, linkFlags, instructionSets, memories);
}

export function isWasmCurrent() {
  return isCurrent(noteFile, wanted(), files);
}

/** Builds the four modules. Throws with the compiler's words where the source does not compile. */
export async function buildWasm() {
  mkdirSync(folder, { recursive: true });
  await withLock(folder, async () => {
    if (isWasmCurrent()) return;
    const note = wanted();
    const { commands, runLLVM } = await import("@yowasp/clang");
    await runLLVM(null, {}, { fetchProgress: () => {} }); // loads the compiler without printing its progress
    const modules = new Map();
    for (const [set, flags] of Object.entries(instructionSets)) {
      const objects = await run(commands["clang++"], [...compileFlags, ...flags, ...compileArguments()], sourceTree());
      for (const [memory, extra] of Object.entries(memories)) {
        const linked = await run(commands["clang++"], linkArguments(objects, extra), objects);
        modules.set(`${set}-${memory}`, linked["kernels.wasm"]);
      }
    }
    for (const [name, bytes] of modules) replaceFile(join(folder, `${name}.wasm`), bytes);
    replaceFile(noteFile, note);
  });
}

const compileArguments = () => ["-I.", "-c", ...[...sourcesOf("wasm").keys()].filter((path) => path.endsWith(".cpp"))];

function linkArguments(tree, extra) {
  const objects = Object.keys(tree).filter((path) => path.endsWith(".o"));
  return [...linkFlags, ...extra, "-o", "kernels.wasm", ...objects, "-lm", "-lc"];
}

/** The sources as the nested tree the compiler's file system takes. */
function sourceTree() {
  const tree = {};
  for (const [path, text] of sourcesOf("wasm")) {
    const [file, directory] = path.split("/").reverse();
    if (directory === undefined) tree[file] = text;
    else tree[directory] = { ...tree[directory], [file]: text };
  }
  return tree;
}

async function run(command, args, tree) {
  const said = [];
  const decoder = new TextDecoder();
  const listen = (bytes) => bytes !== null && said.push(decoder.decode(bytes, { stream: true }));
  try {
    return await command(args, tree, { stdout: listen, stderr: listen, fetchProgress: () => {} });
  } catch (error) {
    // Not as the cause: the compiler's own error carries its whole file system.
    throw new Error(`clang++ failed (${error.message})\n${said.join("")}`);
  }
}
