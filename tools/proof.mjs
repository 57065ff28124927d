// What the long proofs share: a line of progress with rate and time left, and the dated record in bench/results.
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const results = fileURLToPath(new URL("../bench/results", import.meta.url));
/** Milliseconds between two lines: a terminal is redrawn, a log is not to be filled. */
const often = { terminal: 200, log: 30_000 };

const time = (seconds) => (seconds < 60 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`);

/**
 * Call the answer with how many of `total` are done, as often as you like: standard error is told so, from time to time.
 * `clock`: milliseconds.
 */
export function progress(what, total, stream = process.stderr, clock = () => performance.now()) {
  const began = clock();
  let told = began;
  return (done) => {
    const now = clock();
    const isLast = done >= total;
    if (!isLast && now - told < (stream.isTTY ? often.terminal : often.log)) return;
    told = now;
    const rate = done / ((now - began) / 1000);
    const rest = isLast ? `in ${time((now - began) / 1000)}` : `${time((total - done) / rate)} left`;
    const line = `${what}: ${done} of ${total}, ${rate < 10 ? rate.toFixed(1) : Math.round(rate)} a second, ${rest}`;
    stream.write(stream.isTTY ? `\r\x1b[K${line}${isLast ? "\n" : ""}` : `${line}\n`);
  };
}

/** Keeps what a proof found as bench/results/<date>-<name>.json; answers the path. */
export function writeRecord(name, command, found) {
  const date = new Date().toISOString();
  const machine = { processor: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.version };
  mkdirSync(results, { recursive: true });
  const path = join(results, `${date.slice(0, 10)}-${name}.json`);
  writeFileSync(path, `${JSON.stringify({ date, command, machine, ...found }, null, 1)}\n`);
  return path;
}
