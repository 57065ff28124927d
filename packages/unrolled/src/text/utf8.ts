// UTF-8 in both directions, and the code points of strings. Strict: overlong forms, surrogates and values above U+10FFFF are invalid.

/** Bytes of a sequence that starts with `lead`, 0 where no sequence may start with it. */
export function sequenceLength(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/** Whether `byte` may stand at place `index` (1..3) of a sequence that starts with `lead` (Unicode 15, table 3-7). */
export function continues(lead: number, index: number, byte: number): boolean {
  if (index > 1) return (byte & 0xc0) === 0x80;
  if (lead === 0xe0) return byte >= 0xa0 && byte <= 0xbf;
  if (lead === 0xed) return byte >= 0x80 && byte <= 0x9f;
  if (lead === 0xf0) return byte >= 0x90 && byte <= 0xbf;
  if (lead === 0xf4) return byte >= 0x80 && byte <= 0x8f;
  return (byte & 0xc0) === 0x80;
}

/** The code point of a complete, valid sequence of `length` bytes at `at`. */
export function codePointOf(bytes: ArrayLike<number>, at: number, length: number): number {
  if (length === 1) return bytes[at]!;
  let point = bytes[at]! & (0xff >> (length + 1));
  for (let i = 1; i < length; i++) point = (point << 6) | (bytes[at + i]! & 0x3f);
  return point;
}

function validAt(bytes: Uint8Array, at: number, length: number): boolean {
  if (length === 0 || at + length > bytes.length) return false;
  for (let i = 1; i < length; i++) if (!continues(bytes[at]!, i, bytes[at + i]!)) return false;
  return true;
}

export interface Decoded {
  /** Everything before the first invalid byte. */
  readonly text: string;
  /** Offset of the first invalid byte, -1 where there is none. */
  readonly invalidAt: number;
}

const block = 8192;

function blockToString(units: Uint16Array, from: number, to: number): string {
  return String.fromCharCode.apply(null, units.subarray(from, to) as unknown as number[]);
}

/** The first `count` UTF-16 units as a string. */
export function unitsToString(units: Uint16Array, count: number): string {
  let text = "";
  for (let from = 0; from < count; from += block) text += blockToString(units, from, Math.min(count, from + block));
  return text;
}

/** Strict UTF-8 to a string, up to the first invalid byte. */
export function decodeUtf8(bytes: Uint8Array): Decoded {
  const units = new Uint16Array(block + 1);
  let text = "";
  let count = 0;
  let at = 0;
  while (at < bytes.length) {
    const lead = bytes[at]!;
    if (lead < 0x80) {
      units[count++] = lead;
      at++;
    } else {
      const length = sequenceLength(lead);
      if (!validAt(bytes, at, length)) return { text: text + unitsToString(units, count), invalidAt: at };
      const point = codePointOf(bytes, at, length);
      if (point > 0xffff) {
        units[count++] = 0xd7c0 + (point >> 10);
        units[count++] = 0xdc00 | (point & 0x3ff);
      } else units[count++] = point;
      at += length;
    }
    if (count >= block) {
      text += unitsToString(units, count);
      count = 0;
    }
  }
  return { text: text + unitsToString(units, count), invalidAt: -1 };
}

/**
 * Strict UTF-8 to code points, up to the first invalid byte. `into` holds at least as many as there are bytes. Returns their
 * number, or -1 - offset of the first invalid byte.
 */
export function decodePoints(bytes: Uint8Array, into: Int32Array): number {
  const end = bytes.length;
  let count = 0;
  let at = 0;
  while (at < end) {
    const lead = bytes[at]!;
    if (lead < 0x80) {
      into[count++] = lead;
      at++;
      continue;
    }
    // The quick way for what is valid and not at the end; a following byte less its mark is below 0x40.
    if (at + 3 < end) {
      const second = bytes[at + 1]! ^ 0x80;
      if (lead < 0xe0) {
        if (lead >= 0xc2 && second < 0x40) {
          into[count++] = ((lead & 0x1f) << 6) | second;
          at += 2;
          continue;
        }
      } else if (lead < 0xf0) {
        const third = bytes[at + 2]! ^ 0x80;
        const point = ((lead & 0xf) << 12) | (second << 6) | third;
        if ((second | third) < 0x40 && point >= 0x800 && (point & 0xf800) !== 0xd800) {
          into[count++] = point;
          at += 3;
          continue;
        }
      }
    }
    const length = sequenceLength(lead);
    if (!validAt(bytes, at, length)) return -1 - at;
    into[count++] = codePointOf(bytes, at, length);
    at += length;
  }
  return count;
}

/** How many of the bytes, from the first on, end between two characters: all, or all but the beginning of a sequence. */
export function wholeCharacters(bytes: Uint8Array): number {
  for (let at = bytes.length - 1; at >= 0 && at >= bytes.length - 3; at--) {
    const byte = bytes[at]!;
    if ((byte & 0xc0) !== 0x80) return at + sequenceLength(byte) > bytes.length ? at : bytes.length;
  }
  return bytes.length;
}

/** A string as UTF-8; half a surrogate pair becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 3);
  let to = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) {
      bytes[to++] = unit;
      continue;
    }
    let point = unit;
    if ((unit & 0xf800) === 0xd800) {
      point = pointAt(text, i);
      if (point < 0) point = 0xfffd;
      else i++;
    }
    if (point < 0x800) bytes[to++] = 0xc0 | (point >> 6);
    else {
      if (point < 0x10000) bytes[to++] = 0xe0 | (point >> 12);
      else {
        bytes[to++] = 0xf0 | (point >> 18);
        bytes[to++] = 0x80 | ((point >> 12) & 0x3f);
      }
      bytes[to++] = 0x80 | ((point >> 6) & 0x3f);
    }
    bytes[to++] = 0x80 | (point & 0x3f);
  }
  return bytes.slice(0, to);
}

/** The code point whose surrogate pair starts at `at`, -1 where what stands there is half a pair. */
export function pointAt(text: string, at: number): number {
  const point = text.codePointAt(at) ?? -1;
  return point >= 0xd800 && point <= 0xdfff ? -1 : point;
}

/** Index of the first half of a surrogate pair that stands alone, -1 where there is none. */
export function loneSurrogate(text: string): number {
  for (let i = 0; i < text.length; i++) {
    if ((text.charCodeAt(i) & 0xf800) !== 0xd800) continue;
    if (pointAt(text, i) < 0) return i;
    i++;
  }
  return -1;
}

/** Order by code points, which differs from the order of UTF-16 units above U+FFFF. */
export function compareCodePoints(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    if (a.charCodeAt(i) !== b.charCodeAt(i)) return codeOrder(a.charCodeAt(i)) - codeOrder(b.charCodeAt(i));
  }
  return a.length - b.length;
}

// Moves surrogates behind U+E000..U+FFFF, where the code points they stand for belong.
function codeOrder(unit: number): number {
  return unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
