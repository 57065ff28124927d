// Builds the kernels: node build.mjs [--native] [--wasm] [--optional] [--force]. What is there and current stays.
// --optional: a native build that cannot be made is no error. Plain JavaScript: it runs right after installation.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { buildNative, isNativeCurrent } from "./build-native.mjs";
import { buildWasm, isWasmCurrent } from "./build-wasm.mjs";
import { packageFolder } from "./sources.mjs";

const targets = {
  native: {
    folder: "build",
    isCurrent: isNativeCurrent,
    build: buildNative,
    optional: process.argv.includes("--optional"),
  },
  wasm: { folder: "wasm", isCurrent: isWasmCurrent, build: buildWasm, optional: false },
};

async function make(name, { folder, isCurrent, build, optional }) {
  if (process.argv.includes("--force")) rmSync(join(packageFolder, folder, "fingerprint"), { force: true });
  if (isCurrent()) return console.log(`kernels: ${name} is current`);
  const start = performance.now();
  console.log(`kernels: building ${name} ...`);
  try {
    await build();
    console.log(`kernels: ${name} built in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  } catch (error) {
    if (!optional) {
      console.error(`kernels: ${name} failed: ${error.message}`);
      process.exitCode = 1;
      return;
    }
    console.log(`kernels: no ${name} build (${error.message.split("\n")[0]}); Unrolled works without, only slower`);
  }
}

for (const [name, target] of Object.entries(targets)) {
  if (process.argv.includes(`--${name}`)) await make(name, target);
}
