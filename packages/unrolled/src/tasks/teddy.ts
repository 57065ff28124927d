// Name finding with an ambiguous first word: "he said Teddy bears ..." and "he said Teddy Roosevelt ...". Only what
// follows tells whether Teddy is a person: the lecture's reason for reading in both directions.
import { generatedTask, pick, type Tagged, type TokenTask } from "./task.js";

export interface TeddyOptions {
  readonly seed?: number;
}

const openings = [
  ["yesterday", "today", "last year", "in the paper", "as always", "after lunch"],
  ["he", "she", "my sister", "the teacher", "a friend", "the girl", "our neighbour", "somebody"],
  ["said", "wrote that", "thought", "heard that", "told us that", "believed"],
].map((words) => words.map((phrase) => phrase.split(" ")));
/** A word that is a first name or a thing: the things it makes, and no surname. */
const first: readonly (readonly [name: string, things: readonly string[]])[] = [
  ["Teddy", ["bears", "toys"]],
  ["Rose", ["petals", "gardens"]],
  ["Jack", ["knives", "plugs"]],
  ["Bill", ["payments", "folds"]],
  ["Art", ["lessons", "galleries"]],
  ["Ruby", ["rings", "stones"]],
  ["Lily", ["ponds", "bulbs"]],
  ["Mark", ["sheets", "schemes"]],
];
const surnames = ["Roosevelt", "Wilson", "Garland", "Potter", "Granger", "Baker", "Ford", "Kennedy"] as const;
const endings: Readonly<Record<"person" | "thing", readonly (readonly string[])[]>> = {
  person: ["was a great president", "came home early", "wrote many letters", "sings at night"].map((w) => w.split(" ")),
  thing: ["are on sale", "cost too much", "came home early", "were sold today"].map((w) => w.split(" ")),
};

/**
 * Tags: "name" for the words of a person's name, "other" for the rest; measured is the ambiguous word alone. What stands
 * before it says nothing, so a network that reads forwards is at chance there: 1/2, exactly (the two readings of a
 * beginning are drawn equally often and are in the same part).
 */
export function teddyTask({ seed = 1 }: TeddyOptions = {}): TokenTask<Tagged> {
  const task = generatedTask<Tagged>({
    name: "teddy",
    seed,
    chance: { measure: "accuracy", value: 1 / 2, predictor: "always a name, or never" },
    draw: (random) => {
      const opening = openings.flatMap((phrases) => pick(random, phrases));
      const [name, things] = pick(random, first);
      const person = random.uniform() < 0.5;
      const second = person ? pick(random, surnames) : pick(random, things);
      const tokens = [...opening, name, second, ...pick(random, endings[person ? "person" : "thing"])];
      const at = opening.length;
      const tags = tokens.map((_, t) => (person && (t === at || t === at + 1) ? "name" : "other"));
      return { tokens, tags, measured: [at] };
    },
    key: ({ tokens, measured }) => tokens.slice(0, measured[0] + 1).join(" "),
  });
  const words = [openings, surnames, first.flatMap(([name, things]) => [name, ...things]), Object.values(endings)];
  return { ...task, tokens: [...new Set((words as unknown[]).flat(3) as string[])].sort(), answers: ["other", "name"] };
}
