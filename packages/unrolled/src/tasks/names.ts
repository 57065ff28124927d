// Names of countries, languages and currencies in many languages, from the platform's own tables (`Intl.DisplayNames`):
// which language is this name in, or write me one in this language.
import { DataError } from "../errors.js";
import { type Chance, hash32, type Labelled, type Part } from "./task.js";

export interface NamesOptions {
  /** BCP 47 tags; the default is sixteen languages in Latin script. */
  readonly languages?: readonly string[];
}

export const nameLanguages = [
  "cs",
  "da",
  "de",
  "en",
  "es",
  "et",
  "fi",
  "fr",
  "hu",
  "it",
  "lt",
  "nl",
  "pl",
  "pt",
  "ro",
  "tr",
] as const; // prettier-ignore

/** A finite set, split once and for all; every name in one part only. */
export interface NameSet {
  readonly name: string;
  readonly languages: readonly string[];
  readonly training: readonly Labelled[];
  readonly validation: readonly Labelled[];
  readonly test: readonly Labelled[];
  /** Of the test part: the share of the language that is likeliest in training. */
  readonly chance: Chance;
}

const letters = (first: number): string[] => Array.from({ length: 26 }, (_, i) => String.fromCharCode(first + i));
const pairs = (first: number): string[] => letters(first).flatMap((a) => letters(first).map((b) => a + b));

const kinds = [
  { type: "region", codes: () => pairs(65) },
  { type: "language", codes: () => pairs(97) },
  { type: "currency", codes: () => Intl.supportedValuesOf("currency") },
] as const;

/**
 * Tokens are the characters of a name, the label its language. Names that two of the languages share are left out: their
 * language cannot be told. Throws DataError for a language that the platform has no names in.
 */
export function namesTask({ languages = nameLanguages }: NamesOptions = {}): NameSet {
  const owners = new Map<string, string | undefined>();
  for (const language of languages)
    for (const name of namesIn(language)) owners.set(name, owners.has(name) ? undefined : language);
  const sets: Record<Part, Labelled[]> = { training: [], validation: [], test: [] };
  for (const [name, label] of owners)
    if (label !== undefined) sets[partOfName(name)].push({ tokens: [...name], label });
  const commonest = mode(sets.training.map(({ label }) => label));
  return {
    name: "names",
    languages,
    ...sets,
    chance: {
      measure: "accuracy",
      value: sets.test.filter(({ label }) => label === commonest).length / sets.test.length,
      predictor: `always ${commonest}`,
    },
  };
}

function partOfName(name: string): Part {
  const tenth = hash32(name, 0) % 10;
  return tenth < 8 ? "training" : tenth === 8 ? "validation" : "test";
}

function namesIn(language: string): Set<string> {
  if (!isKnown(language))
    throw new DataError(`names: language must be one that the platform has names in, was ${JSON.stringify(language)}`, {
      code: "task-language",
      hint: "use tags such as de, fr or fi; Node needs its full ICU data",
    });
  const names = new Set<string>();
  for (const { type, codes } of kinds) {
    const table = new Intl.DisplayNames(language, { type, fallback: "none" });
    for (const code of codes()) {
      const name = table.of(code);
      if (name !== undefined) names.add(name);
    }
  }
  return names;
}

function isKnown(language: string): boolean {
  try {
    return Intl.DisplayNames.supportedLocalesOf(language).length === 1;
  } catch {
    return false; // not even the form of a tag
  }
}

function mode(values: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce((best, each) => (each[1] > best[1] ? each : best), ["", 0] as [string, number])[0];
}
