// `unrolled info`: what a model directory holds, and whether its files are sound.
import { languageModelJson } from "unrolled";
import { architectureLines } from "../architecture.js";
import type { Context } from "../context.js";
import { exitCodes } from "../exit.js";
import { bytes, count, quoted, whole } from "../format.js";
import type { JsonOptions } from "../options.js";
import { bitsUnit } from "../reporter.js";
import { inspect } from "../inspect.js";
import { rowInfo } from "../rows/info.js";
import { rowTaskOf } from "../rows/model.js";
import { translatorInfo } from "../translate/info.js";
import { isTranslator } from "../translate/model.js";
import { styleFor } from "../terminal/style.js";
import { baselineLine, perplexity } from "../terminal/words.js";

export async function info(directory: string, options: JsonOptions, context: Context): Promise<number> {
  if (await isTranslator(directory)) return translatorInfo(directory, options, context);
  if ((await rowTaskOf(directory)) !== undefined) return rowInfo(directory, options, context);
  const { output, env } = context;
  const { spec, parameters, separator, step, record, files, notes } = await inspect(directory);
  const sound = files.every((file) => file.state !== "damaged");
  const code = sound ? exitCodes.done : exitCodes.failed;
  if (options.json) {
    await output.json({
      type: "info",
      directory,
      spec: languageModelJson(spec),
      parameters,
      step: step ?? null,
      run: record ?? null,
      files,
      notes,
    });
    return code;
  }
  const style = styleFor(output.isTerminal, env);
  const row = (name: string, text: string): Promise<void> => output.write(`${style.dim(name.padEnd(12))}${text}\n`);
  for (const [i, line] of architectureLines(spec).entries()) await row(i === 0 ? "model" : "", line);
  const documents = separator === undefined ? "" : `, ${quoted(separator)} begins a document`;
  await row("vocabulary", `${whole(spec.vocabulary)} ${spec.tokens} tokens${documents}`);
  await row("parameters", `${count(parameters)} (${whole(parameters)}), ${bytes(parameters * 4)} as float32`);
  if (record !== undefined) {
    const { settings, counters, validation } = record;
    await row(
      "trained",
      `${whole(counters.step)} steps, epoch ${counters.epoch} of ${settings.epochs}, on ${count(record.tokens)} tokens`,
    );
    for (const file of record.files) await row("", `${file.path} (${bytes(file.bytes)})`);
    await row(
      "settings",
      `${settings.optimizer.name}, rate ${settings.optimizer.rate}, ${settings.schedule.name}, batch ${settings.batch} x ${settings.sequence}, seed ${settings.seed}`,
    );
    if (record.memory !== undefined) await row("memory", `${bytes(record.memory)} for a training step`);
    if (validation !== null)
      await row(
        "validation",
        `${validation.nats.toFixed(4)} nats, ${(validation.nats / Math.LN2).toFixed(3)} ${bitsUnit(spec.tokens)}, perplexity ${perplexity(Math.exp(validation.nats))} (step ${whole(validation.step)})`,
      );
    if (record.ngram !== null) await row("", baselineLine(record.ngram));
  } else if (step !== undefined) await row("trained", `${whole(step)} steps`);
  for (const file of files)
    await row(
      file === files[0] ? "files" : "",
      `${file.name.padEnd(30)} ${bytes(file.bytes).padStart(8)}  ${file.state}`,
    );
  for (const note of notes) await row("note", note);
  return code;
}
