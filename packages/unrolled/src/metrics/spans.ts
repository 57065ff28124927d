// Spans of BIO tags ("B-PER I-PER O"), and how many of them were found whole: the measure of name finding (CoNLL 2000 and 2003).

export interface Span {
  readonly type: string;
  /** First token, and the one after the last. */
  readonly from: number;
  readonly to: number;
}

/** True where every tag is "O" or begins with "B-" or "I-" and some tag begins a span. */
export const areBio = (tags: readonly string[]): boolean =>
  tags.some((tag) => /^[BI]-./.test(tag)) && tags.every((tag) => tag === "O" || /^[BI]-./.test(tag));

/** The spans of a sequence. An I- that continues nothing of its type begins a span, as in the CoNLL scripts. */
export function bioSpans(tags: readonly string[]): readonly Span[] {
  const spans: Span[] = [];
  let open: { type: string; from: number } | undefined;
  const close = (to: number): void => {
    if (open) spans.push({ ...open, to });
    open = undefined;
  };
  for (const [t, tag] of tags.entries()) {
    const [kind, type] = tag === "O" ? ["O", ""] : [tag.slice(0, 1), tag.slice(2)];
    if (kind === "I" && open?.type === type) continue;
    close(t);
    if (kind !== "O") open = { type, from: t };
  }
  close(tags.length);
  return spans;
}

export interface SpanReport {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Spans that are there, and that were found (right or wrong). */
  readonly support: number;
  readonly found: number;
  readonly types: readonly {
    readonly type: string;
    readonly precision: number;
    readonly recall: number;
    readonly f1: number;
    readonly support: number;
  }[];
}

interface Counts {
  right: number;
  found: number;
  support: number;
}

export interface SpanCounts {
  /** By type. */
  readonly counts: Map<string, Counts>;
}

export const emptySpans = (): SpanCounts => ({ counts: new Map() });

/** Adds one sequence: a span is right where type, beginning and end are. */
export function countSpans({ counts }: SpanCounts, truth: readonly string[], given: readonly string[]): void {
  const of = (type: string): Counts => {
    const known = counts.get(type) ?? { right: 0, found: 0, support: 0 };
    counts.set(type, known);
    return known;
  };
  const key = ({ type, from, to }: Span): string => `${from} ${to} ${type}`;
  const [there, found] = [bioSpans(truth), bioSpans(given)];
  const keys = new Set(there.map(key));
  for (const span of there) of(span.type).support++;
  for (const span of found) {
    of(span.type).found++;
    if (keys.has(key(span))) of(span.type).right++;
  }
}

export function spanReport({ counts }: SpanCounts): SpanReport {
  const score = ({ right, found, support }: Counts) => ({
    precision: found === 0 ? 0 : right / found,
    recall: support === 0 ? 0 : right / support,
    f1: found + support === 0 ? 0 : (2 * right) / (found + support),
    support,
  });
  const all = { right: 0, found: 0, support: 0 };
  for (const { right, found, support } of counts.values()) {
    all.right += right;
    all.found += found;
    all.support += support;
  }
  const types = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([type, each]) => ({ type, ...score(each) }));
  return { ...score(all), found: all.found, types };
}
