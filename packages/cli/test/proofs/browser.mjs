// Proof: the page of `unrolled serve` trains the small LSTM (128 units, 2 layers, 50 x 50) with 1 and 2 threads, and its own
// timer of 10 ms is never more than 50 ms late. `npm run prove:browser [-- seconds = 10] [rounds = 3]`: the numbers of threads
// take turns with a page that does nothing, whose delays are the machine's own; exit code 1 where the timer was later, or a
// run did not learn. Writes bench/results/DATE-browser.json.
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, type } from "node:os";
import { fileURLToPath } from "node:url";
import { chromiumPath, launch, readings, startServing, until } from "../serve/browser.mjs";

const seconds = Number(process.argv[2] ?? 10);
const rounds = Number(process.argv[3] ?? 3);
const allowedDelay = 50;
const results = new URL("../../../../bench/results/", import.meta.url);

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** One run from a fresh page: what it shows after `seconds`. */
async function measure(browser, url, threads) {
  const page = await browser.newPage();
  await page.goto(url);
  await page.waitForSelector("#start:enabled");
  await page.evaluate((n) => {
    const choice = document.querySelector("select");
    choice.add(new Option(n, n));
    choice.value = n;
  }, String(threads));
  await page.click("#start");
  const first = await until(page, ({ step }) => step >= 1);
  await page.waitForTimeout(seconds * 1000);
  const last = await readings(page);
  await page.close();
  if (last.phase !== "running") throw new Error(`the page must run, says: ${last.status}`);
  const { tokensPerSecond, worstDelay, shared } = last;
  return {
    threads,
    tokensPerSecond: Math.round(tokensPerSecond),
    worstDelay,
    shared,
    steps: last.step,
    firstLoss: first.loss,
    lastLoss: last.loss,
    learnt: last.loss < first.loss,
    detail: last.status,
  };
}

/** The longest delay of the same timer in a page that does nothing. */
async function measureIdle(browser, url) {
  const page = await browser.newPage();
  await page.goto(url);
  await page.waitForSelector("#start:enabled");
  const worst = await page.evaluate(
    (milliseconds) =>
      new Promise((resolve) => {
        const end = performance.now() + milliseconds;
        let [last, worst] = [performance.now(), 0];
        const timer = setInterval(() => {
          const now = performance.now();
          worst = Math.max(worst, now - last - 10);
          last = now;
          if (now < end) return;
          clearInterval(timer);
          resolve(worst);
        }, 10);
      }),
    seconds * 1000,
  );
  await page.close();
  return worst;
}

if (chromiumPath === undefined) {
  process.stderr.write("prove:browser: must have a Chromium, found none\nhint: UNROLLED_CHROMIUM=/path/to/chromium\n");
  process.exit(1);
}
const loadBefore = loadavg()[0];
const [served, browser] = await Promise.all([startServing(), launch()]);
const runs = [];
const idle = [];
for (let round = 0; round < rounds; round++) {
  idle.push(await measureIdle(browser, served.url));
  process.stdout.write(`idle page                     worst delay ${idle.at(-1).toFixed(1)} ms\n`);
  for (const threads of [1, 2]) {
    const run = await measure(browser, served.url, threads);
    runs.push(run);
    const { tokensPerSecond, worstDelay, lastLoss } = run;
    process.stdout.write(
      `${threads} ${threads === 1 ? "thread " : "threads"}  ${tokensPerSecond} tokens/s  worst delay ${worstDelay.toFixed(1)} ms  loss ${lastLoss.toFixed(3)}\n`,
    );
  }
}
const version = browser.version();
await browser.close();
await served.stop();

const of = (threads) => runs.filter((run) => run.threads === threads);
const summary = [1, 2].map((threads) => ({
  threads,
  tokensPerSecond: median(of(threads).map((run) => run.tokensPerSecond)),
  worstDelay: Math.max(...of(threads).map((run) => run.worstDelay)),
}));
const held = runs.every(({ worstDelay, learnt, shared, threads }) => {
  return worstDelay <= allowedDelay && learnt && shared === threads > 1;
});
const date = new Date().toISOString();
const record = {
  date,
  command: `npm run prove:browser -- ${seconds} ${rounds}`,
  machine: {
    processor: cpus()[0]?.model.trim() ?? "unknown processor",
    cores: availableParallelism(),
    system: `${type()} ${release()}`,
    loadBefore,
    loadAfter: loadavg()[0],
  },
  versions: { node: process.versions.node, chromium: version },
  workload: { hidden: [128, 128], batch: 50, sequence: 50, text: "lib.es5.d.ts" },
  allowedDelay,
  held,
  summary,
  idle,
  runs,
};
mkdirSync(results, { recursive: true });
const file = new URL(`${date.slice(0, 10)}-browser.json`, results);
writeFileSync(file, `${JSON.stringify(record, null, 1)}\n`);
process.stdout.write(`${held ? "held" : "BROKEN"}: ${fileURLToPath(file)}\n`);
process.exitCode = held ? 0 : 1;
