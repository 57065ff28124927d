// Conformance cases of additive attention: ragged rows, rows without a place, one query and many.
// N batch, K queries of a row, S places, A units, C width of a place.
import type { Trial, TrialCase } from "../trial.js";
import { numbers, seedOf } from "../numbers.js";

export interface AttentionSizes {
  readonly N: number;
  readonly K: number;
  readonly S: number;
  readonly A: number;
  readonly C: number;
}

const shapes: readonly (readonly [N: number, K: number, S: number, A: number, C: number])[] = [
  [1, 1, 1, 1, 1],
  [1, 1, 7, 16, 33],
  [3, 1, 5, 8, 4],
  [2, 3, 9, 17, 15],
  [5, 2, 17, 33, 50],
  [9, 1, 16, 5, 16],
  [4, 5, 3, 65, 130],
  [7, 1, 40, 48, 9],
];

export function attentionCases(): TrialCase[] {
  return shapes.flatMap(([N, K, S, A, C]) =>
    [false, true].flatMap((ragged): TrialCase[] => {
      const sizes = { N, K, S, A, C };
      const lengths = ragged ? raggedLengths(N, S) : null;
      const name = `N=${N} K=${K} S=${S} A=${A} C=${C}${ragged ? ", ragged" : ""}`;
      const plain = { kernel: "attendGrad", name: `${name}, no dweights` } as const;
      return [
        ...(["attend", "attendGrad", "attendKeysGrad"] as const).map(
          (kernel): TrialCase => ({ kernel, name, trial: () => attentionTrial(kernel, sizes, lengths) }),
        ),
        { ...plain, trial: () => withoutWeightsGradient(attentionTrial("attendGrad", sizes, lengths)) },
        ...(K > 1
          ? [{ kernel: "attend", name: `${name}, queries alike`, trial: () => alike(sizes, lengths) } as const]
          : []),
      ];
    }),
  );
}

/** Lengths that mix none, all, one, in between, and values outside [0,S] (which mean none and all). */
function raggedLengths(N: number, S: number): number[] {
  const choices = [Math.ceil(S / 2), S, 0, S + 3, 1, -2, S - 1];
  return Array.from({ length: N }, (_, n) => choices[n % choices.length]);
}

const withoutWeightsGradient = (trial: Trial): Trial => ({ ...trial, buffers: { ...trial.buffers, dweights: null } });

/** Every other query is the first again, and the last but for one unit. */
function alike(sizes: AttentionSizes, lengths: readonly number[] | null): Trial {
  const { N, K, A } = sizes;
  const trial = attentionTrial("attend", sizes, lengths);
  const asked = Float64Array.from(trial.buffers.asked as Float64Array);
  for (let n = 0; n < N; n++)
    for (let k = 2; k < K; k += 2) asked.copyWithin((n * K + k) * A, n * K * A, (n * K + 1) * A);
  for (let n = 0; n < N; n++) asked[(n * K + K) * A - 1] += 2;
  return { ...trial, buffers: { ...trial.buffers, asked } };
}

/** One call, its buffers filled with numbers of the sizes that they have in training. */
export function attentionTrial(
  kernel: "attend" | "attendGrad" | "attendKeysGrad",
  sizes: AttentionSizes,
  lengths: readonly number[] | null,
): Trial {
  const { N, K, S, A, C } = sizes;
  const draw = numbers(seedOf(`${N} ${K} ${S} ${A} ${C}`));
  const [keys, asked, values] = [draw.normal(N * S * A), draw.normal(N * K * A), draw.normal(N * S * C)];
  const common = { keys, asked, energy: draw.normal(A, 1.5 / Math.sqrt(A)), lengths };
  if (kernel === "attend") {
    // A score, of size 1 to 5, is rounded to some 1e-6, and its weight by as much of itself.
    const tolerance = { relative: 3e-6, scale: 1 };
    return { kernel, numbers: { ...sizes }, buffers: { ...common, values }, tolerance };
  }
  if (kernel === "attendGrad") {
    const weights = draw.uniform(N * K * S, 0, 2 / S);
    const given = { weights, dcontext: draw.normal(N * K * C), dweights: draw.normal(N * K * S) };
    // What a score gets is a sum of C terms of size 1.
    const tolerance = { relative: 2e-6, scale: Math.sqrt(C) };
    return { kernel, numbers: { ...sizes }, buffers: { ...common, values, ...given }, tolerance };
  }
  // dkeys are sums of K terms of the size of an energy, denergy of K S terms of size 1.
  return {
    kernel,
    numbers: { N, K, S, A },
    buffers: { ...common, dscores: draw.normal(K * N * S) },
    tolerance: { relative: 2e-6, scale: Math.sqrt(K) },
    tolerances: { denergy: { relative: 2e-6, scale: Math.sqrt(K * S) } },
  };
}
