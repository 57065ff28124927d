// Learning to execute: programs of a chosen length of numbers and depth of nesting, and what they print. Source: Zaremba &
// Sutskever 2014; the generator's shape as in their code.
import { type Draws, draws } from "../draws.js";
import { below, checkInteger, type GeneratedTask, generatedTask, type Pair, pick, thirds } from "./task.js";
import { programOutput } from "./program-value.js";

export interface Difficulty {
  /** Digits of the numbers in the program. */
  readonly length: number;
  /** Operations composed. */
  readonly nesting: number;
}

export interface ProgramOptions {
  readonly difficulty: Difficulty | ((random: Draws) => Difficulty);
  /** Only `print((a+b))` of two numbers with exactly so many digits: the paper's addition. */
  readonly addition?: boolean;
  readonly seed?: number;
}

/** An expression so far, and the lines that must run before it. */
interface Piece {
  readonly lines: readonly string[];
  readonly expression: string;
}

export const programOperations = ["pair", "product", "equality", "variable", "loop", "choice"] as const;
export type ProgramOperation = (typeof programOperations)[number];

/** Ends the program, and the answer. */
export const programEnd = "@";
export const answerEnd = ".";
export const programCharacters = [..."0123456789abcdefghijklmnopqrstuvwxyz+-*=<>():# @"] as const;
export const answerCharacters = [..."-0123456789."] as const;

/**
 * Source: the program on one line, "#" between its lines and "@" at its end; target: what it prints, then ".". Split by
 * the program's hash modulo 3. Chance of a whole answer: for addition exact (of two numbers out of M, each sum has at most
 * M of the M^2 pairs); for programs, whose law has no closed form, the share of the commonest of 4,000 answers.
 */
export function programTask({ difficulty, addition = false, seed = 1 }: ProgramOptions): GeneratedTask<Pair> {
  const levelOf = typeof difficulty === "function" ? difficulty : () => difficulty;
  const draw = (random: Draws): Pair => {
    const { length, nesting } = levelOf(random);
    checkInteger("programs.length", length, 1, 100);
    checkInteger("programs.nesting", nesting, 1, 100);
    const lines = addition ? drawAddition(random, length) : drawProgram(random, { length, nesting });
    return { source: lines.join("#") + programEnd, target: programOutput(lines.join("\n")) + answerEnd };
  };
  const exact = addition && typeof difficulty !== "function";
  return generatedTask<Pair>({
    name: addition ? "addition" : "programs",
    seed,
    chance: {
      measure: "exact",
      get value() {
        return exact ? 1 / (difficulty.length === 1 ? 10 : 9 * 10 ** (difficulty.length - 1)) : commonest(draw);
      },
      predictor: `always the same answer${exact ? "" : " (measured on 4,000)"}`,
    },
    draw,
    key: ({ source }) => source,
    partOf: thirds,
  });
}

/** The program as Python has it, a line each. */
export const programText = (source: string): string => source.replace(programEnd, "").split("#").join("\n");

/** Share of the commonest of 4,000 targets. */
function commonest(draw: (random: Draws) => Pair): number {
  const random = draws(1);
  const counts = new Map<string, number>();
  for (let i = 0; i < 4_000; i++) {
    const { target } = draw(random);
    counts.set(target, (counts.get(target) ?? 0) + 1);
  }
  return Math.max(...counts.values()) / 4_000;
}

const digits = (random: Draws, count: number): string =>
  Array.from({ length: count }, (_, i) => (i === 0 && count > 1 ? 1 + below(random, 9) : below(random, 10))).join("");

const drawAddition = (random: Draws, length: number): string[] => [
  `print((${digits(random, length)}+${digits(random, length)}))`,
];

function drawProgram(random: Draws, { length, nesting }: Difficulty): string[] {
  const free = [..."abcdefghij"];
  const stack: Piece[] = [];
  for (let n = 0; n < nesting; n++) {
    const operations = programOperations.filter((name) => free.length > 0 || (name !== "variable" && name !== "loop"));
    const operand = (): Piece => {
      const nested = stack.length > 0 ? stack.splice(below(random, stack.length), 1)[0] : undefined;
      return nested ?? { lines: [], expression: drawNumber(random, length) };
    };
    stack.push(apply(random, pick(random, operations), { length, operand, name: () => takeOne(random, free) }));
  }
  const [last] = stack;
  return [...last.lines, `print(${last.expression})`];
}

/** Uniform below 10^length. */
function drawNumber(random: Draws, length: number): string {
  const number = Array.from({ length }, () => below(random, 10)).join("");
  return number.replace(/^0+(?=\d)/, "");
}

const takeOne = (random: Draws, list: string[]): string => list.splice(below(random, list.length), 1)[0];

interface Hands {
  readonly length: number;
  /** What the operation works on: an earlier piece where there is one, else a number. */
  readonly operand: () => Piece;
  readonly name: () => string;
}

function apply(random: Draws, operation: ProgramOperation, { length, operand, name }: Hands): Piece {
  const a = operand();
  const number = (): string => drawNumber(random, length);
  const few = (): number => 1 + below(random, 4 * length);
  switch (operation) {
    case "pair": {
      const b = operand();
      const [left, right] = random.uniform() < 0.5 ? [a, b] : [b, a];
      return joined([a, b], `(${left.expression}${pick(random, ["+", "-"])}${right.expression})`);
    }
    case "product":
      return joined([a], random.uniform() < 0.5 ? `(${a.expression}*${few()})` : `(${few()}*${a.expression})`);
    case "equality": {
      const left = number();
      const right = random.uniform() < 0.5 ? left : number();
      return joined([a], `(${a.expression} if ${left}==${right} else ${number()})`);
    }
    case "variable": {
      const v = name();
      return {
        lines: [...a.lines, `${v}=${a.expression}`],
        expression: `(${v}${pick(random, ["+", "-"])}${number()})`,
      };
    }
    case "loop": {
      const v = name();
      const body = `for x in range(${few()}):${v}${pick(random, ["+=", "-="])}${number()}`;
      return { lines: [...a.lines, `${v}=${a.expression}`, body], expression: v };
    }
    case "choice": {
      const test = `${number()}${pick(random, ["<", ">"])}${number()}`;
      return joined([a], `(${a.expression} if ${test} else ${number()})`);
    }
    default:
      return operation satisfies never;
  }
}

const joined = (pieces: readonly Piece[], expression: string): Piece => ({
  lines: pieces.flatMap(({ lines }) => lines),
  expression,
});
