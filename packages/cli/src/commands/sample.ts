// `unrolled sample`: writes in the manner of the text, each piece as it comes.
import { randomInt } from "node:crypto";
import { generate, type LanguageModel } from "unrolled";
import type { Device } from "unrolled";
import type { Context } from "../context.js";
import { exitCodes, UsageError } from "../exit.js";
import { openModel } from "../open.js";
import type { SampleOptions } from "../options.js";
import { rowTaskOf } from "../rows/model.js";
import type { LabelledSampleOptions } from "../rows/options.js";
import { draws, refuseWithoutBeam } from "../search.js";
import { harmless, styleFor } from "../terminal/style.js";

const seeds = 2 ** 32;

export async function sample(directory: string, options: LabelledSampleOptions, context: Context): Promise<number> {
  checkDraw(options);
  draws(options);
  if (options.beam === undefined) refuseWithoutBeam(options);
  if ((await rowTaskOf(directory)) === "write") {
    const { sampleLabelled } = await import("../rows/sample.js");
    return sampleLabelled(directory, options, context);
  }
  for (const name of ["label", "vector"] as const)
    if (options[name] !== undefined)
      throw new UsageError(`--${name}: must come with a model that writes by ${name}, which this is not`, {
        hint: `leave --${name} out, or train one: unrolled train --task write`,
      });
  const { model, device } = await openModel(directory, options, context);
  if (options.beam !== undefined) {
    try {
      const { sampleBest } = await import("../sample-best.js");
      await sampleBest(model, device, { ...options, beam: options.beam }, context);
    } finally {
      device.close();
    }
    return exitCodes.done;
  }
  const count = options.count ?? 1;
  const seed = options.seed ?? randomInt(seeds);
  for (let n = 0; n < count && !context.output.closed; n++)
    await writeOne({ model, device, n, count, seed: (seed + n) % seeds }, options, context);
  device.close();
  return exitCodes.done;
}

/** Options that would change nothing are mistakes. */
function checkDraw({ greedy, temperature, topK, topP }: SampleOptions): void {
  if (!greedy) return;
  const other =
    temperature !== undefined
      ? "--temperature"
      : topK !== undefined
        ? "--top-k"
        : topP !== undefined
          ? "--top-p"
          : undefined;
  if (other !== undefined)
    throw new UsageError(`${other}: must not come with --greedy, which leaves nothing to chance`, {
      hint: `leave out --greedy or ${other}`,
    });
}

interface OneSample {
  readonly model: LanguageModel;
  readonly device: Device;
  readonly n: number;
  readonly count: number;
  readonly seed: number;
}

async function writeOne({ model, device, n, count, seed }: OneSample, options: SampleOptions, context: Context) {
  const { output, env } = context;
  const { prompt, length = 500, temperature, topK, topP, greedy, allowUnknown } = options;
  const style = styleFor(output.isTerminal, env);
  const show = output.isTerminal ? harmless : (text: string): string => text;
  const pieces = generate({
    model,
    device,
    length,
    seed,
    ...(prompt === undefined ? {} : { prompt }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topK === undefined ? {} : { topK }),
    ...(topP === undefined ? {} : { topP }),
    ...(greedy === undefined ? {} : { greedy }),
    ...(allowUnknown === undefined ? {} : { allowUnknown }),
  });
  let text = "";
  if (!options.json && count > 1)
    await output.write(`${n > 0 ? "\n" : ""}${style.dim(`--- ${n + 1} (seed ${seed})`)}\n`);
  let begun = false;
  for await (const piece of pieces) {
    if (output.closed) return;
    if (!begun && prompt !== undefined && !options.json) await output.write(style.bold(show(prompt)));
    begun = true;
    if (options.json) {
      text += piece;
      await output.json({ type: "piece", sample: n + 1, text: piece });
    } else await output.write(show(piece));
  }
  if (options.json) await output.json({ type: "sample", sample: n + 1, seed, prompt: prompt ?? "", text });
  else await output.write("\n");
}
