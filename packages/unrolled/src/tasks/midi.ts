// A tune as the bytes of a Standard MIDI File (format 0: one track), which any player and any score editor opens. Source:
// the MIDI Manufacturers Association's Standard MIDI Files 1.0.
import { SpecError } from "../errors.js";
import type { Note } from "./melody.js";

export interface MidiOptions {
  /** Quarter notes a minute. */
  readonly tempo?: number;
  /** General MIDI number of the instrument, 0 (a piano) to 127. */
  readonly instrument?: number;
  /** How hard the keys are struck, 1 to 127. */
  readonly velocity?: number;
}

/** Ticks of a quarter note: halves, thirds and quarters of it are whole. */
const division = 480;

/** One note after the other on channel 1. Throws SpecError for a note that MIDI does not have. */
export function midiFile(notes: readonly Note[], options: MidiOptions = {}): Uint8Array {
  const { tempo = 108, instrument = 0, velocity = 88 } = options;
  check("tempo", tempo, 4, 1_000); // below 4 the microseconds of a beat need more than their three bytes
  check("instrument", instrument, 0, 127);
  check("velocity", velocity, 1, 127);
  const microseconds = Math.round(60_000_000 / tempo);
  const track: number[] = [0, 0xff, 0x51, 3, ...bytes(microseconds, 3), 0, 0xc0, instrument];
  for (const [i, { pitch, beats }] of notes.entries()) {
    check(`notes[${i}].pitch`, pitch, 0, 127);
    const ticks = Math.round(beats * division);
    check(`notes[${i}]: ticks of its length`, ticks, 1, 0xfffffff);
    track.push(0, 0x90, pitch, velocity, ...variableLength(ticks), 0x80, pitch, 0);
  }
  track.push(0, 0xff, 0x2f, 0);
  const header = [...ascii("MThd"), ...bytes(6, 4), ...bytes(0, 2), ...bytes(1, 2), ...bytes(division, 2)];
  return Uint8Array.from([...header, ...ascii("MTrk"), ...bytes(track.length, 4), ...track]);
}

function check(where: string, value: number, low: number, high: number): void {
  if (!(Number.isFinite(value) && value >= low && value <= high && (where === "tempo" || Number.isInteger(value))))
    throw new SpecError(`midi: ${where} must be from ${low} to ${high}, was ${value}`, { code: "task-option" });
}

const ascii = (text: string): number[] => [...text].map((character) => character.charCodeAt(0));

/** Most significant byte first. */
const bytes = (value: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => Math.floor(value / 256 ** (count - 1 - i)) % 256);

/** Seven bits a byte, the most significant first, all but the last with their top bit set. */
function variableLength(value: number): number[] {
  const low = value % 128;
  return value < 128 ? [low] : [...variableLength(Math.floor(value / 128)).map((byte) => byte | 0x80), low];
}
