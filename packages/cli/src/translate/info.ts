// `unrolled info` of a translator.
import { countWeights, translatorJson } from "unrolled";
import { stackLines } from "../architecture.js";
import type { Context } from "../context.js";
import { exitCodes } from "../exit.js";
import { bytes, count, whole } from "../format.js";
import { inspectFiles } from "../inspect.js";
import type { JsonOptions } from "../options.js";
import { readModel } from "../storage/index.js";
import { styleFor } from "../terminal/style.js";
import { translatorOf } from "./model.js";
import { readPairRecord } from "./record.js";

export async function translatorInfo(
  directory: string,
  options: JsonOptions,
  { output, env }: Context,
): Promise<number> {
  const { spec: specBytes, vocabulary, weights, step, notices } = readModel(directory);
  const model = translatorOf(specBytes, vocabulary, weights);
  const { spec } = model;
  const { files, record } = await inspectFiles(directory, readPairRecord);
  const parameters = countWeights(model.weights);
  const code = files.every((file) => file.state !== "damaged") ? exitCodes.done : exitCodes.failed;
  if (options.json) {
    const run = record ?? null;
    const notes = notices;
    await output.json({
      type: "info",
      directory,
      spec: translatorJson(spec),
      parameters,
      step: step ?? null,
      run,
      files,
      notes,
    });
    return code;
  }
  const style = styleFor(output.isTerminal, env);
  const row = (name: string, text: string): Promise<void> => output.write(`${style.dim(name.padEnd(12))}${text}\n`);
  await row("task", spec.task);
  for (const [i, line] of stackLines(spec.encoder).entries()) await row(i === 0 ? "encoder" : "", line);
  for (const [i, line] of stackLines(spec.decoder).entries()) await row(i === 0 ? "decoder" : "", line);
  await row("attention", `${spec.attention}${spec.feeding ? ", its readout fed back" : ""}; bridge ${spec.bridge}`);
  for (const side of ["source", "target"] as const)
    await row(
      side,
      `${whole(spec[side].vocabulary)} ${spec[side].tokens} tokens, embeddings of ${spec[side].embedding}`,
    );
  await row("parameters", `${count(parameters)} (${whole(parameters)}), ${bytes(parameters * 4)} as float32`);
  if (record !== undefined)
    await row("trained", `${whole(record.counters.step)} steps on ${record.files.map(({ path }) => path).join(", ")}`);
  for (const [i, file] of files.entries())
    await row(i === 0 ? "files" : "", `${file.name.padEnd(30)} ${bytes(file.bytes).padStart(8)}  ${file.state}`);
  for (const note of notices) await row("note", note);
  return code;
}
