// Scheduled sampling through the trainer: the probability of a true token changes from batch to batch, and a run that was stopped goes
// on as if it had not been.
import {
  type CheckpointEvent,
  encode,
  openReference,
  type TaskTrainOptions,
  type TeacherSchedule,
  type TranslationMetrics,
  type TranslationTask,
  teacherProbability,
  train,
  translationTask,
  translator,
  writeVariable,
} from "unrolled";
import { rearrangeTask, examples } from "unrolled/tasks";
import { identical } from "unrolled/testing";
import { describe, expect, it } from "vitest";
import { characterVocabulary } from "../../src/text/vocabulary.js";
import { allOf } from "../laws/tiny.js";

const letters = characterVocabulary("abc");
const [batch, batchesOfEpoch] = [4, 5];
const drawn = examples(rearrangeTask({ manner: "reverse", minimum: 3, length: 3, letters: 3 }), "training", 20);
const training = drawn.map(({ source, target }) => ({
  source: encode(letters, source),
  target: encode(letters, target),
}));
const schedules: readonly TeacherSchedule[] = [
  { name: "linear", slope: 0.4, floor: 0.1 },
  { name: "exponential", factor: 0.3 },
  { name: "inverse-sigmoid", k: 1.5 },
];

/** A task that tells the probability of every batch that is learnt from. */
function watched(teacher: TeacherSchedule) {
  const model = translator({
    source: letters,
    target: letters,
    embedding: 3,
    encoder: [{ cell: "gru", hidden: 3 }],
    decoder: [{ cell: "gru", hidden: 3 }],
    attention: "dot",
    bridge: "copy",
    seed: 2,
  });
  const told: number[] = [];
  const task: TranslationTask = translationTask({ model, training, validation: [], batch, teacher });
  const { batches } = task;
  const at: typeof batches.at = (index, epoch, place) => {
    const made = batches.at(index, epoch, place);
    told.push(made.inputs.teacher[0]);
    return made;
  };
  return { task: { ...task, batches: { ...batches, at } }, told };
}

type Options = Omit<TaskTrainOptions<TranslationMetrics>, "task" | "device">;

async function run({ task }: ReturnType<typeof watched>, options: Options, device = openReference()) {
  const losses: number[] = [];
  let last: CheckpointEvent | undefined;
  for await (const event of train({ task, device, ...options })) {
    if (event.type === "step") losses.push(event.loss);
    if (event.type === "checkpoint") last = event;
  }
  return { losses, last: last as CheckpointEvent };
}

describe("scheduled sampling", () => {
  it.each(schedules)("$name: the probability changes with every batch, accumulated ones too", async (teacher) => {
    for (const accumulate of [1, 2]) {
      const made = watched(teacher);
      await run(made, { epochs: 2, accumulate });
      const wanted = Array.from({ length: 2 * batchesOfEpoch }, (_, i) =>
        teacherProbability(teacher, i / batchesOfEpoch),
      );
      identical(made.told.slice(-wanted.length), Float32Array.from(wanted), `${accumulate} batches a step`);
    }
  });

  it("resumed = never stopped, in the middle of an epoch", async () => {
    const teacher = schedules[0];
    const whole = await run(watched(teacher), { epochs: 2 });
    for (const stop of [2, 5, 7]) {
      const first = await run(watched(teacher), { epochs: 2, maxSteps: stop });
      const made = watched(teacher);
      const device = openReference();
      for (const { name, data } of first.last.weights) writeVariable(device, made.task.weights[name], data);
      const rest = await run(made, { epochs: 2, resume: first.last.training }, device);
      identical(rest.losses, whole.losses.slice(stop), `losses after a stop at ${stop}`);
      identical(allOf(rest.last.weights), allOf(whole.last.weights), `weights after a stop at ${stop}`);
    }
  });

  it("changes what is learnt", async () => {
    const [low, lower] = [0.9, 0.2].map((factor) => run(watched({ name: "exponential", factor }), { maxSteps: 4 }));
    const [a, b] = [(await low).losses, (await lower).losses];
    expect(a[0]).toBe(b[0]); // both begin with true tokens alone
    expect(a[3]).not.toBe(b[3]);
  });
});
