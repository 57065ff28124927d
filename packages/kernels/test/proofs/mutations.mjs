// Mutated programs that the check of programs lets pass, recorded for cpp/proof/replay.cpp: what is accepted must keep
// inside its buffers.
import { checkProgram, kernelNames } from "unrolled";
import { drawsBelow, mutate, passesOf, soundPrograms } from "unrolled/testing";
import { encodeRecord, sharedSteps, spansOf } from "./recording.mjs";

const contents = ["floats", "oddFloats", "ids"];

function isAccepted(program) {
  try {
    checkProgram(program, program.words);
    return passesOf(program) <= 1e5;
  } catch (error) {
    if (error.code === "program") return false;
    throw error;
  }
}

/** Makes `count` mutants and writes those that pass; answers how many there were. */
export async function recordMutations(count, write, seed = 11) {
  const programs = await soundPrograms();
  const draw = drawsBelow(seed);
  let accepted = 0;
  for (let i = 0; i < count; i++) {
    const program = mutate(programs[draw(programs.length)], draw);
    if (!isAccepted(program)) continue;
    const steps = sharedSteps(program);
    const slots = spansOf(steps).map((span) => ({ ...span, fill: contents[draw(3)], seed: 1 + draw(1e9) }));
    write(
      encodeRecord(
        `mutant ${i} (${kernelNames[steps[0]]}${program.calls > 1 ? " ..." : ""})`,
        steps,
        program.calls,
        slots,
      ),
    );
    accepted++;
  }
  return accepted;
}
