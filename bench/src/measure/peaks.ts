// What the machine can multiply at most just now: the bare multiply loop of every build, on one thread and on two at once.
import type { Workload } from "../workloads.js";
import { workloads } from "../workloads.js";
import { type Child, startChild } from "./child.js";
import { peakCommand } from "./configurations.js";
import type { Prepared } from "./protocol.js";

export interface Peaks {
  /** Floating-point operations per second now, by "native, 1 thread", "native, 2 threads" and so on. */
  measure(): Promise<ReadonlyMap<string, number>>;
  close(): Promise<void>;
}

interface Pair {
  readonly family: string;
  readonly children: readonly Child[];
  readonly prepared: Prepared;
  readonly repetitions: number;
}

const seconds = 0.05;

/** Two processes for each build that there is. */
export async function openPeaks(families: readonly ("native" | "wasm" | "wasm-simd")[]): Promise<Peaks> {
  const opened = await Promise.all(families.map(openPair));
  const pairs = opened.filter((pair): pair is Pair => pair !== undefined);
  return {
    async measure() {
      const rates = new Map<string, number>();
      for (const { family, children, prepared, repetitions } of pairs) {
        const rate = async (child: Child): Promise<number> =>
          (prepared.work * repetitions) / (await child.measure(repetitions)).seconds;
        rates.set(`${family}, 1 thread`, await rate(children[0]));
        rates.set(
          `${family}, 2 threads`,
          (await Promise.all(children.map(rate))).reduce((a, b) => a + b),
        );
      }
      return rates;
    },
    close: async () =>
      void (await Promise.all(pairs.flatMap(({ children }) => children.map((child) => child.close())))),
  };
}

async function openPair(family: "native" | "wasm" | "wasm-simd"): Promise<Pair | undefined> {
  const children = [startChild(peakCommand(family)), startChild(peakCommand(family))];
  const workload: Workload = workloads[0];
  try {
    const [prepared] = await Promise.all(children.map((child) => child.prepare({ do: "prepare", workload })));
    const first = await children[0].measure(200);
    return { family, children, prepared, repetitions: Math.max(1, Math.round((200 * seconds) / first.seconds)) };
  } catch {
    await Promise.all(children.map((child) => child.close()));
    return undefined; // this build does not run here; its configurations say why
  }
}
