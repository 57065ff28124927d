// Bytes as letters: each of the 256 bytes has a visible character, so that tokens of byte-pair encoding are plain text even where they
// end in the middle of a UTF-8 sequence. The letters are GPT-2's: visible Latin-1 stands for itself, the rest for U+0100 on, in order.

import { encodeUtf8, unitsToString } from "./utf8.js";

const isVisible = (byte: number): boolean =>
  (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);

/** Index: byte; the 256 letters. */
export function byteLetters(): readonly string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isVisible(byte) ? byte : next++));
}

const letterUnits: readonly number[] = byteLetters().map((letter) => letter.charCodeAt(0));

/** The bytes that a token of letters stands for; undefined where a character is no such letter. */
export function bytesOfLetters(token: string, table: ReadonlyMap<string, number>): number[] | undefined {
  const bytes: number[] = [];
  for (const letter of token) {
    const byte = table.get(letter);
    if (byte === undefined) return undefined;
    bytes.push(byte);
  }
  return bytes;
}

/** A text's UTF-8 bytes as letters. */
export function bytesToLetters(text: string): string {
  const units = Uint16Array.from(encodeUtf8(text), (byte) => letterUnits[byte]!);
  return unitsToString(units, units.length);
}

/** Letter -> byte. */
export const letterTable = (): ReadonlyMap<string, number> =>
  new Map(byteLetters().map((letter, byte) => [letter, byte]));
