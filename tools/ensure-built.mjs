// Builds what is missing or older than its sources: TypeScript (dist/), the command's bundle, native and wasm kernels. Fast
// when all is there.
// --quick: without the wasm kernels where the native ones are there, so that the first start is not kept waiting.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hasBundler, isBundleCurrent } from "../packages/cli/scripts/bundle.mjs";
import { isNativeCurrent, nativeAbsence } from "../packages/kernels/scripts/build-native.mjs";
import { isWasmCurrent } from "../packages/kernels/scripts/build-wasm.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Newest change in a folder of sources, in milliseconds; a deleted file shows in its folder's time. */
function newest(folder) {
  let latest = statSync(folder).mtimeMs;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    latest = Math.max(latest, entry.isDirectory() ? newest(path) : statSync(path).mtimeMs);
  }
  return latest;
}

function isTypeScriptCurrent() {
  const base = statSync(join(root, "tsconfig.base.json")).mtimeMs;
  const { references } = JSON.parse(readFileSync(join(root, "tsconfig.json"), "utf8"));
  return references.every(({ path }) => {
    const project = join(root, path);
    const note = join(project, "tsconfig.tsbuildinfo");
    if (!existsSync(note) || !existsSync(join(project, "dist"))) return false;
    const changed = Math.max(base, statSync(join(project, "tsconfig.json")).mtimeMs, newest(join(project, "src")));
    return statSync(note).mtimeMs >= changed;
  });
}

function build(what, command, args) {
  const start = performance.now();
  process.stderr.write(`building ${what} ... `);
  const result = spawnSync(command, args, { cwd: root, encoding: "utf8", maxBuffer: 64 << 20 });
  if (result.status === 0) {
    process.stderr.write(`${((performance.now() - start) / 1000).toFixed(1)} s\n`);
    return;
  }
  process.stderr.write(`failed\n${result.error ?? ""}${result.stdout ?? ""}${result.stderr ?? ""}`);
  process.exit(1);
}

const node = process.execPath;
if (!isTypeScriptCurrent()) {
  build("TypeScript", node, [join(root, "node_modules/typescript/bin/tsc"), "-b"]);
}
if (!isBundleCurrent() && hasBundler())
  build("the command's bundle", node, [join(root, "packages/cli/scripts/bundle.mjs")]);
const kernels = join(root, "packages/kernels/scripts/build.mjs");
if (!isNativeCurrent() && nativeAbsence() === undefined) {
  build("the native kernels", node, [kernels, "--native", "--optional"]);
}
const maySkipWasm = process.argv.includes("--quick") && isNativeCurrent();
if (!maySkipWasm && !isWasmCurrent()) build("the WebAssembly kernels", node, [kernels, "--wasm"]);
