// Text to words and back. A linear scanner, one look at each character:
//  - a word is letters and marks; ' and - inside it belong to it (don't, well-known); a number is digits with . or , between them;
//  - up to three equal . or - in a row are one token (..., --); any other visible character is a token of its own;
//  - a newline is <eos>; other white space only separates; <unk> and <eos> written out in the text are those tokens.
// Words longer than 64 UTF-16 units are cut into pieces, so that no text can make a token without end.

export const unknownToken = "<unk>";
export const endToken = "<eos>";

const longestWord = 64;
const letter = /^[\p{L}\p{M}]$/u;
const digit = /^\p{Nd}$/u;
const space = /^\s$/u;

type Kind = "letter" | "digit" | "space" | "newline" | "other";

function asciiKind(code: number): Kind {
  if ((code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a)) return "letter";
  if (code >= 0x30 && code <= 0x39) return "digit";
  if (code === 0x0a) return "newline";
  return code === 0x20 || (code >= 0x09 && code <= 0x0d) ? "space" : "other";
}

function kindAt(text: string, at: number): Kind {
  const code = text.codePointAt(at) ?? 0x20;
  if (code < 0x80) return asciiKind(code);
  const character = String.fromCodePoint(code);
  if (letter.test(character)) return "letter";
  if (digit.test(character)) return "digit";
  return space.test(character) ? "space" : "other";
}

function width(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

/** Calls `token(text, start)` for every token in order; `start` is its place in UTF-16 units. */
export function scanWords(text: string, token: (word: string, start: number) => void): void {
  let at = 0;
  while (at < text.length) {
    const kind = kindAt(text, at);
    if (kind === "space") {
      at += width(text, at);
      continue;
    }
    const end = kind === "other" ? otherEnd(text, at) : kind === "newline" ? at + 1 : runEnd(text, at, kind);
    token(kind === "newline" ? endToken : text.slice(at, end), at);
    at = end;
  }
}

function runEnd(text: string, start: number, kind: "letter" | "digit"): number {
  const joins = kind === "letter" ? "'’-" : ".,";
  let at = start + width(text, start);
  while (at < text.length && at - start < longestWord) {
    if (kindAt(text, at) === kind) at += width(text, at);
    else if (joins.includes(text[at]!) && at + 1 < text.length && kindAt(text, at + 1) === kind) at++;
    else break;
  }
  return at;
}

function otherEnd(text: string, start: number): number {
  const first = text[start]!;
  if (first === "<") {
    if (text.startsWith(unknownToken, start)) return start + unknownToken.length;
    if (text.startsWith(endToken, start)) return start + endToken.length;
  }
  if (first !== "." && first !== "-") return start + width(text, start);
  let at = start + 1;
  while (at < start + 3 && text[at] === first) at++;
  return at;
}

/** What spacing depends on: whether a line has begun, whether the last token clings to the next, and open quotes. */
export interface Spacing {
  readonly lineStart: boolean;
  readonly clings: boolean;
  readonly quoted: boolean;
}

export const firstSpacing: Spacing = { lineStart: true, clings: false, quoted: false };

const clingsLeft = new Set([".", ",", ";", ":", "!", "?", ")", "]", "}", "%", "”", "’", "'", "...", "…", "»"]);
const clingsRight = new Set(["(", "[", "{", "“", "‘", "$", "£", "#", "@", "«", "¿", "¡"]);

/** The text of one more word, with the space it needs before it, and the spacing after it. */
export function joinWord(word: string, before: Spacing): { readonly text: string; readonly after: Spacing } {
  if (word === endToken) return { text: "\n", after: firstSpacing };
  const quote = word === '"';
  const left = clingsLeft.has(word) || (quote && before.quoted);
  const text = before.lineStart || before.clings || left ? word : ` ${word}`;
  const clings = clingsRight.has(word) || (quote && !before.quoted);
  return { text, after: { lineStart: false, clings, quoted: quote ? !before.quoted : before.quoted } };
}
