// A text of any length, the same at every call: sentences of made-up words in several scripts, letters and words as unevenly
// frequent as in real ones. About four fifths of it is ASCII; the rest has characters of two, three and four bytes.
import { closeSync, openSync, writeSync } from "node:fs";

/** What is said in each script: its share of the phrases, letters by falling frequency, how words are made and joined. */
const scripts = [
  { share: 0.72, letters: "etaoinshrdlucmwfgypbvkxjqz", words: 20_000, length: [2, 9], space: " " },
  { share: 0.1, letters: "оеаинтсрвлкмдпуяызьбгчйхжшюцщэфъё", words: 10_000, length: [2, 10], space: " " },
  { share: 0.06, letters: "eaistnrulodcpmévqfbghjàxyèêzwçùkîœïëôâûæ", words: 8_000, length: [2, 9], space: " " },
  { share: 0.03, letters: "αοιετσνηυρπκμλωςδγχθφβξζψ", words: 4_000, length: [2, 9], space: " " },
  { share: 0.03, letters: "करतनसमहपयलवदबगजभटखचथशडधणषघछझ", words: 4_000, length: [2, 6], space: " " },
  { share: 0.055, letters: characters(0x4e00, 2000), words: 12_000, length: [1, 3], space: "" },
  { share: 0.005, letters: characters(0x1f600, 64) + characters(0x20000, 64), words: 128, length: [1, 2], space: " " },
];
const phrases = 1 << 16;
const bufferBytes = 1 << 20;

function characters(first, count) {
  return String.fromCodePoint(...Array.from({ length: count }, (_, i) => first + i));
}

/** Numbers in [0, 1): xorshift, 32 bits. */
function draws(seed) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** One of `count` places, place k about as often as 1 / (k + 1): Zipf's law. */
const uneven = (random, count) => Math.floor((count + 1) ** random()) - 1;

function makePhrases(random) {
  const vocabularies = scripts.map(({ letters, words, length: [least, most] }) => {
    const symbols = Array.from(letters);
    return Array.from({ length: words }, () => {
      const size = least + Math.floor(random() * (most - least + 1));
      return Array.from(
        { length: size },
        () => symbols[Math.min(uneven(random, symbols.length), symbols.length - 1)],
      ).join("");
    });
  });
  return Array.from({ length: phrases }, () => {
    let script = 0;
    for (
      let place = random() - scripts[0].share;
      place >= 0 && script < scripts.length - 1;
      place -= scripts[script].share
    )
      script++;
    const { space, words } = scripts[script];
    const said = Array.from({ length: 3 + Math.floor(random() * 8) }, () => {
      const word = vocabularies[script][Math.min(uneven(random, words), words - 1)];
      return random() < 0.04 ? word[0].toUpperCase() + word.slice(1) : word;
    });
    const end = random();
    const mark =
      end < 0.3 ? ".\n" : end < 0.5 ? ", " : end < 0.53 ? "? " : end < 0.55 ? ` ${Math.floor(random() * 2000)} ` : " ";
    return Buffer.from(said.join(space) + mark);
  });
}

/** Writes at least `bytes` of text, ending with a whole phrase. Returns the size of the file. */
export function writeLargeText(path, bytes, seed = 20) {
  const random = draws(seed);
  const all = makePhrases(random);
  const buffer = Buffer.alloc(bufferBytes);
  const file = openSync(path, "w");
  let [written, filled] = [0, 0];
  while (written + filled < bytes) {
    const phrase = all[Math.floor(random() * phrases)];
    if (filled + phrase.length > bufferBytes) {
      writeSync(file, buffer, 0, filled);
      written += filled;
      filled = 0;
    }
    filled += phrase.copy(buffer, filled);
  }
  writeSync(file, buffer, 0, filled);
  closeSync(file);
  return written + filled;
}
