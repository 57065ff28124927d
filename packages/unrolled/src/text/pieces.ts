// Where byte-pair encoding may not merge across: a text cut into pieces that put together are the text again. Linear scanners.
//  - gpt2: the pattern of GPT-2: contractions, then a run of letters, of numbers or of anything else, each with the one space before
//    it; white space by itself, but for the last of a run, which belongs to what follows;
//  - words: the same, but marks belong to the letters before them, and no contractions are cut off;
//  - whitespace: runs of word characters and runs of others; white space is lost. spaces: what stands between white space;
//  - metaspace: each piece begins with the sign that stands for a space. signs: spaces become signs, nothing is cut. none: all of it.

export const pieceKinds = ["words", "gpt2", "whitespace", "spaces", "metaspace", "signs", "none"] as const;
export type PieceKind = (typeof pieceKinds)[number];

/** Stands for a space in the tokens of SentencePiece. */
export const metaspace = "▁";

/** Calls `piece(start, end)` with the UTF-16 places of every piece in order. */
export type PieceScanner = (text: string, piece: (start: number, end: number) => void) => void;

/** Joiners are connectors such as _, word characters that are no letters. */
const Class = { Unseen: 0, Letter: 1, Mark: 2, Number: 3, Joiner: 4, Space: 5, Other: 6 } as const;
type Class = (typeof Class)[keyof typeof Class];

const letter = /^\p{L}$/u;
const mark = /^\p{M}$/u;
const number = /^\p{N}$/u;
const joiner = /^[\p{Pc}\u200c\u200d]$/u;
const space = /^\p{White_Space}$/u;

function classify(point: number): Class {
  const character = String.fromCodePoint(point);
  if (letter.test(character)) return Class.Letter;
  if (space.test(character)) return Class.Space;
  if (number.test(character)) return Class.Number;
  if (mark.test(character)) return Class.Mark;
  return joiner.test(character) ? Class.Joiner : Class.Other;
}

/** Classes of characters, each looked at once. */
function classes(): (text: string, at: number) => Class {
  const seen = new Uint8Array(0x10000);
  return (text, at) => {
    const unit = text.charCodeAt(at);
    const known = seen[unit]! as Class;
    if (known !== Class.Unseen) return known;
    const point = text.codePointAt(at)!;
    if (point > 0xffff) return classify(point);
    const found = classify(point);
    seen[unit] = found;
    return found;
  };
}

const width = (text: string, at: number): number => (text.codePointAt(at)! > 0xffff ? 2 : 1);

/** A scanner with its own table of character classes; make it once for many texts. */
export function pieceScanner(kind: PieceKind): PieceScanner {
  switch (kind) {
    case "gpt2":
    case "words":
      return wordPieces(kind === "gpt2");
    case "whitespace":
      return whitespacePieces();
    case "spaces":
      return spacedPieces();
    case "metaspace":
      return metaspacePieces;
    case "signs":
    case "none":
      return (text, piece) => {
        if (text.length > 0) piece(0, text.length);
      };
    default:
      return kind satisfies never;
  }
}

/** The length of a contraction's ending at an apostrophe: 's 't 'm 'd 're 've 'll; 0 where there is none. */
function contraction(text: string, at: number): number {
  if (text[at] !== "'") return 0;
  const [first, second] = [text[at + 1] ?? "", text[at + 2] ?? ""];
  if (first !== "" && "stmd".includes(first)) return 2;
  return ["re", "ve", "ll"].includes(first + second) ? 3 : 0;
}

function wordPieces(gpt2: boolean): PieceScanner {
  const classOf = classes();
  const kindAt = (text: string, at: number): Class => {
    const found = classOf(text, at);
    if (found === Class.Joiner || (found === Class.Mark && gpt2)) return Class.Other;
    return found === Class.Mark ? Class.Letter : found;
  };
  return (text, piece) => {
    let at = 0;
    while (at < text.length) {
      const start = at;
      const short = gpt2 ? contraction(text, at) : 0;
      if (short > 0) {
        at += short;
        piece(start, at);
        continue;
      }
      if (kindAt(text, at) === Class.Space) {
        const end = spaceEnd(text, at, kindAt);
        // The last white space before something visible is left for it where it is a space, else it stands alone.
        const last = end < text.length ? end - 1 : end;
        if (last > at) {
          piece(at, last);
          at = last;
          continue;
        }
        if (text[at] !== " ") {
          piece(at, ++at);
          continue;
        }
        at++;
      }
      const kind = kindAt(text, at);
      while (at < text.length && kindAt(text, at) === kind) at += width(text, at);
      piece(start, at);
    }
  };
}

function spaceEnd(text: string, start: number, kindAt: (text: string, at: number) => Class): number {
  let at = start;
  while (at < text.length && kindAt(text, at) === Class.Space) at++;
  return at;
}

function whitespacePieces(): PieceScanner {
  const classOf = classes();
  const kindAt = (text: string, at: number): Class => {
    const found = classOf(text, at);
    return found === Class.Space || found === Class.Other ? found : Class.Letter;
  };
  return runs(kindAt);
}

function spacedPieces(): PieceScanner {
  const classOf = classes();
  return runs((text, at) => (classOf(text, at) === Class.Space ? Class.Space : Class.Other));
}

const runs =
  (kindAt: (text: string, at: number) => Class): PieceScanner =>
  (text, piece) => {
    let at = 0;
    while (at < text.length) {
      const start = at;
      const kind = kindAt(text, at);
      while (at < text.length && kindAt(text, at) === kind) at += width(text, at);
      if (kind !== Class.Space) piece(start, at);
    }
  };

const metaspacePieces: PieceScanner = (text, piece) => {
  let start = 0;
  while (start < text.length) {
    const next = text.indexOf(metaspace, start + 1);
    const end = next < 0 ? text.length : next;
    piece(start, end);
    start = end;
  }
};
