// `unrolled sample` of a labelled writer: texts for a label, each until its END.
import { randomInt } from "node:crypto";
import { type LabelledWriter, labelledPen } from "unrolled";
import { sampleBestLabelled } from "../sample-best.js";
import type { Context } from "../context.js";
import { exitCodes, UsageError } from "../exit.js";
import { harmless } from "../terminal/style.js";
import { openRowModel } from "./model.js";
import type { LabelledSampleOptions } from "./options.js";

const seeds = 2 ** 32;

export async function sampleLabelled(
  directory: string,
  options: LabelledSampleOptions,
  context: Context,
): Promise<number> {
  const { label, count = 1, length = 200 } = options;
  for (const name of ["prompt", "allowUnknown"] as const)
    if (options[name] !== undefined)
      throw new UsageError(
        `--${name === "prompt" ? "prompt" : "allow-unknown"}: must be left out: the label starts the text`,
        {
          hint: "use --label",
        },
      );
  const { made, device } = await openRowModel(directory, options, context);
  const model = made.model as LabelledWriter;
  const start =
    label ??
    (model.spec.start.kind === "label" && model.spec.start.labels.length === 1
      ? model.spec.start.labels[0]
      : undefined);
  if (start === undefined) {
    const labels = model.spec.start.kind === "label" ? model.spec.start.labels : [];
    throw new UsageError("--label: must name what to write, was left out", {
      hint: `the model knows: ${labels.slice(0, 40).join(", ")}${labels.length > 40 ? ", ..." : ""}`,
    });
  }
  if (options.beam !== undefined) {
    try {
      await sampleBestLabelled(model, device, start, { ...options, beam: options.beam }, context);
    } finally {
      device.close();
    }
    return exitCodes.done;
  }
  const pen = labelledPen(device, model);
  const seed = options.seed ?? randomInt(seeds);
  try {
    for (let n = 0; n < count && !context.output.closed; n++) {
      const own = (seed + n) % seeds;
      const { temperature, topK, topP, greedy } = options;
      const text = pen.write({
        start,
        seed: own,
        length,
        ...(temperature !== undefined && { temperature }),
        ...(topK !== undefined && { topK }),
        ...(topP !== undefined && { topP }),
        ...(greedy !== undefined && { greedy }),
      });
      if (options.json) await context.output.json({ type: "sample", sample: n + 1, seed: own, label: start, text });
      else await context.output.write(`${context.output.isTerminal ? harmless(text) : text}\n`);
    }
    return exitCodes.done;
  } finally {
    pen.close();
    device.close();
  }
}
