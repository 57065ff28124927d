// Compiles cpp/proof/replay.cpp with the kernels: for each instruction set plain, guarded or with sanitizers. What is there
// and current stays.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { commonFlags, fingerprint, packageFolder, replaceFile, sourcesOf } from "../../scripts/sources.mjs";

const folder = join(packageFolder, "build", "proof");
const avx2 = ["-DW=8", "-mavx2", "-mfma"];

export const instructionSets = {
  plain: ["-DW=4"],
  avx2,
  avx512: ["-DW=16", ...avx2.slice(1), "-mavx512f", "-mavx512vl", "-mavx512dq", "-mavx512bw"],
};

/** What each kind of build notices, and where the replayer puts buffers for it. */
export const instruments = {
  guards: { flags: [], places: ["end", "begin"] },
  "address, undefined": {
    flags: ["-fsanitize=address,undefined,float-cast-overflow", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"],
    places: ["heap"],
  },
  thread: { flags: ["-fsanitize=thread", "-fno-omit-frame-pointer"], places: ["heap"] },
};

/** GCC 12 aligns the frames of stack-use-after-return to 32 bytes only: vectors of 64 bytes fault there. */
const environmentOf = (program) => ({
  ...process.env,
  ASAN_OPTIONS: `detect_stack_use_after_return=${program.includes("replay-avx512") ? 0 : 1}:halt_on_error=1`,
  UBSAN_OPTIONS: "print_stacktrace=1:halt_on_error=1",
  TSAN_OPTIONS: "halt_on_error=1",
});

const compiler = () => (process.env.CXX ?? "c++").split(" ");

/** Why nothing can be compiled here, or undefined. */
export function compilerAbsence() {
  const [command, ...args] = compiler();
  if (process.platform === "win32") return "the replayer needs mmap, which Windows has not";
  const { status } = spawnSync(command, [...args, "--version"]);
  return status === 0 ? undefined : `no C++ compiler: \`${command}\` does not run`;
}

/** The instruction sets that this processor runs, by the plain addon's word; all that need no asking without it. */
export function supportedSets(supports) {
  return process.arch === "x64" ? Object.keys(instructionSets).filter((isa) => supports.includes(isa)) : ["plain"];
}

/**
 * The path of a compiled replayer. The build that multiplies in bfloat16 is optimised as the addon is: an addition fused
 * otherwise may round a factor to its neighbour. Throws with the compiler's words: also where a sanitizer's runtime is absent.
 */
export function buildReplay(isa, instrument, cpp = join(packageFolder, "cpp")) {
  mkdirSync(folder, { recursive: true });
  const program = join(folder, `replay-${isa}-${instrument.replaceAll(/\W+/g, "-")}`);
  const optimisation = isa === "avx512" ? commonFlags : commonFlags.map((flag) => (flag === "-O3" ? "-O1" : flag));
  const flags = [...optimisation, "-g", "-pthread", ...instructionSets[isa], ...instruments[instrument].flags];
  const sources = [join(cpp, "runtime.cpp"), join(cpp, "proof", "replay.cpp")];
  const proof = ["replay.cpp", "placement.h", "recording.h"].map((file) =>
    readFileSync(join(cpp, "proof", file), "utf8"),
  );
  const note = fingerprint(sourcesOf("native"), proof, flags, compiler(), cpp);
  const noteFile = `${program}.fingerprint`;
  if (existsSync(program) && existsSync(noteFile) && readFileSync(noteFile, "utf8") === note) return program;
  const [command, ...first] = compiler();
  const fresh = `${program}.${process.pid}`;
  const built = spawnSync(command, [...first, ...flags, "-I", cpp, ...sources, "-o", fresh], { encoding: "utf8" });
  if (built.status !== 0)
    throw new Error((built.error?.message ?? built.stderr).trim().split("\n").slice(-5).join("\n"));
  renameSync(fresh, program);
  replaceFile(noteFile, note);
  return program;
}

/** Runs a recording. Answers the programs run and, where something is wrong, what it said. */
export async function replay(program, recording, place, threads) {
  const child = spawn(program, [recording, place, threads.join()], { env: environmentOf(program) });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
  const status = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(code ?? signal));
  });
  const summary = /^\{"programs".*\}$/m.exec(output)?.[0];
  const finding = status === 0 ? undefined : output.split("\n").slice(0, 60).join("\n");
  return { status, ...(summary ? JSON.parse(summary) : { programs: 0, runs: 0, wrong: 0 }), finding };
}
