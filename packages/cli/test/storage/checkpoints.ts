// Small checkpoints whose every value follows from their step, so that a test can tell a torn one from a whole one.
import { bestNgram, type Checkpoint, encodeNgram, encodeUtf8, type NamedArray } from "unrolled";

export const spec = '{"format":"unrolled","hidden":[3]}\n';
export const vocabulary = '["a","b"]\n';

function filled(name: string, step: number, length: number): NamedArray {
  return { name, shape: [length], data: Float32Array.from({ length }, (_, i) => step * 1000 + i) };
}

export function checkpointAt(step: number, length = 7): Checkpoint {
  const ids = Int32Array.of(0, 1, 0, 0, 1, 1, 0, 1);
  return {
    step,
    weights: [filled("rnn.weight_hh_l0", step, length), filled("head.bias", step, 2)],
    companions: {
      spec: encodeUtf8(spec),
      vocabulary: encodeUtf8(vocabulary),
      ngram: encodeNgram(bestNgram(ids, ids, { order: 2, vocabularySize: 2 }).model),
    },
    arrays: [filled("adam.m", step, length), { name: "cursor", shape: [1], data: Int32Array.of(step) }],
    record: { step, note: "é" },
  };
}

/** The metrics lines that belong to a checkpoint: one for each step since the first save at step 0. */
export function metricsAt(step: number): string {
  let text = "";
  for (let i = 1; i <= step; i++) text += `{"type":"step","step":${i}}\n`;
  return text;
}
