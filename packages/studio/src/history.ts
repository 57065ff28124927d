// The losses of a run of any length in a bounded number of points: when they become too many, neighbours are merged.

export interface Point {
  /** Of the middle of what was merged. */
  readonly step: number;
  /** Mean bits per character. */
  readonly bits: number;
}

export interface History {
  readonly points: readonly Point[];
  add(step: number, bits: number): void;
  clear(): void;
}

/** `most`: an even number of points, never exceeded. */
export function history(most = 1024): History {
  let points: Point[] = [];
  let width = 1; // steps in a point
  let sum = 0;
  let count = 0;
  return {
    get points() {
      return points;
    },
    add(step, bits) {
      sum += bits;
      if (++count < width) return;
      points.push({ step: step - (width - 1) / 2, bits: sum / count });
      sum = 0;
      count = 0;
      if (points.length === most) {
        points = halve(points);
        width *= 2;
      }
    },
    clear() {
      points = [];
      width = 1;
      sum = 0;
      count = 0;
    },
  };
}

function halve(points: readonly Point[]): Point[] {
  return Array.from({ length: points.length >> 1 }, (_, i) => {
    const [a, b] = [points[2 * i], points[2 * i + 1]];
    return { step: (a.step + b.step) / 2, bits: (a.bits + b.bits) / 2 };
  });
}

/** A running mean whose memory grows with the run, up to `most` points: the steep beginning is not smeared. */
export function smooth(points: readonly Point[], most: number): Point[] {
  let mean = 0;
  return points.map(({ step, bits }, i) => {
    mean += (bits - mean) / Math.min(most, 1 + i / 12);
    return { step, bits: mean };
  });
}
