// Text to ids of a byte-pair vocabulary: added tokens are cut out, the rest is cut into pieces, each piece merged. Linear but for the
// heap of one long piece.
import { bytesToLetters } from "./byte-letters.js";
import { type BytePairs, mergePiece, mergeTable } from "./byte-pairs.js";
import { metaspace, pieceScanner } from "./pieces.js";
import { encodeUtf8 } from "./utf8.js";

/** Ids that grow. */
interface Output {
  ids: Int32Array;
  count: number;
}

function add(output: Output, id: number): void {
  if (output.count === output.ids.length) {
    const larger = new Int32Array(output.ids.length * 2);
    larger.set(output.ids);
    output.ids = larger;
  }
  output.ids[output.count++] = id;
}

/** Pieces that are remembered with their ids: at most this many, at most this long. */
const remembered = { pieces: 1 << 16, units: 48 } as const;

/** The id of a unit without a token; `at` is its place in the text given, for the error. */
export type UnknownUnit = (unit: string, text: string, at: number) => number;

/** A reusable encoder. */
export function bytePairEncoder(
  tokens: readonly string[],
  pairs: BytePairs,
): (text: string, unknown: UnknownUnit) => Int32Array {
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const cut = addedTokenCutter(pairs.added.map((id) => [tokens[id]!, id]));
  const scan = pieceScanner(pairs.pieces);
  const merge = pieceMerger(tokens, ids, pairs);
  return (text, unknown) => {
    const output: Output = { ids: new Int32Array(Math.max(16, text.length >> 1)), count: 0 };
    const plain = (from: number, to: number): void => {
      const prepared = prepare(text.slice(from, to), from === 0, pairs);
      scan(prepared.text, (start, end) => {
        merge(prepared.text.slice(start, end), output, (unit, offset) =>
          unknown(unit, text, Math.max(from, from + start + offset - prepared.shift)),
        );
      });
    };
    let from = 0;
    cut(text, (start, end, id) => {
      if (start > from) plain(from, start);
      add(output, id);
      from = end;
    });
    if (from < text.length) plain(from, text.length);
    return output.ids.slice(0, output.count);
  };
}

/** A stretch of text with the space before it that its vocabulary wants, spaces written as signs where it has signs. */
function prepare(
  text: string,
  first: boolean,
  { prefix, pieces }: BytePairs,
): { readonly text: string; readonly shift: number } {
  const signed = pieces === "metaspace" || pieces === "signs";
  const signs = signed ? text.replaceAll(" ", metaspace) : text;
  const sign = signed ? metaspace : " ";
  const wanted = (prefix === "always" || (prefix === "first" && first)) && !signs.startsWith(sign);
  return wanted ? { text: sign + signs, shift: 1 } : { text: signs, shift: 0 };
}

/** Adds the ids of one piece. */
type Merger = (piece: string, output: Output, unknown: (unit: string, offset: number) => number) => void;

function pieceMerger(tokens: readonly string[], ids: ReadonlyMap<string, number>, pairs: BytePairs): Merger {
  const table = mergeTable(tokens, pairs.merges);
  const units = pairs.units === "bytes" ? byteUnits(ids) : characterUnits(ids, pairs);
  const known = new Map<string, Int32Array>();
  return (piece, output, unknown) => {
    const short = piece.length <= remembered.units;
    const earlier = short ? known.get(piece) : undefined;
    if (earlier !== undefined) {
      for (const id of earlier) add(output, id);
      return;
    }
    const whole = pairs.wholePieces ? ids.get(pairs.units === "bytes" ? bytesToLetters(piece) : piece) : undefined;
    let plain = true;
    const made =
      whole !== undefined
        ? Int32Array.of(whole)
        : units(piece, (unit, offset) => {
            plain = false;
            return unknown(unit, offset);
          });
    const count = mergePiece(made, made.length, table);
    for (let i = 0; i < count; i++) add(output, made[i]!);
    if (!short || !plain) return;
    if (known.size === remembered.pieces) known.clear();
    known.set(piece, made.slice(0, count));
  };
}

type Units = (piece: string, unknown: (unit: string, offset: number) => number) => Int32Array;

function byteUnits(ids: ReadonlyMap<string, number>): Units {
  return (piece, unknown) => {
    const letters = bytesToLetters(piece);
    const made = new Int32Array(letters.length);
    for (let i = 0; i < letters.length; i++) made[i] = ids.get(letters[i]!) ?? unknown(letters[i]!, 0);
    return made;
  };
}

function characterUnits(ids: ReadonlyMap<string, number>, { suffix, byteFallback, fuseUnknown }: BytePairs): Units {
  const byteIds = byteFallback
    ? Array.from({ length: 256 }, (_, byte) => ids.get(`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`) ?? -1)
    : [];
  return (piece, unknown) => {
    const made: number[] = [];
    let fused = false;
    for (let at = 0; at < piece.length; ) {
      const character = String.fromCodePoint(piece.codePointAt(at)!);
      const last = at + character.length === piece.length;
      const id = ids.get(last ? character + suffix : character);
      if (id !== undefined) made.push(id);
      else if (!byteFallback || !addBytes(character, byteIds, made)) {
        const missing = unknown(character, at);
        if (!(fuseUnknown && fused)) made.push(missing);
        fused = true;
        at += character.length;
        continue;
      }
      fused = false;
      at += character.length;
    }
    return Int32Array.from(made);
  };
}

/** Adds the tokens of a character's bytes; false where one of them has none. */
function addBytes(character: string, byteIds: readonly number[], into: number[]): boolean {
  const made = Array.from(encodeUtf8(character), (byte) => byteIds[byte]!);
  if (made.some((id) => id < 0)) return false;
  into.push(...made);
  return true;
}

interface TrieNode {
  readonly next: Map<number, TrieNode>;
  id: number;
}

/** Finds added tokens: at the leftmost place where one begins, the longest. */
function addedTokenCutter(
  added: readonly (readonly [string, number])[],
): (text: string, found: (start: number, end: number, id: number) => void) => void {
  const root: TrieNode = { next: new Map(), id: -1 };
  for (const [token, id] of added) {
    let at = root;
    for (let i = 0; i < token.length; i++) {
      const unit = token.charCodeAt(i);
      const child = at.next.get(unit) ?? { next: new Map(), id: -1 };
      at.next.set(unit, child);
      at = child;
    }
    at.id = id;
  }
  return (text, found) => {
    if (added.length === 0) return;
    for (let start = 0; start < text.length; start++) {
      let node = root.next.get(text.charCodeAt(start));
      let [end, id] = [-1, -1];
      for (let at = start + 1; node; at++) {
        if (node.id >= 0) [end, id] = [at, node.id];
        node = at < text.length ? node.next.get(text.charCodeAt(at)) : undefined;
      }
      if (id < 0) continue;
      found(start, end, id);
      start = end - 1;
    }
  };
}
