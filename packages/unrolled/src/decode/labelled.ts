// A labelled writer writes: started by a label or a vector, one token at a time, until END. V tokens.
import type { Device, Words } from "../device/device.js";
import { draws } from "../draws.js";
import { DataError } from "../errors.js";
import { compile, f32, i32 } from "../graph/compile.js";
import { assign, reshape } from "../graph/ops/index.js";
import { evict } from "../graph/variable.js";
import { type LabelledWriter, writerCarried, writerForward, writerStates } from "../models/labelled-writer.js";
import { zero } from "../models/evaluate.js";
import { startNumbers } from "../models/labelled-writer-spec.js";
import { decoder } from "../text/decode.js";
import { checkSampling, chooseToken, type SamplingOptions } from "./sampling.js";

export interface WriteLabelledOptions extends SamplingOptions {
  readonly model: LabelledWriter;
  readonly device: Device;
  /** A label that the model knows, or a vector as wide as its start, in its own units. */
  readonly start: string | ArrayLike<number>;
  readonly seed?: number;
  /** Tokens at most; 200 where left out. */
  readonly length?: number;
}

/** Programs that start a text and write its next token. */
export interface LabelledPen {
  write(options: Omit<WriteLabelledOptions, "device" | "model">): string;
  /** To be called when the weights have changed. */
  refresh(): void;
  close(): void;
}

/**
 * One text. <unk> is never written. DataError `label-unknown` for a label that the model does not know, `start-width` for a
 * vector of another width; SpecError for sampling options that allow no token.
 */
export function writeLabelled(options: WriteLabelledOptions): string {
  const pen = labelledPen(options.device, options.model);
  try {
    return pen.write(options);
  } finally {
    pen.close();
  }
}

export function labelledPen(device: Device, model: LabelledWriter): LabelledPen {
  const { spec, vocabulary } = model;
  const states = writerCarried(spec, 1);
  const startSpec = spec.start.kind === "label" ? i32(1) : f32(1, spec.start.width);
  const begin =
    spec.use === "input"
      ? undefined
      : compile(
          device,
          { start: startSpec },
          ({ start }) => ({
            updates: Object.entries(writerStates(model, start)).map(([name, value]) => assign(states[name], value)),
          }),
          { frozen: true },
        );
  const next = compile(
    device,
    { x: i32(1, 1), start: startSpec },
    ({ x, start }) => {
      const after = writerForward(model, { ids: x, start }, states, { frozen: true });
      const carry = Object.entries(states).map(([name, v]) => assign(v, after.states[name]));
      return { outputs: { logits: reshape(after.logits, [spec.vocabulary + 1]) }, updates: carry };
    },
    { frozen: true },
  );
  const banned = new Set(vocabulary.unknown === undefined ? [] : [vocabulary.unknown]);
  return {
    write(options) {
      checkSampling(options);
      const start = startValues(model, options.start);
      const random = draws(options.seed ?? 1);
      const text = decoder(vocabulary);
      const END = spec.vocabulary;
      zero(device, states);
      begin?.run({ start });
      let [written, id] = ["", END];
      for (let t = 0; t < (options.length ?? 200); t++) {
        const { logits } = next.run({ x: [id], start });
        id = chooseToken(logits as Words, options, random.uniform(), banned);
        if (id === END) break;
        written += text.push(id);
      }
      return written + text.end();
    },
    refresh() {
      begin?.refresh();
      next.refresh();
    },
    close() {
      begin?.close();
      next.close();
      for (const { storage } of Object.values(states)) evict(device, storage);
    },
  };
}

/** A start as the numbers that programs read. DataError for one that the model does not know. */
export function startValues({ spec }: LabelledWriter, start: string | ArrayLike<number>): ArrayLike<number> {
  if (spec.start.kind !== "label") {
    if (typeof start === "string" || start.length !== spec.start.width)
      throw new DataError(
        `start: must be ${spec.start.width} numbers, was ${typeof start === "string" ? JSON.stringify(start) : start.length}`,
        { code: "start-width" },
      );
    return startNumbers(spec.start, start);
  }
  const id = typeof start === "string" ? spec.start.labels.indexOf(start) : -1;
  if (id >= 0) return [id];
  const { labels } = spec.start;
  throw new DataError(
    `label: must be one of the ${labels.length} that the model was trained with, was ${JSON.stringify(start)}`,
    { code: "label-unknown", hint: `they are: ${labels.slice(0, 40).join(", ")}${labels.length > 40 ? ", ..." : ""}` },
  );
}
