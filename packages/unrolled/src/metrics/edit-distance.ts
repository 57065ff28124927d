// How far two sequences are apart: insertions, deletions and substitutions (Levenshtein), exact matches, tokens right in place.

/** The least number of insertions, deletions and substitutions that make `a` of `b`. Time |a| |b|, memory |b|. */
export function editDistance<T>(a: ArrayLike<T>, b: ArrayLike<T>): number {
  let row = Float64Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = new Float64Array(b.length + 1);
    next[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min(change, row[j]! + 1, next[j - 1]! + 1);
    }
    row = next;
  }
  return row[b.length]!;
}

export interface SequenceScores {
  /** Part of the sequences that are wholly right. */
  readonly exactMatch: number;
  /** Tokens that stand in their place, over the tokens of the longer of the two. */
  readonly tokenAccuracy: number;
  /** Sum of edit distances over the tokens of the references: 0 is right, 1 and more is nothing right. */
  readonly errorRate: number;
}

/** Scores of pairs (what was written, what is right). 0 pairs: all NaN. */
export function sequenceScores<T>(pairs: readonly (readonly [ArrayLike<T>, ArrayLike<T>])[]): SequenceScores {
  let [exact, right, places, edits, tokens] = [0, 0, 0, 0, 0];
  for (const [own, reference] of pairs) {
    const distance = editDistance(own, reference);
    exact += distance === 0 ? 1 : 0;
    edits += distance;
    tokens += reference.length;
    places += Math.max(own.length, reference.length);
    for (let i = 0; i < Math.min(own.length, reference.length); i++) if (own[i] === reference[i]) right++;
  }
  return {
    exactMatch: exact / pairs.length,
    tokenAccuracy: places === 0 ? exact / pairs.length : right / places,
    errorRate: tokens === 0 ? edits : edits / tokens,
  };
}
