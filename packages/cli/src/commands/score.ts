// `unrolled score`: the log-probability of sentences, best first: how to choose between "pair" and "pear".
import { encoder, scoreSentences } from "unrolled";
import type { Context } from "../context.js";
import { exitCodes, UsageError } from "../exit.js";
import { exponential, quoted } from "../format.js";
import { openModel } from "../open.js";
import type { ScoreOptions } from "../options.js";
import { harmless, styleFor } from "../terminal/style.js";
import { named } from "../where.js";

export async function score(
  directory: string,
  words: readonly string[],
  options: ScoreOptions,
  context: Context,
): Promise<number> {
  const sentences = words.length > 0 ? words : await readLines();
  if (sentences.length === 0)
    throw new UsageError("score: must be given at least one sentence, was given none", {
      hint: "write sentences in quotes after the directory, or one a line on standard input",
    });
  const empty = sentences.findIndex((sentence) => sentence.length === 0);
  if (empty >= 0) throw new UsageError(`sentence ${empty + 1}: must hold at least one character, was empty`);
  const { model, device } = await openModel(directory, options, context);
  const read = encoder(model.vocabulary);
  const allowUnknown = options.allowUnknown === true;
  for (const [i, sentence] of sentences.entries()) named(`sentence ${i + 1}`, () => read(sentence, { allowUnknown }));
  const scored = await scoreSentences({ model, device, sentences, allowUnknown });
  device.close();
  const ranked = [...scored].sort((a, b) => b.logProbability - a.logProbability);
  await (options.json ? showJson(ranked, context) : show(ranked, options, context));
  return exitCodes.done;
}

type Scored = Awaited<ReturnType<typeof scoreSentences>>[number];

async function showJson(ranked: readonly Scored[], { output }: Context): Promise<void> {
  for (const [i, { sentence, logProbability, tokens }] of ranked.entries())
    await output.json({ type: "score", rank: i + 1, sentence, logProbability, tokens });
  if (ranked.length < 2) return;
  const logRatio = ranked[0].logProbability - ranked[1].logProbability;
  const ratio = Math.exp(logRatio);
  await output.json({ type: "ratio", logRatio, ratio: Number.isFinite(ratio) ? ratio : null });
}

async function show(ranked: readonly Scored[], options: ScoreOptions, { output, env }: Context): Promise<void> {
  const style = styleFor(output.isTerminal, env);
  await output.write(style.dim("log-probability  per token  sentence\n"));
  for (const { sentence, logProbability, tokens } of ranked) {
    const mean = logProbability / Math.max(1, tokens.length);
    await output.write(
      `${logProbability.toFixed(3).padStart(15)}  ${mean.toFixed(3).padStart(9)}  ${harmless(sentence)}\n`,
    );
    if (!options.tokens) continue;
    for (const token of tokens)
      await output.write(
        style.dim(`${token.logProbability.toFixed(3).padStart(15)}             ${quoted(token.token)}\n`),
      );
  }
  if (ranked.length > 1) await output.write(`${ratioLine(ranked[0].logProbability - ranked[1].logProbability)}\n`);
}

const ratioLine = (logRatio: number): string =>
  logRatio === 0
    ? "the first two are equally likely"
    : Number.isFinite(logRatio)
      ? `the first is ${exponential(logRatio)} times as likely as the second`
      : "the second is impossible to the model";

async function readLines(): Promise<string[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const lines = Buffer.concat(chunks).toString("utf8").split(/\r?\n/);
  return lines.filter((line) => line.trim().length > 0);
}
