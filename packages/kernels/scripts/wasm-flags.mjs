// Flags of the WebAssembly builds: {simd, relaxed} x {threads, single}.
import { commonFlags } from "./sources.mjs";

export const compileFlags = [
  ...[
    "--target=wasm32-wasip1",
    ...commonFlags,
    "-DW=4",
    "-fno-exceptions",
    "-fno-rtti",
    "-fno-delete-null-pointer-checks",
  ],
  // Engines put a constant offset into the instruction only where the compiler left it in the address: loop strength
  // reduction gives every load of a tile an addition of its own.
  ...["-mllvm", "-disable-lsr"],
  ...["-msimd128", "-matomics", "-mbulk-memory", "-mmutable-globals", "-msign-ext", "-mnontrapping-fptoint"],
];

// The archives of the system library hold pure functions only: they may be linked into shared memory.
export const linkFlags = [
  ...["--target=wasm32-wasip1", "-nostartfiles", "-nodefaultlibs", "-Wl,--no-entry", "-Wl,--import-memory"],
  ...["-Wl,--no-check-features", "-Wl,--export=__stack_pointer", "-Wl,-z,stack-size=1048576", "-Wl,--stack-first"],
  ...["-Wl,--strip-all", "-Wl,--initial-memory=4194304", "-Wl,--max-memory=4294967296"],
];

export const instructionSets = { simd: [], relaxed: ["-mrelaxed-simd"] };
export const memories = { threads: ["-Wl,--shared-memory"], single: [] };
