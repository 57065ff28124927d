// A tune as a score in ABC notation, which players and editors open and people can read. Source: the ABC standard 2.1.
import { SpecError } from "../errors.js";
import type { Note } from "./melody.js";

export interface ScoreOptions {
  readonly title?: string;
  /** Quarter notes a minute. */
  readonly tempo?: number;
  /** Quarter notes of a bar. */
  readonly bar?: number;
}

/** Sharps, which a score in C major has to write out. */
const names = ["C", "^C", "D", "^D", "E", "F", "^F", "G", "^G", "A", "^A", "B"] as const;

/** Parts of a beat that a note's length is a whole number of. */
const grain = 480;

/** One voice in C major, four bars a line. Notes that cross a bar are tied. Throws SpecError for a note that cannot be written. */
export function abcScore(notes: readonly Note[], options: ScoreOptions = {}): string {
  const { title = "Tune", tempo = 108, bar = 4 } = options;
  if (!(Number.isInteger(bar) && bar >= 1 && bar <= 32))
    throw new SpecError(`score: bar must be an integer from 1 to 32, was ${bar}`, { code: "task-option" });
  if (!(tempo >= 4 && tempo <= 1_000))
    throw new SpecError(`score: tempo must be from 4 to 1000, was ${tempo}`, { code: "task-option" });
  if (/[\r\n]/.test(title))
    throw new SpecError(`score: title must be one line, was ${JSON.stringify(title)}`, { code: "task-option" });
  const bars = cutBars(notes, bar * grain).map(written);
  const lines = Array.from({ length: Math.ceil(bars.length / 4) }, (_, i) => bars.slice(4 * i, 4 * i + 4).join(" | "));
  const body = lines.map((line, i) => `${line} ${i === lines.length - 1 ? "|]" : "|"}`);
  return [
    "X:1",
    `T:${title}`,
    `M:${bar}/4`,
    "L:1/8",
    `Q:1/4=${Math.round(tempo)}`,
    "K:C",
    ...(body.length > 0 ? body : ["|]"]),
    "",
  ].join("\n");
}

/** A note or what of it lies in a bar, in parts of a beat. */
interface Part {
  readonly pitch: number;
  readonly ticks: number;
  /** Goes on in the next bar. */
  readonly tied: boolean;
}

function cutBars(notes: readonly Note[], barTicks: number): readonly (readonly Part[])[] {
  const bars: Part[][] = [];
  let filled = barTicks;
  for (const [i, { pitch, beats }] of notes.entries()) {
    let ticks = Math.round(beats * grain);
    if (!(Number.isInteger(pitch) && pitch >= 0 && pitch < 128 && ticks >= 1 && Number.isSafeInteger(ticks)))
      throw new SpecError(
        `score: notes[${i}] must have a pitch from 0 to 127 and a length, was ${pitch} for ${beats}`,
        {
          code: "task-option",
        },
      );
    while (ticks > 0) {
      if (filled === barTicks) {
        bars.push([]);
        filled = 0;
      }
      const part = Math.min(ticks, barTicks - filled);
      ticks -= part;
      filled += part;
      bars[bars.length - 1].push({ pitch, ticks: part, tied: ticks > 0 });
    }
  }
  return bars;
}

/** A bar's notes. An accidental holds to the bar's end, so a natural takes it back. */
function written(parts: readonly Part[]): string {
  const sharp = new Set<string>();
  return parts
    .map(({ pitch, ticks, tied }) => {
      const name = names[pitch % 12];
      const letter = name.slice(-1);
      const place = inOctave(letter, Math.floor(pitch / 12) - 5);
      const isSharp = name.startsWith("^");
      const mark = isSharp ? "^" : sharp.has(place) ? "=" : "";
      if (isSharp) sharp.add(place);
      else sharp.delete(place);
      return `${mark}${place}${lengthOf(ticks)}${tied ? "-" : ""}`;
    })
    .join(" ");
}

/** Octave 0 begins at middle C: C, then c, c', c''; below C,, and C,. */
const inOctave = (letter: string, octave: number): string =>
  octave <= 0 ? letter + ",".repeat(-octave) : letter.toLowerCase() + "'".repeat(octave - 1);

/** In eighths: nothing for one, "2", "3/2". */
function lengthOf(ticks: number): string {
  const eighth = grain / 2;
  const common = divisor(ticks, eighth);
  const [over, under] = [ticks / common, eighth / common];
  return under === 1 ? (over === 1 ? "" : String(over)) : `${over}/${under}`;
}

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
