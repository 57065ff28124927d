// A short name for a run of ids, so that resuming with other data is noticed.

/** Two 32-bit FNV-1a sums over the ids, and their number: "1003854-9f0c...". */
export function fingerprint(ids: Int32Array): string {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  for (let i = 0; i < ids.length; i++) {
    a = Math.imul(a ^ ids[i], 0x01000193);
    b = Math.imul(b ^ (ids[i] + i), 0x01000193);
  }
  const hex = (x: number): string => (x >>> 0).toString(16).padStart(8, "0");
  return `${ids.length}-${hex(a)}${hex(b)}`;
}
