// BLEU, chrF, edit distance: worked by hand from the published algorithms, the arithmetic beside each.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { corpusBleu, sentenceBleu } from "../../src/metrics/bleu.js";
import { corpusChrf } from "../../src/metrics/chrf.js";
import { editDistance, sequenceScores } from "../../src/metrics/edit-distance.js";
import { tokenize13a } from "../../src/metrics/tokenize-13a.js";
import { close } from "../../src/testing/close.js";

describe("tokenize 13a", () => {
  it.each([
    ["Hello, world.", "Hello , world ."],
    ["3.14 and 1,000: 3-4, a-b", "3.14 and 1,000 : 3 - 4 , a-b"],
    ["U.S. don't (really)!", "U . S . don't ( really ) !"],
    ["$5.00 [x] 50% a/b", "$ 5.00 [ x ] 50 % a / b"],
    ["&quot;Q&amp;A&quot; &lt;b&gt;", '" Q & A " < b >'],
    ["end 5. 5,a ,5", "end 5 . 5 , a , 5"],
    ["a\tb  \u00a0c “q” ß", "a b c “q” ß"],
    ["...", ". . ."],
    ["a,b.", "a , b ."],
    ["", ""],
  ])("%j", (line, tokens) => {
    expect(tokenize13a(line).join(" ")).toBe(tokens);
  });

  it("is what the original's patterns make of it", () => {
    const original = (line: string): string =>
      ` ${line} `
        .replace(/([{-~[-` -&(-+:-@/])/g, " $1 ")
        .replace(/([^0-9])([.,])/g, "$1 $2 ")
        .replace(/([.,])([^0-9])/g, " $1 $2")
        .replace(/([0-9])(-)/g, "$1 $2 ")
        .split(/\s+/)
        .filter((token) => token !== "")
        .join(" ");
    const unit = fc.constantFrom(..."ab19.,- '()$[]~:é");
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 20 }), (line) => {
        expect(tokenize13a(line).join(" ")).toBe(original(line));
      }),
      { numRuns: 2000 },
    );
  });
});

describe("BLEU", () => {
  it("is 100 for what is right, 0 where nothing is", () => {
    close(corpusBleu(["a b c d e."], ["a b c d e."]).score, 100);
    expect(corpusBleu(["x y"], ["a b c"]).score).toBe(0);
    expect(corpusBleu([""], ["a"]).score).toBe(0);
  });

  it("counts a word at most as often as the reference has it, and smooths orders without a match", () => {
    // 7 times "the" against 2: p1 = 2/7. No pair, triple or four matches: 100/(2*6), 100/(4*5), 100/(8*4). No brevity penalty.
    const { score, precisions, brevityPenalty } = corpusBleu(
      ["the the the the the the the"],
      ["the cat is on the mat"],
    );
    close(precisions, [200 / 7, 100 / 12, 5, 3.125]);
    expect(brevityPenalty).toBe(1);
    close(score, ((200 / 7) * (100 / 12) * 5 * 3.125) ** 0.25);
  });

  it("adds counts over sentences, then divides; too short is penalised", () => {
    // "the cat sat on mat": 5/5 words, 3/4 pairs (the cat, cat sat, sat on), 2/3 triples, 1/2 fours of "the cat sat on the mat".
    // "a dog ran .": 4/4, 3/3, 2/2, 1/1. Together 9/9, 6/7, 4/5, 2/3; lengths 9 against 10: exp(1 - 10/9).
    const bleu = corpusBleu(["the cat sat on mat", "a dog ran."], ["the cat sat on the mat", "a dog ran."]);
    close(bleu.precisions, [100, 600 / 7, 80, 200 / 3]);
    close(bleu.brevityPenalty, Math.exp(1 - 10 / 9));
    close(bleu.score, 100 * Math.exp(1 - 10 / 9) * (1 * (6 / 7) * 0.8 * (2 / 3)) ** 0.25);
    expect([bleu.hypothesisLength, bleu.referenceLength]).toEqual([9, 10]);
    expect(bleu.signature).toBe("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp");
  });

  it("of a sentence shorter than four words uses the orders that it has", () => {
    // 2/2 words, 1/1 pairs; no triples.
    close(sentenceBleu("good morning", "good morning").score, 100);
    expect(corpusBleu(["good morning"], ["good morning"]).score).toBe(0);
    // 2/3 words, 1/2 pairs, triple: 100/(2*1). Brevity exp(1 - 4/3).
    close(sentenceBleu("a b x", "a b c d").score, Math.exp(-1 / 3) * ((200 / 3) * 50 * 50) ** (1 / 3));
    expect(sentenceBleu("a", "a").signature).toContain("eff:yes");
  });

  it("takes several references: the best count of each run, the length nearest to the hypothesis", () => {
    // Words: a b c d, each in one of the two; pairs a b and c d; 4 tokens: of lengths 3 and 5 both are 1 away, the shorter counts.
    const bleu = corpusBleu(["a b c d"], [["a b x", "c d y z w"]]);
    // Triples: none of 2, 100/(2*2); fours: none of 1, 100/(4*1).
    close(bleu.precisions, [100, 200 / 3, 25, 25]);
    expect(bleu.referenceLength).toBe(3);
    expect(bleu.signature).toContain("nrefs:2");
  });

  it("lower-cases and keeps tokens where asked", () => {
    expect(corpusBleu(["A B C D"], ["a b c d"]).score).toBe(0);
    const lower = corpusBleu(["A B C D"], ["a b c d"], { lowercase: true });
    close(lower.score, 100);
    expect(lower.signature).toContain("case:lc");
    const plain = corpusBleu(["a, b c d e"], ["a , b c d e"], { tokenize: "none" });
    // Words: 4 of 5 right of 6.
    close(plain.precisions[0], 80);
    expect(plain.signature).toContain("tok:none");
  });

  it("refuses uneven lists", () => {
    expect(() => corpusBleu(["a"], [])).toThrow(expect.objectContaining({ code: "uneven-pairs" }));
    expect(() => corpusChrf(["a"], [])).toThrow(expect.objectContaining({ code: "uneven-pairs" }));
  });
});

describe("chrF", () => {
  it("is the F-score of mean precision and recall over the orders that both have", () => {
    // "abc" against "abd": characters 2/3, pairs 1/2, triples 0/1 on both sides: mean 7/18, and F of equal numbers is the number.
    close(corpusChrf(["abc"], ["abd"]), (100 * (2 / 3 + 1 / 2 + 0)) / 3);
    // "ab" against "abcd": precision 2/2, 1/1; recall 2/4, 1/3 (the hypothesis has no longer runs). P = 1, R = 5/12.
    const [P, R] = [1, 5 / 12];
    close(corpusChrf(["ab"], ["abcd"]), (100 * 5 * P * R) / (4 * P + R));
  });

  it("leaves white space out, and adds words for chrF++", () => {
    close(corpusChrf(["a bc"], ["ab c"]), 100);
    // Characters as before 2/3, 1/2, 0; words "abc" and "." against "abd" and ".": 1/2, and no pair 0/1.
    close(corpusChrf(["abc."], ["abd."], { words: 2 }), (100 * (3 / 4 + 1 / 3 + 0 + 0 + 1 / 2 + 0)) / 6);
    close(corpusChrf(["ABC"], ["abc"], { lowercase: true }), 100);
    expect(corpusChrf(["ABC"], ["abc"])).toBe(0);
    expect(corpusChrf([""], ["abc"])).toBe(0);
  });
});

describe("edit distance", () => {
  it.each([
    ["kitten", "sitting", 3],
    ["", "abc", 3],
    ["abc", "", 3],
    ["flaw", "lawn", 2],
    ["same", "same", 0],
  ])("%j to %j: %d", (a, b, distance) => {
    expect(editDistance(Array.from(a), Array.from(b))).toBe(distance);
  });

  it("is a metric", () => {
    const text = fc.array(fc.nat(3), { maxLength: 8 });
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
        expect(editDistance(a, b) === 0).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });

  it("scores of pairs", () => {
    // "abc" is right; "axcd" for "abc": 1 change and 1 more; places 4, of which a and c are right.
    const { exactMatch, tokenAccuracy, errorRate } = sequenceScores([
      ["abc", "abc"],
      ["axcd", "abc"],
    ]);
    close([exactMatch, tokenAccuracy, errorRate], [1 / 2, 5 / 7, 2 / 6]);
  });
});
