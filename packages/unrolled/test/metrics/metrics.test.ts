// Measures against values published elsewhere or worked out by hand.
import {
  areBio,
  bioSpans,
  classificationReport,
  countErrors,
  countMultiLabel,
  countSpans,
  emptyConfusion,
  emptyErrors,
  emptyMultiLabel,
  emptySpans,
  errorReport,
  multiLabelReport,
  spanReport,
} from "unrolled";
import { close } from "unrolled/testing";
import { describe, expect, it } from "vitest";

function confusionOf(truth: readonly number[], called: readonly number[], C: number): number[][] {
  const confusion = emptyConfusion(C);
  for (const [i, c] of truth.entries()) confusion[c][called[i]]++;
  return confusion;
}

describe("classes", () => {
  it("macro F1, precision and recall of scikit-learn's example", () => {
    // The documented example of f1_score: macro 0.26..., precision_score macro 0.22..., recall_score macro 0.33...
    const report = classificationReport(confusionOf([0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1], 3), ["a", "b", "c"]);
    close(report.macroF1, 4 / 15);
    close(report.accuracy, 1 / 3);
    close(
      report.classes.map(({ f1 }) => f1),
      [0.8, 0, 0],
    );
    close(
      report.classes.map(({ precision }) => precision),
      [2 / 3, 0, 0],
    );
    close(
      report.classes.map(({ recall }) => recall),
      [1, 0, 0],
    );
    expect(report.confusion).toEqual([
      [2, 0, 0],
      [1, 0, 1],
      [0, 2, 0],
    ]);
  });

  it("a class that is neither there nor called does not pull the mean", () => {
    const report = classificationReport(confusionOf([0, 1], [0, 1], 3), ["a", "b", "never"]);
    close([report.macroF1, report.accuracy], [1, 1]);
  });

  it("several labels a step", () => {
    const counts = emptyMultiLabel(3);
    // scikit-learn's documented multilabel example: y_true [[0,0,0],[1,1,1],[0,1,1]], y_pred [[0,0,0],[1,1,1],[1,1,0]].
    for (const [truth, given] of [
      ["000", "000"],
      ["111", "111"],
      ["011", "110"],
    ])
      countMultiLabel(
        counts,
        [...truth].map((d) => d === "1"),
        [...given].map((d) => d === "1"),
      );
    const report = multiLabelReport(counts, ["a", "b", "c"]);
    close(
      report.classes.map(({ f1 }) => f1),
      [2 / 3, 1, 2 / 3],
    );
    close([report.microF1, report.macroF1, report.exact, report.hamming], [0.8, 7 / 9, 2 / 3, 2 / 9]);
  });
});

describe("spans", () => {
  it("begin and end where the CoNLL scripts say", () => {
    const at = (tags: string) => bioSpans(tags.split(" ")).map(({ type, from, to }) => `${type}:${from}-${to}`);
    expect(at("B-PER I-PER O B-LOC")).toEqual(["PER:0-2", "LOC:3-4"]);
    expect(at("B-PER B-PER I-PER")).toEqual(["PER:0-1", "PER:1-3"]);
    expect(at("I-PER I-PER I-LOC O I-LOC")).toEqual(["PER:0-2", "LOC:2-3", "LOC:4-5"]);
    expect(at("O O")).toEqual([]);
    expect([areBio(["B-x", "O"]), areBio(["O"]), areBio(["B-x", "noun"])]).toEqual([true, false, false]);
  });

  it("F1 of seqeval's documented example is 0.50", () => {
    const counts = emptySpans();
    countSpans(counts, "O O O B-MISC I-MISC I-MISC O".split(" "), "O O B-MISC I-MISC I-MISC I-MISC O".split(" "));
    countSpans(counts, "B-PER I-PER O".split(" "), "B-PER I-PER O".split(" "));
    const report = spanReport(counts);
    close([report.f1, report.precision, report.recall], [0.5, 0.5, 0.5]);
    expect(report.types.map(({ type, f1, support }) => [type, f1, support])).toEqual([
      ["MISC", 0, 1],
      ["PER", 1, 1],
    ]);
  });
});

describe("errors", () => {
  it("of numbers worked out by hand, over all and per column", () => {
    // scikit-learn's documented example: y_true [[0.5,1],[-1,1],[7,-6]], y_pred [[0,2],[-1,2],[8,-5]]: mse 0.708..., mae 0.75.
    const counts = emptyErrors(2);
    const [truth, given] = [
      [0.5, 1, -1, 1, 7, -6],
      [0, 2, -1, 2, 8, -5],
    ];
    for (let t = 0; t < 3; t++) countErrors(counts, truth, 2 * t, given, 2 * t);
    const report = errorReport(counts, ["x", "y"]);
    close([report.mse, report.mae], [17 / 24, 0.75]);
    close(
      report.columns.map(({ mse }) => mse),
      [1.25 / 3, 1],
    );
    close(
      report.columns.map(({ mae }) => mae),
      [0.5, 1],
    );
    expect(report.count).toBe(3);
  });

  it("r2 is 1 for the truth and 0 for its mean", () => {
    const of = (given: readonly number[]) => {
      const counts = emptyErrors(1);
      for (const [t] of given.entries()) countErrors(counts, [1, 2, 6], t, given, t);
      return errorReport(counts, ["x"]).r2;
    };
    close([of([1, 2, 6]), of([3, 3, 3])], [1, 0], { absolute: 1e-12 });
  });
});
