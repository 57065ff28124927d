// `unrolled sample` of a labelled writer: texts for a label, each until its END.
import { randomInt } from "node:crypto";
import { type LabelledWriter, labelledPen, type WriterStart } from "unrolled";
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
  const { count = 1, length = 200 } = options;
  for (const name of ["prompt", "allowUnknown"] as const)
    if (options[name] !== undefined)
      throw new UsageError(
        `--${name === "prompt" ? "prompt" : "allow-unknown"}: must be left out: a label or a vector starts the text`,
        {
          hint: "use --label or --vector",
        },
      );
  const { made, device } = await openRowModel(directory, options, context);
  const model = made.model as LabelledWriter;
  const start = startOf(model.spec.start, options);
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
      if (options.json)
        await context.output.json({
          type: "sample",
          sample: n + 1,
          seed: own,
          ...(typeof start === "string" ? { label: start } : { vector: start }),
          text,
        });
      else await context.output.write(`${context.output.isTerminal ? harmless(text) : text}\n`);
    }
    return exitCodes.done;
  } finally {
    pen.close();
    device.close();
  }
}

/** What the model is to start from. UsageError where it is left out, or is of the other kind. */
function startOf(start: WriterStart, { label, vector }: LabelledSampleOptions): string | readonly number[] {
  if (start.kind === "label") {
    if (vector !== undefined)
      throw new UsageError("--vector: must come with a model that starts from numbers, this one starts from a label", {
        hint: "use --label",
      });
    const { labels } = start;
    const only = labels.length === 1 ? labels[0] : undefined;
    if (label !== undefined || only !== undefined) return label ?? (only as string);
    throw new UsageError("--label: must name what to write, was left out", {
      hint: `the model knows: ${labels.slice(0, 40).join(", ")}${labels.length > 40 ? ", ..." : ""}`,
    });
  }
  const wanted = start.kind === "columns" ? start.columns.join(",") : `${start.width} numbers`;
  if (label !== undefined)
    throw new UsageError("--label: must come with a model that starts from a label, this one starts from numbers", {
      hint: `use --vector ${wanted}`,
    });
  if (vector === undefined || vector.length !== start.width)
    throw new UsageError(
      `--vector: must be ${start.width} numbers, was ${vector === undefined ? "left out" : vector.length}`,
      { hint: `in this order: ${wanted}` },
    );
  return vector;
}
