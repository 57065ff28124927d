// Sequences being written: one frozen program that reads an id of each sequence, chooses the next and carries it to its
// next run, so that many steps happen inside the device. N sequences, V vocabulary, K rows of text.
import type { Device, Words } from "../device/device.js";
import { compile } from "../graph/compile.js";
import { assign, reshape, sample } from "../graph/ops/index.js";
import { evict, variables, writeVariable, readVariable } from "../graph/variable.js";
import { zero } from "../models/evaluate.js";
import { carriedStates, forward, type LanguageModel } from "../models/language-model.js";
import { choiceNumbers, type SamplingOptions } from "./sampling.js";

/** Rows of ids and of their log-probabilities, [k,N] each; copies. */
export interface Written {
  readonly ids: Int32Array;
  /** Natural logarithm of the model's own probability of what was chosen; 0 where an id was given. */
  readonly logProbabilities: Words;
}

export interface Writer {
  /** N: how many sequences are written side by side. */
  readonly sequences: number;
  /** Rows that `advance` takes at most: as many as the device does in some hundredths of a second. */
  readonly mostRows: number;
  /** States to zero; the next step reads these ids [N]. */
  begin(ids: ArrayLike<number>): void;
  /**
   * Takes k steps inside the device. Row i of `rows` [k,N] says what is read after step i: an id from 0 up, or -1 for one
   * that is chosen by the draw at the same place (an unsigned 32-bit word).
   */
  advance(rows: Int32Array, draws: Int32Array, sampling: SamplingOptions): Written;
  /** Reads one id of each sequence and gives the logits [N,V] of the next; valid until the next call. Chooses nothing. */
  read(ids: ArrayLike<number>): Words;
  /** To be called when the weights have changed. */
  refresh(): void;
  close(): void;
}

const rowLimit = 64;
/** Multiply-adds that take some hundredths of a second. */
const workLimit = 1e9;

/** A writer of `sequences` sequences (1 where left out) by a language model. */
export function writer(device: Device, model: LanguageModel, sequences = 1): Writer {
  const { vocabulary, spec } = model;
  const states = carriedStates(spec, sequences);
  const rows = { shape: [rowLimit, sequences] };
  const ids = variables("writer.ids", { next: { shape: [1, sequences] }, text: rows, draws: rows }, "i32");
  const numbers = variables("writer.numbers", { logp: rows, place: { shape: [1] }, options: { shape: [3] } });
  const program = compile(
    device,
    {},
    () => {
      const { logits, states: after } = forward(model, ids.next, states, { frozen: true });
      const scores = reshape(logits, [sequences, spec.vocabulary]);
      const carry = Object.entries(states).map(([name, v]) => assign(v, after[name]));
      const choice = sample(scores, { ...ids, ...numbers }, { banned: vocabulary.unknown ?? -1 });
      return { outputs: { logits: scores }, updates: [...carry, choice] };
    },
    { frozen: true },
  );
  const set = (given: ArrayLike<number>): void => writeVariable(device, ids.next, given);
  const setRows = (name: "text" | "draws", given: Int32Array): void => {
    const all = new Int32Array(rowLimit * sequences);
    all.set(given);
    writeVariable(device, ids[name], all);
  };
  return {
    sequences,
    mostRows: Math.max(1, Math.min(rowLimit, Math.floor(workLimit / program.work))),
    begin(given) {
      zero(device, states);
      set(given);
    },
    advance(given, draws, sampling) {
      setRows("text", given);
      setRows("draws", draws);
      writeVariable(device, numbers.options, choiceNumbers(sampling));
      writeVariable(device, numbers.place, [0]);
      program.run({}, given.length / sequences);
      return {
        ids: Int32Array.from(readVariable(device, ids.text).subarray(0, given.length)),
        logProbabilities: readVariable(device, numbers.logp).subarray(0, given.length),
      };
    },
    read(given) {
      set(given);
      writeVariable(device, numbers.place, [rowLimit]); // beyond the rows: nothing is chosen
      return program.run({}).logits;
    },
    refresh: () => program.refresh(),
    close() {
      program.close();
      for (const { storage } of [...Object.values(states), ids.next, numbers.place]) evict(device, storage);
    },
  };
}
