// The recordings that the proofs run: the conformance suite and the laws as one build of the kernels runs them, and
// training steps of whole models.
import { adam, characters, languageModel, openReference, train } from "unrolled";
import { conformanceCases, rowsAlone, sameBitsForThreads, sequenceInPieces } from "unrolled/testing";
import { openNative } from "../../dist/index.js";
import { encodeSteps } from "../../dist/steps.js";
import { recorder, sharedSteps } from "./recording.mjs";

/** Writes the suite and the laws, as this build runs them on one thread; answers how many cases there were. */
export async function recordSuite(isa, write) {
  const native = await openNative({ threads: 1, isa });
  const reference = openReference();
  const { device, name } = recorder(native, write);
  const cases = conformanceCases();
  for (const one of cases) {
    name(`${one.kernel} ${one.name}`);
    one.run(device, reference);
  }
  const laws = {
    "the same bits for any threads": () => sameBitsForThreads([device]),
    "rows alone": () => rowsAlone(device),
    "a sequence in pieces": () => sequenceInPieces(device),
  };
  for (const [law, run] of Object.entries(laws)) {
    name(`law: ${law}`);
    run();
  }
  native.close();
  return cases.length;
}

/** Models whose training steps are recorded: every cell, sizes that are no multiple of a vector. */
const models = [
  { cell: "lstm", hidden: [33, 20], dropout: 0.1 },
  { cell: "gru", hidden: [48] },
  { cell: "rnn", hidden: [100] },
];

/** Writes two training steps of each model, with the meetings of threads that TypeScript plans and with all of them. */
export async function recordTraining(isa, write) {
  const text = Array.from({ length: 3000 }, (_, i) => String.fromCharCode(97 + ((i * i + 3 * i) % 23))).join("");
  const corpus = characters(text, { validation: 0 });
  for (const options of models) {
    const native = await openNative({ threads: 1, isa });
    const { device, name } = recorder(native, write, [(program) => [...encodeSteps(program, 2).code], sharedSteps]);
    name(`training step of ${options.cell} ${options.hidden}`);
    const model = languageModel({ vocabulary: corpus.vocabulary, ...options });
    const steps = train({
      ...{ model, corpus, device, batch: 6, sequence: 12, maxSteps: 2, optimizer: adam(), clip: { norm: 5 } },
      clock: () => 0,
    });
    for await (const _ of steps);
    native.close();
  }
}
