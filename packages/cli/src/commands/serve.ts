// `unrolled serve`: a page on this machine in which a network learns a text, computed by the browser.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { characters, streams, textOf } from "unrolled";
import { bundledTexts } from "../bundled-texts.js";
import type { Context } from "../context.js";
import { exitCodes } from "../exit.js";
import type { ServeOptions } from "../options.js";
import { pageAssets, words } from "../serve/assets.js";
import { listen } from "../serve/server.js";
import { runSettings } from "../settings.js";
import { listenForStop } from "../signals.js";
import { named } from "../where.js";

const defaultPort = 8642;

export async function serve(path: string | undefined, options: ServeOptions, context: Context): Promise<number> {
  const { output } = context;
  const { host = "127.0.0.1", port = defaultPort, isolation: isolated = true } = options;
  const settings = runSettings(options);
  const from = path ?? bundledTexts(["lib.es5.d.ts"], "serve")[0];
  const text = textOf(readFileSync(from), from);
  // What the page could only find out later: a text that is too short, or of one symbol.
  named(from, () => streams(characters(text).training, settings));
  const run = {
    name: basename(from),
    hidden: settings.hidden,
    batch: settings.batch,
    sequence: settings.sequence,
    isolated,
  };
  const assets = pageAssets()
    .set("/run.json", words("application/json", JSON.stringify(run)))
    .set("/text", words("text/plain; charset=utf-8", text));
  const stop = listenForStop({});
  const server = await listen({ assets, host, port, isolated });
  const notice = isolated ? "" : "\nWithout isolation: no shared memory, one thread.";
  if (options.json) await output.json({ type: "listening", url: server.url, isolated });
  else await output.write(`Open ${server.url}${notice}\nCtrl-C ends it.\n`);
  await stop.asked;
  await server.close();
  return stop.exitCode ?? exitCodes.done;
}
