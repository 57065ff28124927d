// The losses of a run, however long, in a list of bounded length.

export interface History {
  readonly values: readonly number[];
  add(loss: number): void;
}

/** Keeps at most `capacity` points: when full, neighbours are averaged and each point stands for twice as many steps. */
export function history(capacity = 1024): History {
  let values: number[] = [];
  let span = 1;
  let sum = 0;
  let filled = 0;
  return {
    get values() {
      return values;
    },
    add(loss) {
      sum += loss;
      if (++filled < span) return;
      values.push(sum / span);
      sum = 0;
      filled = 0;
      if (values.length < capacity) return;
      values = Array.from({ length: capacity >> 1 }, (_, i) => (values[2 * i] + values[2 * i + 1]) / 2);
      span *= 2;
    },
  };
}
