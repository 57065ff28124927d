// Tunes that a small grammar makes: phrases over a chord progression, their notes from a chain that prefers steps. A note
// is one token, its pitch and its length, so that a network writes a tune as it writes a text.
import type { Draws } from "../draws.js";
import { checkInteger, generatedTask, pick, type Tagged, type TokenTask } from "./task.js";

export interface MelodyOptions {
  /** Bars of four beats. */
  readonly bars?: number;
  readonly seed?: number;
}

/** Pitch as MIDI numbers it (60 is middle C), length in quarter notes. */
export interface Note {
  readonly pitch: number;
  readonly beats: number;
}

/** C major, from middle C over an octave and a third. */
const scale = [60, 62, 64, 65, 67, 69, 71, 72, 74, 76] as const;
/** Degrees of the scale that are in a bar's chord: C, F, G, A minor. */
const chords = [
  [0, 2, 4, 7, 9],
  [0, 3, 5, 7],
  [1, 4, 6, 8],
  [0, 2, 5, 7, 9],
] as const;
/** Chords of four bars. */
const progressions = [
  [0, 1, 2, 0],
  [0, 3, 1, 2],
  [0, 2, 3, 1],
] as const;
/** Lengths of the notes in a bar, in beats. */
const rhythms = [
  [1, 1, 1, 1],
  [1, 1, 2],
  [2, 1, 1],
  [0.5, 0.5, 1, 1, 1],
  [1, 0.5, 0.5, 2],
  [2, 2],
] as const;

export const melodyStart = "^";
export const melodyEnd = "$";

/** "60/1": middle C for a beat. */
export const noteToken = ({ pitch, beats }: Note): string => `${pitch}/${beats}`;

/** The note of a token; undefined for what is none, such as the end. */
export function noteOf(token: string): Note | undefined {
  const [, pitch, beats] = token.match(/^(\d{1,3})\/(\d(?:\.\d+)?)$/) ?? [];
  return pitch !== undefined && Number(pitch) < 128 ? { pitch: Number(pitch), beats: Number(beats) } : undefined;
}

/**
 * Tokens: "^", then the notes; the tag is what comes next, at last "$". Chance: each bar of the tune is drawn by the same
 * law, so a predictor that knows how often each note occurs, and no more, pays the entropy of those shares; they are
 * counted exactly, bar by bar.
 */
export function melodyTask({ bars = 4, seed = 1 }: MelodyOptions = {}): TokenTask<Tagged> {
  checkInteger("melody.bars", bars, 4, 400);
  const shares = expectedCounts(bars).set(melodyEnd, 1);
  const total = [...shares.values()].reduce((a, b) => a + b);
  const task = generatedTask<Tagged>({
    name: `melody ${bars} bars`,
    seed,
    chance: {
      measure: "nats",
      value: [...shares.values()].reduce((sum, n) => sum - (n / total) * Math.log(n / total), 0),
      predictor: "each note as often as it occurs",
    },
    draw: (random) => {
      const notes = drawTune(random, bars).map(noteToken);
      return {
        tokens: [melodyStart, ...notes],
        tags: [...notes, melodyEnd],
        measured: [...notes, ""].map((_, t) => t),
      };
    },
    key: ({ tokens }) => tokens.join(" "),
  });
  const notes = [...shares.keys()].filter((token) => token !== melodyEnd).sort();
  return { ...task, tokens: [melodyStart, ...notes], answers: [...notes, melodyEnd] };
}

function drawTune(random: Draws, bars: number): Note[] {
  const progression = pick(random, progressions);
  const notes: Note[] = [];
  let degree: number | undefined;
  for (let bar = 0; bar < bars; bar++)
    for (const [i, beats] of pick(random, rhythms).entries()) {
      degree = pick(random, choices(degree, i === 0 ? chords[progression[bar % 4]] : undefined));
      notes.push({ pitch: scale[degree], beats });
    }
  return notes;
}

/** Where the tune may go, all equally likely: the chord's notes within a fifth on the first beat, else a step or a third. */
function choices(from: number | undefined, chord: readonly number[] | undefined): readonly number[] {
  if (chord) return from === undefined ? chord : chord.filter((degree) => Math.abs(degree - from) <= 4);
  return [-2, -1, -1, 0, 1, 1, 2].map((step) => step + (from ?? 0)).filter((d) => d >= 0 && d < scale.length);
}

/** How often each note is expected in a tune: the law of the degree, carried through every rhythm of every bar. */
function expectedCounts(bars: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (const progression of progressions) {
    let law = new Map<number | undefined, number>([[undefined, 1 / progressions.length]]);
    for (let bar = 0; bar < bars; bar++) {
      const after = new Map<number | undefined, number>();
      for (const rhythm of rhythms) {
        let current = new Map([...law].map(([degree, p]) => [degree, p / rhythms.length]));
        for (const [i, beats] of rhythm.entries()) {
          current = moved(current, i === 0 ? chords[progression[bar % 4]] : undefined);
          for (const [degree, p] of current) addTo(counts, noteToken({ pitch: scale[degree as number], beats }), p);
        }
        for (const [degree, p] of current) addTo(after, degree, p);
      }
      law = after;
    }
  }
  return counts;
}

function moved(
  law: ReadonlyMap<number | undefined, number>,
  chord: readonly number[] | undefined,
): Map<number | undefined, number> {
  const next = new Map<number | undefined, number>();
  for (const [from, p] of law) {
    const open = choices(from, chord);
    for (const degree of open) addTo(next, degree, p / open.length);
  }
  return next;
}

const addTo = <K>(counts: Map<K, number>, key: K, value: number): void =>
  void counts.set(key, (counts.get(key) ?? 0) + value);
