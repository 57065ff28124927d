// Proof that no kernel touches a word outside its buffers, races or does what C++ leaves undefined: the conformance suite,
// the laws, training steps, every size from 0 to 257 and mutated programs, run by cpp/proof/replay.cpp with sanitizers and
// guard pages. `npm run prove:sanitizers [-- --isa plain,avx2] [--mutations 100000]`. Exit code 0 held, 1 broken, 2 not proven.
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { recordMutations } from "./mutations.mjs";
import { recordSuite, recordTraining } from "./recordings.mjs";
import { buildReplay, compilerAbsence, instructionSets, instruments, replay, supportedSets } from "./replay-builds.mjs";
import { allSizes, sweepSizes } from "./size-sweep.mjs";

const threads = [1, 2, 3];
const results = fileURLToPath(new URL("../../../../bench/results", import.meta.url));

const { values } = parseArgs({
  options: {
    isa: { type: "string", default: Object.keys(instructionSets).join() },
    mutations: { type: "string", default: "100000" },
  },
});

/** What is replayed, and under what: who works on which word is a matter of the suite's sizes already. */
const workloads = {
  "suite and laws": { record: recordSuite, under: Object.keys(instruments) },
  "training steps": { record: recordTraining, under: Object.keys(instruments) },
  "sizes 0 to 257": {
    record: async (_, write) => sweepSizes(allSizes, write),
    under: ["guards", "address, undefined"],
  },
  "mutated programs": {
    record: (_, write) => recordMutations(Number(values.mutations), write),
    under: ["guards", "address, undefined"],
  },
};

async function recordAll(isa, folder) {
  const files = {};
  for (const [name, { record }] of Object.entries(workloads)) {
    files[name] = join(folder, `${isa}-${Object.keys(files).length}.bin`);
    const file = openSync(files[name], "w");
    await record(isa, (bytes) => writeSync(file, bytes));
    closeSync(file);
  }
  return files;
}

function show({ isa, instrument, workload, place, programs, runs, seconds, outcome }) {
  const cells = [isa.padEnd(8), instrument.padEnd(19), workload.padEnd(17), place.padEnd(6)];
  const counts = [String(programs).padStart(9), String(runs).padStart(9), seconds.toFixed(1).padStart(7)];
  console.log(`${cells.join("")}${counts.join("")}  ${outcome}`);
}

/** One row for each workload and place; a build that cannot be made is one row by itself. */
async function prove(isa, instrument, files) {
  const blank = { isa, instrument, workload: "", place: "", programs: 0, runs: 0, seconds: 0 };
  let program;
  try {
    program = buildReplay(isa, instrument);
  } catch (error) {
    return [{ ...blank, outcome: "absent", finding: `cannot be built here: ${error.message}` }];
  }
  const rows = [];
  for (const [workload, file] of Object.entries(files)) {
    if (!workloads[workload].under.includes(instrument)) continue;
    for (const place of instruments[instrument].places) {
      const start = performance.now();
      const { programs, runs, finding } = await replay(program, file, place, threads);
      const seconds = (performance.now() - start) / 1000;
      const outcome = finding === undefined ? "held" : "BROKEN";
      rows.push({ ...blank, workload, place, programs, runs, seconds, outcome, finding });
      show(rows.at(-1));
      if (finding !== undefined) console.log(finding);
    }
  }
  return rows;
}

async function proveSet(isa) {
  const folder = mkdtempSync(join(tmpdir(), "unrolled-proof-"));
  try {
    const files = await recordAll(isa, folder);
    const rows = [];
    for (const instrument of Object.keys(instruments)) {
      const some = await prove(isa, instrument, files);
      if (some[0].outcome === "absent") console.log(`${isa}, ${instrument}: NOT PROVEN, ${some[0].finding}`);
      rows.push(...some);
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function write(rows, absent) {
  const date = new Date().toISOString();
  const machine = { processor: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.version };
  const command = `npm run prove:sanitizers -- --isa ${values.isa} --mutations ${values.mutations}`;
  mkdirSync(results, { recursive: true });
  const record = { date, command, machine, threads, absent, rows };
  writeFileSync(join(results, `${date.slice(0, 10)}-sanitizers.json`), `${JSON.stringify(record, null, 1)}\n`);
}

async function main() {
  const absence = compilerAbsence();
  if (absence !== undefined) {
    console.error(`prove:sanitizers: NOT PROVEN, ${absence}`);
    return 2;
  }
  const addon = createRequire(import.meta.url)("../../build/Release/plain.node");
  const asked = values.isa.split(",");
  const sets = supportedSets(addon.supports()).filter((isa) => asked.includes(isa));
  const absent = asked.filter((isa) => !sets.includes(isa));
  for (const isa of absent) console.log(`${isa}: NOT PROVEN, this processor does not run it (or there is no such set)`);
  console.log("build   instrument         workload         place  programs     runs seconds");
  const rows = [];
  for (const isa of sets) rows.push(...(await proveSet(isa)));
  write(rows, absent);
  if (rows.some(({ outcome }) => outcome === "BROKEN")) return 1;
  const proven = absent.length === 0 && rows.every(({ outcome }) => outcome === "held");
  console.log(proven ? "held" : "held where it could be proven");
  return proven ? 0 : 2;
}

process.exitCode = await main();
