// The `unrolled` command: runs it, says what went wrong in one line and a hint, and ends with a documented code.
import { type Explanation, exitCodes, explain } from "./exit.js";
import { openOutput } from "./output.js";
import { run } from "./program.js";

const output = openOutput(process.stdout);
const people = openOutput(process.stderr);
const argv = process.argv.slice(2);
/** How long a slow reader may keep the process from ending. */
const lastWords = 1000;

async function say({ code, message, hint }: Explanation): Promise<void> {
  if (argv.includes("--json"))
    await output.json({ type: "error", code, message, ...(hint === undefined ? {} : { hint }) });
  await people.write(`unrolled: ${message}\n${hint === undefined ? "" : `hint: ${hint}\n`}`);
}

async function end(code: number): Promise<never> {
  await Promise.all([output.flush(lastWords), people.flush(lastWords)]);
  process.exit(code);
}

async function fail(error: unknown): Promise<never> {
  if (process.env.UNROLLED_DEBUG && error instanceof Error) void people.write(`${error.stack}\n`);
  const explanation = explain(error);
  await Promise.race([say(explanation), new Promise((resolve) => setTimeout(resolve, lastWords))]);
  return end(explanation.exitCode);
}

// A command that only writes has nothing to save when its reader goes; one that trains says so by listening itself.
async function main(): Promise<never> {
  const code = await run(argv, { output, people, env: process.env, clock: () => performance.now() });
  await output.flush(lastWords);
  if (output.failure !== undefined) return fail(Object.assign(output.failure, { path: "standard output" }));
  return end(output.closed && code === exitCodes.done ? exitCodes.pipe : code);
}

process.on("uncaughtException", (error) => void fail(error));
main().catch(fail);
