// A worker that compiles the kernels for one WebAssembly instruction set and links them for both kinds of memory.
// Data in: { set, sources: Map of path to text }. Message out: { modules: Map of memory to bytes } or { error }.
import { parentPort, workerData } from "node:worker_threads";
import { commands, runLLVM } from "@yowasp/clang";
import { compileFlags, instructionSets, linkFlags, memories } from "./wasm-flags.mjs";

async function compile({ set, sources }) {
  await runLLVM(null, {}, { fetchProgress: () => {} }); // loads the compiler without printing its progress
  const inputs = [...sources.keys()].filter((path) => path.endsWith(".cpp"));
  const tree = await run([...compileFlags, ...instructionSets[set], "-I.", "-c", ...inputs], treeOf(sources));
  const objects = Object.keys(tree).filter((path) => path.endsWith(".o"));
  const modules = new Map();
  for (const [memory, flags] of Object.entries(memories)) {
    const linked = await run([...linkFlags, ...flags, "-o", "kernels.wasm", ...objects, "-lm", "-lc"], tree);
    modules.set(memory, linked["kernels.wasm"]);
  }
  return modules;
}

/** The sources as the nested tree the compiler's file system takes. */
function treeOf(sources) {
  const tree = {};
  for (const [path, text] of sources) {
    const [file, folder] = path.split("/").reverse();
    if (folder === undefined) tree[file] = text;
    else tree[folder] = { ...tree[folder], [file]: text };
  }
  return tree;
}

async function run(args, tree) {
  const said = [];
  const decoder = new TextDecoder();
  const listen = (bytes) => bytes !== null && said.push(decoder.decode(bytes, { stream: true }));
  try {
    return await commands["clang++"](args, tree, { stdout: listen, stderr: listen });
  } catch (error) {
    throw new Error(`clang++ failed (${error.message})\n${said.join("")}`);
  }
}

try {
  parentPort.postMessage({ modules: await compile(workerData) });
} catch (error) {
  parentPort.postMessage({ error: error.message });
}
