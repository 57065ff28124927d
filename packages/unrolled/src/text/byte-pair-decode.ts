// Ids of a byte-pair vocabulary to text, one by one.
import { bytesOfLetters, letterTable } from "./byte-letters.js";
import type { BytePairs } from "./byte-pairs.js";
import { metaspace } from "./pieces.js";

/** What a decoder needs of one for bytes: what is still open is its own. */
export interface ByteDecoder {
  readonly push: (byte: number) => string;
  readonly end: () => string;
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
  const table = letterTable();
  return (token, added) => {
    const values = added ? undefined : bytesOfLetters(token, table);
    return values === undefined ? bytes.end() + token : values.map((byte) => bytes.push(byte)).join("");
  };
}

/** The byte that "<0xE2>" stands for, -1 for any other token. */
function fallbackByte(token: string): number {
  if (token.length !== 6 || !token.startsWith("<0x") || !token.endsWith(">")) return -1;
  const digits = [...token.slice(3, 5)].map((digit) => "0123456789ABCDEF".indexOf(digit));
  return digits.some((digit) => digit < 0) ? -1 : digits[0]! * 16 + digits[1]!;
}

function signDecoder({ prefix, byteFallback }: BytePairs, bytes: ByteDecoder): (token: string, added: boolean) => string {
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
