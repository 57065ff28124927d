// Types of proof.mjs, for the tests that are proofs when they are asked for many cases.
export function progress(
  what: string,
  total: number,
  stream?: { readonly isTTY?: boolean; write(text: string): unknown },
  clock?: () => number,
): (done: number) => void;
export function writeRecord(name: string, command: string, found: object): string;
