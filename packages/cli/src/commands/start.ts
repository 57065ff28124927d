// `unrolled start`, what `npm start` runs: a minute of learning from a text that every checkout has, and a taste of the result.
import { generate } from "unrolled";
import type { Context } from "../context.js";
import { bundledTexts } from "../bundled-texts.js";
import { exitCodes } from "../exit.js";
import { shellWord } from "../format.js";
import { openModel } from "../open.js";
import type { StartOptions } from "../options.js";
import { newRun, type RunRequest, resumedRun } from "../run.js";
import { runSettings } from "../settings.js";
import { holdsRun } from "../store.js";
import { harmless, styleFor } from "../terminal/style.js";

/** Declarations of the language and of the browser: regular enough to be learnt in a minute, rich enough to look at. */
const texts = ["lib.es5.d.ts", "lib.dom.iterable.d.ts", "lib.webworker.d.ts"] as const;
const opening = "interface ";

export async function start(options: StartOptions, context: Context): Promise<number> {
  const directory = options.out ?? "model";
  const request: RunRequest = { ...options, seconds: options.seconds ?? 60 };
  const say = (text: string): Promise<void> => (options.json ? context.people : context.output).write(`${text}\n`);
  const known = await holdsRun(directory);
  await say(
    known
      ? `Going on for ${request.seconds} s with the network in ${directory}.\n`
      : `A network of two LSTM layers learns TypeScript's declaration files for ${request.seconds} s.\n`,
  );
  // Epochs without end: the clock stops the run, and the next start goes on.
  const code = known
    ? await resumedRun(directory, (recorded) => recorded, request, context)
    : await newRun(
        bundledTexts(texts, "start"),
        directory,
        runSettings({ epochs: 1000, hidden: [128], layers: 2 }),
        request,
        context,
      );
  if (code !== exitCodes.done || context.output.closed) return code;
  if (!options.json) await farewell(directory, options, context);
  return code;
}

async function farewell(directory: string, options: StartOptions, context: Context): Promise<void> {
  const { output, env } = context;
  const style = styleFor(output.isTerminal, env);
  const { model, device } = await openModel(directory, options, context);
  // The directory may hold another text's model, which cannot read these letters.
  const prompt = [...opening].every((letter) => model.vocabulary.tokens.includes(letter)) ? opening : "";
  await output.write(`\nNow it writes:\n\n${style.bold(prompt)}`);
  for await (const piece of generate({ model, device, prompt, length: 400, temperature: 0.7, seed: 1 }))
    await output.write(harmless(piece));
  device.close();
  const word = shellWord(directory);
  const script = "node packages/cli/bin/unrolled.js";
  await output.write(
    [
      "",
      "",
      `The model lies in ${directory}. Try:`,
      `  ${script} sample ${word} --prompt "declare var " --temperature 0.6`,
      `  ${script} score ${word} "readonly length: number;" "readonly length: nubmer;"`,
      `  ${script} info ${word}`,
      "  npm start                                  a minute more",
      `  ${script} train your-text.txt --out mine --hidden 256`,
      "",
    ].join("\n"),
  );
}
