// The recordings that the proofs run: the conformance suite and the laws as one build of the kernels runs them, and
// training steps of whole models.
import * as u from "unrolled";
import { adam, characters, languageModel, openReference, train } from "unrolled";
import { conformanceCases, rowsAlone, sameBitsForThreads, sequenceInPieces } from "unrolled/testing";
import { openNative } from "../../dist/index.js";
import { encodeSteps } from "../../dist/steps.js";
import { halfStep, recorder, sharedSteps } from "./recording.mjs";

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
  if (multipliesHalf(native)) recordHalf(native, write);
  native.close();
  return cases.length;
}

/** Whether this build runs programs that multiply in bfloat16. */
function multipliesHalf(device) {
  try {
    device.unload(device.load({ code: new Float64Array(), calls: 0, work: 0, products: "bf16" }));
    return true;
  } catch {
    return false;
  }
}

/** Writes the laws once more, every product in bfloat16. */
function recordHalf(native, write) {
  const halved = { ...native, load: (program) => native.load({ ...program, products: "bf16" }) };
  const { device, name } = recorder(halved, write, [(program) => sharedSteps(program, halfStep)]);
  name("laws in bfloat16");
  sameBitsForThreads([device]);
  rowsAlone(device);
  sequenceInPieces(device);
}

/** Models whose training steps are recorded: every cell, sizes that are no multiple of a vector. */
const models = [
  { cell: "lstm", hidden: [33, 20], dropout: 0.1 },
  { cell: "gru", hidden: [48] },
  { cell: "rnn", hidden: [100] },
];

/** An LSTM in operations: its calls go by rows, between which threads do not wait. */
const spelledOut = u.cell({
  name: "lstm in ops",
  weights: ({ D, H }) => ({ W: [D, 4 * H], R: [H, 4 * H], b: [4 * H] }),
  state: ({ H }) => ({ h: [H], c: [H] }),
  step({ W, R, b }, x, { h, c }) {
    const [i, f, g, o] = u.split(u.add(u.add(u.matmul(x, W), u.matmul(h, R)), b), 4);
    const next = u.add(u.mul(u.sigmoid(f), c), u.mul(u.sigmoid(i), u.tanh(g)));
    return { h: u.mul(u.sigmoid(o), u.tanh(next)), c: next };
  },
});

function runSpelledOut(device) {
  const [T, N, D, H] = [4, 27, 7, 33];
  const wave = (length) => Float32Array.from({ length }, (_, i) => Math.sin(i * 1.7) / 3);
  const shapes = { W: [D, 4 * H], R: [H, 4 * H], b: [4 * H], h: [N, H], c: [N, H] };
  const specs = Object.entries(shapes).map(([name, shape]) => [
    name,
    { shape, initial: () => wave(shape.reduce((a, n) => a * n, 1)) },
  ]);
  const { h, c, ...weights } = u.variables("weights", Object.fromEntries(specs));
  const program = u.compile(device, { x: u.f32(T, N, D) }, ({ x }) => {
    const { y } = u.unroll(spelledOut, weights, x, { h, c });
    const loss = u.sum(u.mul(y, y));
    const slopes = u.gradient(loss, Object.values(weights));
    return { outputs: { loss, ...Object.fromEntries(slopes.map((slope, i) => [`g${i}`, slope])) } };
  });
  program.run({ x: wave(T * N * D) });
  program.close();
}

/** Two rows of 48 texts: the calls of a step go by rows. */
function writeTexts(device, vocabulary, cell) {
  const made = u.writer(device, languageModel({ vocabulary, cell, hidden: [32, 32], embedding: 9 }), 48);
  made.begin(new Int32Array(48));
  made.advance(new Int32Array(96).fill(-1), new Int32Array(96).fill(12345), { temperature: 1 });
  made.close();
}

/** Steps of a program for two threads, every call shared. */
const planned = (program) => [...encodeSteps({ ...program, work: 1e12 }, 2).code];

/** Writes two training steps of each model and steps of writing, with the meetings of threads that TypeScript plans and with all of them. */
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
  const native = await openNative({ threads: 1, isa });
  const { device, name } = recorder(native, write, [planned, sharedSteps]);
  name("gradient of a cell written in operations");
  runSpelledOut(device);
  for (const cell of ["lstm", "gru", "rnn"]) {
    name(`48 texts by ${cell}`);
    writeTexts(device, corpus.vocabulary, cell);
  }
  native.close();
}
