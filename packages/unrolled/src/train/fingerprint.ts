// A short name for a run of ids, so that resuming with other data is noticed.
import { eachWindow, type Ids } from "../text/ids.js";

/** The name of ids that come piece by piece. */
export interface Fingerprint {
  readonly add: (ids: Int32Array) => void;
  readonly name: () => string;
}

export function startFingerprint(): Fingerprint {
  // As signed 32-bit numbers, so that the loop stays with integers.
  let a = 0x811c9dc5 | 0;
  let b = 0x9747b28c | 0;
  let count = 0;
  const hex = (x: number): string => (x >>> 0).toString(16).padStart(8, "0");
  return {
    add: (ids) => {
      let sum = a;
      let placed = b;
      for (let i = 0; i < ids.length; i++) {
        sum = Math.imul(sum ^ ids[i]!, 0x01000193);
        placed = Math.imul(placed ^ (ids[i]! + count + i), 0x01000193);
      }
      a = sum;
      b = placed;
      count += ids.length;
    },
    name: () => `${count}-${hex(a)}${hex(b)}`,
  };
}

/** Two 32-bit FNV-1a sums over the ids, and their number: "1003854-9f0c...". Ids that know their name are not read. */
export function fingerprint(ids: Ids): string {
  if ("fingerprint" in ids && ids.fingerprint !== undefined) return ids.fingerprint;
  const { add, name } = startFingerprint();
  eachWindow(ids, add);
  return name();
}
