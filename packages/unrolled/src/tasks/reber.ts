// Reber's grammar and the embedded one, in which the second symbol must be remembered to the last but one. Sources:
// Reber 1967; Cleeremans, Servan-Schreiber & McClelland 1989; Hochreiter & Schmidhuber 1997, experiment 1.
import type { Draws } from "../draws.js";
import { checkInteger, generatedTask, pick, type Tagged, type TokenTask } from "./task.js";

/** From each state two equally likely arcs (one at the ends): the symbol and the state it leads to. */
const grammar: readonly (readonly (readonly [symbol: string, to: number])[])[] = [
  [["B", 1]],
  [
    ["T", 2],
    ["P", 3],
  ],
  [
    ["S", 2],
    ["X", 4],
  ],
  [
    ["T", 3],
    ["V", 5],
  ],
  [
    ["X", 3],
    ["S", 6],
  ],
  [
    ["P", 4],
    ["V", 6],
  ],
  [["E", 7]],
]; // prettier-ignore
const end = 7;
export const reberSymbols = ["B", "T", "P", "S", "X", "V", "E"] as const;

function drawWord(random: Draws): string[] {
  const word: string[] = [];
  for (let state = 0; state !== end; ) {
    const [symbol, to] = pick(random, grammar[state]);
    word.push(symbol);
    state = to;
  }
  return word;
}

/** The symbols that may follow a beginning of a word; undefined where the grammar does not allow the beginning. */
export function reberContinuations(beginning: readonly string[]): readonly string[] | undefined {
  let state = 0;
  for (const symbol of beginning) {
    const arc = grammar[state]?.find(([known]) => known === symbol);
    if (!arc) return undefined;
    state = arc[1];
  }
  return state === end ? [] : grammar[state].map(([symbol]) => symbol);
}

/** How often a word visits each state on the average. The chain halves what is left each few steps: 2,000 leave nothing. */
function expectedVisits(): number[] {
  const visits = grammar.map(() => 0);
  let law = new Map([[0, 1]]);
  for (let step = 0; step < 2_000 && law.size > 0; step++) {
    const next = new Map<number, number>();
    for (const [state, p] of law) {
      visits[state] += p;
      for (const [, to] of grammar[state])
        if (to !== end) next.set(to, (next.get(to) ?? 0) + p / grammar[state].length);
    }
    law = next;
  }
  return visits;
}

export interface ReberOptions {
  /** Words of the grammar in one sequence. */
  readonly words?: number;
  readonly seed?: number;
}

/**
 * Words one after the other; the tag is the next symbol. Chance: the entropy of the symbols' frequencies. `floor`, the
 * entropy of the grammar's own choices, is what perfect prediction reaches; both in nats over the expected number of steps.
 */
export function reberTask({ words = 8, seed = 1 }: ReberOptions = {}): TokenTask<Tagged> & { readonly floor: number } {
  checkInteger("reber.words", words, 4, 10_000);
  const visits = expectedVisits();
  const counts = new Map<string, number>();
  for (const [state, arcs] of grammar.entries())
    for (const [symbol] of arcs)
      counts.set(symbol, (counts.get(symbol) ?? 0) + (words * visits[state]) / arcs.length - (state === 0 ? 1 : 0));
  const steps = [...counts.values()].reduce((a, b) => a + b);
  const entropy = [...counts.values()].reduce((sum, n) => sum - (n / steps) * Math.log(n / steps), 0);
  const choices = words * visits.reduce((sum, v, state) => sum + (grammar[state].length === 2 ? v : 0), 0);
  const task = generatedTask<Tagged>({
    name: `reber ${words} words`,
    seed,
    chance: { measure: "nats", value: entropy, predictor: "each symbol as often as it occurs" },
    draw: (random) => {
      const symbols = Array.from({ length: words }, () => drawWord(random)).flat();
      return { tokens: symbols.slice(0, -1), tags: symbols.slice(1), measured: symbols.slice(1).map((_, t) => t) };
    },
    key: ({ tokens }) => tokens.join(""),
  });
  return { ...task, tokens: reberSymbols, answers: reberSymbols, floor: (choices * Math.LN2) / steps };
}

/**
 * B, then T or P, a word of Reber's grammar, the same T or P again, E. The tag is the next symbol; measured is the one
 * step that memory decides: the T or P before the last E. Chance: 1/2 (the two outer words of an inner one are in the
 * same part).
 */
export function embeddedReberTask({ seed = 1 }: { readonly seed?: number } = {}): TokenTask<Tagged> {
  const task = generatedTask<Tagged>({
    name: "embedded reber",
    seed,
    chance: { measure: "accuracy", value: 1 / 2, predictor: "always T, or always P" },
    draw: (random) => {
      const outer = pick(random, ["T", "P"]);
      const symbols = ["B", outer, ...drawWord(random), outer, "E"];
      return { tokens: symbols.slice(0, -1), tags: symbols.slice(1), measured: [symbols.length - 3] };
    },
    key: ({ tokens }) => tokens.slice(2, -1).join(""),
  });
  return { ...task, tokens: reberSymbols, answers: reberSymbols };
}
