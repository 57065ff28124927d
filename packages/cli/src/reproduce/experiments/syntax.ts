// Syntax colouring of TypeScript, character by character, with the compiler's scanner as the truth: a network that reads
// forwards must say "keyword or name" before it has seen the word's end; one that reads both ways need not.
import { draws, layer } from "unrolled";
import { type Contender, compare } from "../compare.js";
import { type Experiment, meanOf, rowOf } from "../experiment.js";
import type { Sequence } from "../net.js";
import { type Coloured, colouredDeclarations, syntaxClasses } from "../scanner.js";

const size = { embedding: 24, both: 64, forward: 96, batch: 32, window: 96, rate: 5e-3 };
const stepsOf = (quick: boolean): number => (quick ? 40 : 300);
const files = ["lib.es5.d.ts", "typescript.d.ts"] as const;

const contenders: readonly Contender[] = (["gru", "lstm"] as const).flatMap((cell) => [
  { name: `${cell}, forward`, layers: [layer({ cell, hidden: size.forward })] },
  { name: `${cell}, both ways`, layers: [layer({ cell, hidden: size.both, direction: "both" })] },
]);

export const syntax: Experiment = {
  name: "syntax",
  summary: "syntax colouring of TypeScript characters, reading forwards and both ways",
  minutes: 4,
  open: ({ quick }) => ({
    rows: "network",
    columns: [
      { title: "right", unit: "%" },
      { title: "begin of words", unit: "%" },
    ],
    claims: (rows) =>
      (["gru", "lstm"] as const).map((cell) => {
        const [forward, both] = [`${cell}, forward`, `${cell}, both ways`].map((name) =>
          meanOf(rowOf(rows, name).cells[0]),
        ); // prettier-ignore
        return { text: `${cell}: reading both ways beats reading forwards`, holds: both > forward };
      }),
    notes: [
      `share of right characters in held-out tenths of ${files.join(" and ")}; ${syntaxClasses.join(", ")} by the compiler's scanner; always the commonest class: ${(100 * commonest(texts().test)).toFixed(1)} %`,
      "begin of words: the first character of each keyword and name",
      `${size.forward} units forwards or ${size.both} each way (as many weights), ${stepsOf(quick)} steps of ${size.batch} windows of ${size.window} characters, Adam ${size.rate}`,
    ],
  }),
  run: (bench) => {
    const { training, test } = texts();
    const tokens = [...new Set(training.flatMap(({ text }) => [...new Set(text.split(""))]))].sort();
    const encode = windowEncoder(tokens);
    const tests = test.flatMap((piece) => tiles(piece).map((from) => encode(piece, from)));
    return compare(bench, contenders, (seed) => {
      const random = draws(seed);
      return {
        net: { input: { tokens, embedding: size.embedding }, output: syntaxClasses, read: "each" },
        steps: stepsOf(bench.quick),
        batch: size.batch,
        rate: size.rate,
        training: () => {
          const piece = training[Math.floor(random.uniform() * training.length)];
          return encode(piece, Math.floor(random.uniform() * (piece.text.length - size.window)));
        },
        validation: tests.slice(0, 100),
        measure: (learned) => [
          learned.measure(tests).accuracy,
          learned.measure(tests.map((sequence) => ({ ...sequence, measured: wordBegins(sequence) }))).accuracy,
        ],
      };
    });
  },
};

/** The last tenth of each file is held out. */
function texts(): { readonly training: readonly Coloured[]; readonly test: readonly Coloured[] } {
  const all = colouredDeclarations(files);
  const cut = ({ text }: Coloured): number => Math.floor(0.9 * text.length);
  return {
    training: all.map((piece) => ({
      text: piece.text.slice(0, cut(piece)),
      classes: piece.classes.slice(0, cut(piece)),
    })), // prettier-ignore
    test: all.map((piece) => ({ text: piece.text.slice(cut(piece)), classes: piece.classes.slice(cut(piece)) })),
  };
}

function windowEncoder(tokens: readonly string[]): (piece: Coloured, from: number) => Sequence {
  const ids = new Map(tokens.map((token, i) => [token, i]));
  return ({ text, classes }, from) => ({
    steps: size.window,
    input: Int32Array.from({ length: size.window }, (_, i) => ids.get(text[from + i]) ?? tokens.length),
    target: Int32Array.from(classes.subarray(from, from + size.window)),
  });
}

const tiles = ({ text }: Coloured): number[] =>
  Array.from({ length: Math.floor(text.length / size.window) }, (_, i) => i * size.window);

const words: readonly number[] = [syntaxClasses.indexOf("keyword"), syntaxClasses.indexOf("name")];

/** Where a keyword or name begins; a window's first character may lie inside one and is left out. */
const wordBegins = ({ target }: Sequence): number[] =>
  Array.from(target, (_, i) => i).filter((i) => i > 0 && words.includes(target[i]) && !words.includes(target[i - 1]));

function commonest(pieces: readonly Coloured[]): number {
  const counts = syntaxClasses.map((_, c) =>
    pieces.reduce((sum, { classes }) => sum + classes.reduce((n, each) => n + Number(each === c), 0), 0),
  );
  return Math.max(...counts) / counts.reduce((a, b) => a + b);
}
