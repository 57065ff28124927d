// BLEU (Papineni 2002) as sacreBLEU computes it (Post 2018): n-grams of 1 to 4, tokenisation 13a or none, smoothing "exp", one number
// in percent that everybody means alike; the signature says what was computed.
import { DataError } from "../errors.js";
import { tokenize13a } from "./tokenize-13a.js";

export interface BleuOptions {
  /** "13a" (default), or "none": tokens are what stands between white space. */
  readonly tokenize?: "13a" | "none";
  /** Upper and lower case are alike. Default false. */
  readonly lowercase?: boolean;
  /** Only lengths of n-grams that the hypothesis has at all. Default: false for a corpus, true for a sentence. */
  readonly effectiveOrder?: boolean;
}

export interface Bleu {
  /** 0 to 100. */
  readonly score: number;
  /** In percent, for n-grams of 1 to 4, smoothed. */
  readonly precisions: readonly number[];
  readonly brevityPenalty: number;
  /** Tokens of the hypotheses and of the references that are nearest in length. */
  readonly hypothesisLength: number;
  readonly referenceLength: number;
  /** "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp". */
  readonly signature: string;
}

const orders = 4;

/** Counts of one or more sentences: they add up. */
interface Counts {
  readonly matched: number[];
  readonly total: number[];
  hypothesis: number;
  reference: number;
}

const noCounts = (): Counts => ({ matched: [0, 0, 0, 0], total: [0, 0, 0, 0], hypothesis: 0, reference: 0 });

/** BLEU of a whole corpus. `references[i]` are one or more translations of sentence i. DataError where the numbers differ. */
export function corpusBleu(
  hypotheses: readonly string[],
  references: readonly (string | readonly string[])[],
  options: BleuOptions = {},
): Bleu {
  if (hypotheses.length !== references.length)
    throw new DataError(
      `bleu: must be as many references as hypotheses, were ${references.length} and ${hypotheses.length}`,
      { code: "uneven-pairs" },
    );
  const counts = noCounts();
  let most = 0;
  for (const [i, hypothesis] of hypotheses.entries()) {
    const own = references[i]!;
    const list = typeof own === "string" ? [own] : own;
    most = Math.max(most, list.length);
    count(
      counts,
      tokens(hypothesis, options),
      list.map((line) => tokens(line, options)),
    );
  }
  return score(counts, options, options.effectiveOrder ?? false, most);
}

/** BLEU of one sentence. */
export function sentenceBleu(
  hypothesis: string,
  references: string | readonly string[],
  options: BleuOptions = {},
): Bleu {
  return corpusBleu([hypothesis], [references], { effectiveOrder: true, ...options });
}

function tokens(line: string, { tokenize = "13a", lowercase = false }: BleuOptions): readonly string[] {
  const text = (lowercase ? line.toLowerCase() : line).trimEnd();
  return tokenize === "13a" ? tokenize13a(text) : text.split(/\s+/u).filter((token) => token !== "");
}

/** How often each run of n tokens comes. Tokens hold no white space, so a space between them keeps runs apart. */
function ngrams(list: readonly string[], n: number): Map<string, number> {
  const found = new Map<string, number>();
  for (let i = 0; i + n <= list.length; i++) {
    const gram = list.slice(i, i + n).join(" ");
    found.set(gram, (found.get(gram) ?? 0) + 1);
  }
  return found;
}

/** A run counts at most as often as in the reference that has it most often. */
function count(counts: Counts, hypothesis: readonly string[], references: readonly (readonly string[])[]): void {
  counts.hypothesis += hypothesis.length;
  counts.reference += nearestLength(hypothesis.length, references);
  for (let n = 1; n <= orders; n++) {
    const limit = new Map<string, number>();
    for (const reference of references)
      for (const [gram, times] of ngrams(reference, n)) limit.set(gram, Math.max(limit.get(gram) ?? 0, times));
    for (const [gram, times] of ngrams(hypothesis, n)) counts.matched[n - 1]! += Math.min(times, limit.get(gram) ?? 0);
    counts.total[n - 1]! += Math.max(0, hypothesis.length - n + 1);
  }
}

/** The length nearest to the hypothesis; the shorter of two. */
function nearestLength(length: number, references: readonly (readonly string[])[]): number {
  let best = references[0]?.length ?? 0;
  for (const { length: own } of references) {
    const [d, old] = [Math.abs(own - length), Math.abs(best - length)];
    if (d < old || (d === old && own < best)) best = own;
  }
  return best;
}

/**
 * exp of the mean of the logarithms of the precisions, times the brevity penalty. Smoothing "exp" (NIST): the k-th order without a
 * match has precision 100 / (2^k total). Without a single match the score is 0.
 */
function score(counts: Counts, options: BleuOptions, effective: boolean, references: number): Bleu {
  const { matched, total, hypothesis, reference } = counts;
  const precisions = [0, 0, 0, 0];
  let order = effective ? 0 : orders;
  let smoothing = 1;
  for (let n = 0; n < orders && total[n]! > 0; n++) {
    if (effective) order = n + 1;
    if (matched[n] === 0) smoothing *= 2;
    precisions[n] = matched[n] === 0 ? 100 / (smoothing * total[n]!) : (100 * matched[n]!) / total[n]!;
  }
  const brevityPenalty = hypothesis >= reference ? 1 : hypothesis > 0 ? Math.exp(1 - reference / hypothesis) : 0;
  const used = precisions.slice(0, order);
  const none = matched.every((m) => m === 0) || order === 0;
  const mean = used.reduce((sum, p) => sum + (p > 0 ? Math.log(p) : -9_999_999_999), 0) / order;
  return {
    score: none ? 0 : brevityPenalty * Math.exp(mean),
    precisions,
    brevityPenalty,
    hypothesisLength: hypothesis,
    referenceLength: reference,
    signature: `nrefs:${references}|case:${options.lowercase ? "lc" : "mixed"}|eff:${effective ? "yes" : "no"}|tok:${options.tokenize ?? "13a"}|smooth:exp`,
  };
}
