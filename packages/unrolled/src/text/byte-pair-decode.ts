// Ids of a byte-pair vocabulary to text, one by one.
import { bytesOfLetters, letterTable } from "./byte-letters.js";
import type { BytePairs } from "./byte-pairs.js";
import { metaspace } from "./pieces.js";
import { decodeUtf8 } from "./utf8.js";

/** What a decoder needs of one for bytes: what is still open is its own. */
export interface ByteDecoder {
  readonly push: (byte: number) => string;
  readonly end: () => string;
  /** Whether a sequence has begun that is not complete. */
  readonly open: () => boolean;
}

/** Turns tokens into text; `bytes` completes UTF-8 sequences. A token that stands for bytes and one that stands for text may alternate. */
export function bytePairDecoder(pairs: BytePairs, bytes: ByteDecoder): (token: string, added: boolean) => string {
  switch (pairs.join) {
    case "bytes":
      return letterDecoder(bytes);
    case "metaspace":
      return signDecoder(pairs, bytes);
    case "suffix":
      return suffixDecoder(pairs.suffix);
    case "spaces":
      return spaceDecoder();
    default:
      return pairs.join satisfies never;
  }
}

function letterDecoder(bytes: ByteDecoder): (token: string, added: boolean) => string {
  const letters = letterTable();
  // What each token stands for: a text where it begins and ends between characters, else bytes; undefined where it is no letters.
  const known = new Map<string, string | readonly number[] | undefined>();
  const meaning = (token: string): string | readonly number[] | undefined => {
    if (known.has(token)) return known.get(token);
    const values = bytesOfLetters(token, letters);
    const whole = values && decodeUtf8(Uint8Array.from(values));
    const found = whole?.invalidAt === -1 ? whole.text : values;
    known.set(token, found);
    return found;
  };
  return (token, added) => {
    const found = added ? undefined : meaning(token);
    if (found === undefined) return bytes.end() + token;
    if (typeof found !== "string") return found.map((byte) => bytes.push(byte)).join("");
    return bytes.open() ? bytes.end() + found : found;
  };
}

/** The byte that "<0xE2>" stands for, -1 for any other token. */
function fallbackByte(token: string): number {
  if (token.length !== 6 || !token.startsWith("<0x") || !token.endsWith(">")) return -1;
  const digits = [...token.slice(3, 5)].map((digit) => "0123456789ABCDEF".indexOf(digit));
  return digits.some((digit) => digit < 0) ? -1 : digits[0]! * 16 + digits[1]!;
}

function signDecoder(
  { prefix, byteFallback }: BytePairs,
  bytes: ByteDecoder,
): (token: string, added: boolean) => string {
  let first = prefix !== "never";
  return (token, added) => {
    const begins = first;
    first = false;
    const byte = byteFallback && !added ? fallbackByte(token) : -1;
    if (byte >= 0) return bytes.push(byte);
    const text = added ? token : token.replaceAll(metaspace, " ");
    return bytes.end() + (begins && !added && text.startsWith(" ") ? text.slice(1) : text);
  };
}

/** A space stands between two words; it is written when the second comes. */
function suffixDecoder(suffix: string): (token: string, added: boolean) => string {
  let waiting = "";
  return (token, added) => {
    const before = waiting;
    const ends = !added && suffix !== "" && token.endsWith(suffix);
    waiting = ends ? " " : "";
    return before + (ends ? token.slice(0, -suffix.length) : token);
  };
}

function spaceDecoder(): (token: string) => string {
  let first = true;
  return (token) => {
    const before = first ? "" : " ";
    first = false;
    return before + token;
  };
}
