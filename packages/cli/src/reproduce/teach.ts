// Teaching whatever is a task, for so many steps, while somebody waits: progress, looks, and the end where the bench is asked to stop.
import { adam, type Metrics, type ScheduleSpec, type Task, train } from "unrolled";
import { type Bench, Stopped } from "./experiment.js";

/** What all recipes say of how long and how fast is learnt. */
export interface Lesson {
  readonly seed: number;
  readonly steps: number;
  readonly batch: number;
  readonly rate: number;
  /** Largest norm of the gradient; 1 where left out. */
  readonly clip?: number;
  /** Steps between looks at what is held out: a tenth of all where left out. */
  readonly every?: number;
  /** What is being done, for the one who waits. */
  readonly what: string;
}

export interface Teaching<M extends Metrics<M>> {
  readonly task: Task<M>;
  readonly schedule: ScheduleSpec;
  /** What a look tells; true ends the lesson. */
  readonly looked?: (measured: M) => boolean;
}

/** Trains with Adam and tells how many steps were made. Throws Stopped where the bench was asked to stop. */
export async function teach<M extends Metrics<M>>(
  bench: Bench,
  { seed, steps, rate, clip = 1, every = Math.ceil(steps / 10), what }: Lesson,
  { task, schedule, looked }: Teaching<M>,
): Promise<number> {
  let made = 0;
  const events = train({
    task,
    device: bench.device,
    maxSteps: steps,
    validateEvery: every,
    optimizer: adam({ rate }),
    schedule,
    clip: { norm: clip },
    precision: bench.precision,
    seed,
    stop: bench.stop,
    pause: () => new Promise((resolve) => setImmediate(resolve)),
  });
  for await (const event of events) {
    if (event.type === "step") {
      made = event.step;
      await bench.progress(`${what}: loss ${event.loss.toPrecision(3)}`, made / steps);
    }
    if (event.type === "validation" && looked?.(event)) break;
  }
  if (bench.stop.requested) throw new Stopped();
  return made;
}

/** Programs by a text that tells their shapes, each compiled when it is first asked for. */
export function keptPrograms<P extends { close(): void }>() {
  const programs = new Map<string, P>();
  return {
    of(key: string, compile: () => P): P {
      const program = programs.get(key) ?? compile();
      programs.set(key, program);
      return program;
    },
    close(): void {
      for (const program of programs.values()) program.close();
    },
  };
}
