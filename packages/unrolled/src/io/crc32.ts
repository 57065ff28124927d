// CRC-32 (ISO 3309, as in zip and png), sixteen bytes a turn. The tables are constants.

const tables: Int32Array = /* @__PURE__ */ makeTables();

// Row k holds the CRC of a byte followed by k zero bytes.
function makeTables(): Int32Array {
  const rows = new Int32Array(16 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = (value & 1) !== 0 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    rows[byte] = value;
  }
  for (let at = 256; at < rows.length; at++) {
    const shorter = rows[at - 256]!;
    rows[at] = (shorter >>> 8) ^ rows[shorter & 0xff]!;
  }
  return rows;
}

/** CRC-32 of the bytes, 0 to 2^32 - 1; `before` is the CRC of what comes before them. */
export function crc32(bytes: Uint8Array, before = 0): number {
  const t = tables;
  let crc = ~before;
  let i = 0;
  for (const end = bytes.length - 15; i < end; i += 16) {
    crc =
      t[0xf00 + ((crc ^ bytes[i]!) & 0xff)]! ^
      t[0xe00 + (((crc >>> 8) ^ bytes[i + 1]!) & 0xff)]! ^
      t[0xd00 + (((crc >>> 16) ^ bytes[i + 2]!) & 0xff)]! ^
      t[0xc00 + ((crc >>> 24) ^ bytes[i + 3]!)]! ^
      t[0xb00 + bytes[i + 4]!]! ^
      t[0xa00 + bytes[i + 5]!]! ^
      t[0x900 + bytes[i + 6]!]! ^
      t[0x800 + bytes[i + 7]!]! ^
      t[0x700 + bytes[i + 8]!]! ^
      t[0x600 + bytes[i + 9]!]! ^
      t[0x500 + bytes[i + 10]!]! ^
      t[0x400 + bytes[i + 11]!]! ^
      t[0x300 + bytes[i + 12]!]! ^
      t[0x200 + bytes[i + 13]!]! ^
      t[0x100 + bytes[i + 14]!]! ^
      t[bytes[i + 15]!]!;
  }
  for (; i < bytes.length; i++) crc = (crc >>> 8) ^ t[(crc ^ bytes[i]!) & 0xff]!;
  return ~crc >>> 0;
}

/** Eight hexadecimal digits. */
export function crcDigits(crc: number): string {
  return crc.toString(16).padStart(8, "0");
}
