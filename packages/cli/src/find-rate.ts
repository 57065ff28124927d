// `unrolled train --find-rate`: rates that rise from step to step, a table, a curve and a suggestion. Trains and writes nothing.
import { findRate, type FoundRate, languageModel, languageModelTask, type TriedRate } from "unrolled";
import type { Context } from "./context.js";
import { surveyText } from "./data.js";
import { type DeviceRequest, openRequested } from "./device-options.js";
import { exitCodes, UsageError } from "./exit.js";
import { idsInMemory } from "./ids.js";
import { ownCell } from "./cell-file.js";
import { affordableSpec } from "./memory.js";
import { plainMethods, runMethods, separatorId, taskMethods } from "./methods.js";
import type { RunSettings } from "./settings.js";
import { optimizerSpec } from "./specs.js";
import { plot } from "./terminal/plot.js";

const steps = 120;
/** Rows of the table. */
const shown = 12;

export interface FindRequest extends DeviceRequest {
  readonly json?: boolean;
}

export async function findRateOf(
  files: readonly string[],
  settings: RunSettings,
  request: FindRequest,
  context: Context,
): Promise<number> {
  const survey = await surveyText(files, settings);
  const { vocabulary } = survey;
  const own = await ownCell(settings);
  const { methods = plainMethods } = settings;
  const separator = separatorId(methods, vocabulary);
  const spec = affordableSpec(settings, vocabulary.tokens.length, { separator, ...(own && { cell: own.cell }) });
  const corpus = await idsInMemory(survey);
  const device = await openRequested(request);
  try {
    const { batch, sequence, seed, clipNorm, clipValue, precision } = settings;
    const model = languageModel({ ...spec, vocabulary, seed });
    const task = languageModelTask({ model, corpus, batch, sequence, ...taskMethods(methods) });
    const { recompute = false, accumulate = 1 } = runMethods(methods);
    const clip = {
      ...(clipNorm === null ? {} : { norm: clipNorm }),
      ...(clipValue === null ? {} : { value: clipValue }),
    };
    const optimizer = optimizerSpec(settings.optimizer, methods.decayAll);
    const found = await findRate({ task, device, steps, recompute, accumulate, clip, optimizer, precision, seed });
    await (request.json ? tellJson(found, context) : tell(found, settings.optimizer.name, context));
    return exitCodes.done;
  } finally {
    device.close();
  }
}

async function tellJson({ tried, suggestion }: FoundRate, { output }: Context): Promise<void> {
  for (const one of tried) await output.json({ type: "rate", ...one });
  await output.json({ type: "suggestion", rate: suggestion ?? null });
}

async function tell({ tried, suggestion }: FoundRate, optimizer: string, { output }: Context): Promise<void> {
  if (tried.length === 0 || suggestion === undefined)
    throw new UsageError("--find-rate: the loss must fall at some rate, it never did", {
      hint: "look at the text and the model: nothing was learnt at any rate",
    });
  const rows = plot(
    tried.map(({ smoothed }) => smoothed),
    60,
    8,
  ); // prettier-ignore
  const every = Math.max(1, Math.ceil(tried.length / shown));
  const table = tried.filter((_, i) => i % every === 0 || i === tried.length - 1);
  const line = ({ rate, loss, smoothed }: TriedRate): string =>
    `${rate.toExponential(2).padStart(10)}  ${loss.toFixed(4).padStart(9)}  ${smoothed.toFixed(4).padStart(9)}`;
  await output.write(
    [
      `${"rate".padStart(10)}  ${"loss".padStart(9)}  ${"smoothed".padStart(9)}`,
      ...table.map(line),
      "",
      ...rows,
      `rate from ${tried[0].rate.toExponential(1)} (left) to ${tried[tried.length - 1].rate.toExponential(1)} (right), smoothed loss`,
      "",
      `the loss falls most steeply at a rate of ${suggestion.toExponential(1)}; try: --optimizer ${optimizer} --lr ${Number(suggestion.toPrecision(2))}`,
      "",
    ].join("\n"),
  );
}
