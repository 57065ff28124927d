// The process that runs the bare multiply loop on one thread: `peak.js native|relaxed|simd`. Its work is counted in
// floating-point operations.
import { nativeMultiplyLoop, wasmMultiplyLoop } from "@unrolled/kernels";
import { answerRequests } from "./answer.js";

const turns = 20_000;

await answerRequests(async () => {
  const build = process.argv[2];
  const loop = build === "native" ? nativeMultiplyLoop() : await wasmMultiplyLoop({ relaxed: build === "relaxed" });
  return { work: loop(turns), detail: `multiply loop, ${build}`, run: () => void loop(turns) };
});
