// Every generated task in a small size, and what the best predictor that does not look at the input gets on a sample.
import * as k from "unrolled/tasks";

export interface Sampled {
  readonly task: k.GeneratedTask<unknown>;
  /** One value per measured answer, or the mean error of a constant: see `chanceOf`. */
  readonly answers: (example: unknown) => readonly (string | number)[];
  /** Answers of the same step are drawn by the same law; where false the law is the same at all steps. */
  readonly byStep?: boolean;
}

const tagged = (task: k.TokenTask<k.Tagged>, byStep = false): Sampled => ({
  task: task as k.GeneratedTask<unknown>,
  answers: (e) => (e as k.Tagged).measured.map((t) => (e as k.Tagged).tags[t]),
  byStep,
});
const labelled = <E extends k.Labelled>(task: k.TokenTask<E>): Sampled => ({
  task: task as unknown as k.GeneratedTask<unknown>,
  answers: (e) => [(e as k.Labelled).label],
});
const valued = (task: k.GeneratedTask<k.Valued>): Sampled => ({
  task: task as k.GeneratedTask<unknown>,
  answers: (e) => [...(e as k.Valued).y],
});
const pairs = (task: k.GeneratedTask<k.Pair>, split: boolean): Sampled => ({
  task: task as k.GeneratedTask<unknown>,
  answers: (e) => (split ? [...(e as k.Pair).target] : [(e as k.Pair).target]),
});

export const everyTask = (seed: number): readonly Sampled[] => [
  valued(k.addingTask({ length: 10, seed })),
  tagged(k.copyMemoryTask({ delay: 5, seed }), true),
  tagged(k.parityTask({ minimum: 12, length: 20, seed })),
  tagged(k.dyckTask({ kinds: 2, depth: 3, length: 24, seed })),
  tagged(k.dyckTask({ kinds: 4, depth: 2, length: 30, seed })),
  tagged(k.reberTask({ words: 6, seed })),
  tagged(k.embeddedReberTask({ seed })),
  labelled(k.temporalOrderTask({ length: 30, seed })),
  labelled(k.agreementTask({ gap: [3, 12], seed })),
  tagged(k.teddyTask({ seed })),
  valued(k.seriesTask({ length: 40, seed })),
  pairs(k.rearrangeTask({ manner: "sort", minimum: 6, length: 9, letters: 5, seed }), true),
  tagged(k.melodyTask({ bars: 8, seed })),
];

/** What the best constant answer gets on a sample, in the measure of the task. */
export function chanceOf({ task, answers, byStep }: Sampled, sample: readonly unknown[]): number {
  const all = sample.map(answers);
  if (task.chance.measure === "mse") return variance(all.flat() as number[]);
  const steps = byStep ? all[0].map((_, t) => all.map((row) => row[t])) : [all.flat()];
  const total = steps.reduce((sum, step) => sum + step.length, 0);
  return steps.reduce((sum, step) => sum + step.length * constant(task.chance.measure, step), 0) / total;
}

function constant(measure: k.Chance["measure"], answers: readonly (string | number)[]): number {
  const counts = new Map<string | number, number>();
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  const shares = [...counts.values()].map((n) => n / answers.length);
  return measure === "nats" ? shares.reduce((sum, p) => sum - p * Math.log(p), 0) : Math.max(...shares);
}

function variance(values: readonly number[]): number {
  const mean = values.reduce((a, b) => a + b) / values.length;
  return values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
}
