// The page of `unrolled serve` in a real browser: learns with one thread and with two, and says so when it may not.
import { readFileSync } from "node:fs";
import { openWasm } from "@unrolled/kernels";
import type { Page } from "playwright-core";
import { characters, languageModel, train } from "unrolled";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pageAssets, words } from "../../src/serve/assets.js";
import { listen } from "../../src/serve/server.js";
import { chromiumPath, launch, readings, type Served, startServing, until } from "./browser.mjs";

const [hidden, batch, sequence] = [32, 16, 25];
const small = ["--hidden", hidden, "--layers", 1, "--batch", batch, "--sequence", sequence].map(String);
const folder = (name: string): URL => new URL(`../../../${name}/`, import.meta.url);
const packages = { studio: folder("studio"), unrolled: folder("unrolled"), kernels: folder("kernels") };
/** Nats per character before anything is learnt: the text has 91 different ones. */
const guessing = Math.log(91);

if (chromiumPath === undefined) process.stderr.write("browser.test: no Chromium on this machine, tests left out\n");

/** Chooses a number of threads, also one that the page would not offer on a machine of few cores. */
const choose = (page: Page, threads: number): Promise<void> =>
  page.evaluate((n) => {
    const choice = document.querySelector("select");
    if (choice === null) return;
    choice.add(new Option(n, n));
    choice.value = n;
    choice.dispatchEvent(new Event("change"));
  }, String(threads));

/** Nats per character of step number `step`, counted from 1, of the page's run, done here on one thread without a stop. */
async function lossNeverStopped(url: string, step: number): Promise<number> {
  const corpus = characters(await (await fetch(new URL("text", url))).text());
  const model = languageModel({ vocabulary: corpus.vocabulary, hidden: [hidden] });
  const device = await openWasm({ threads: 1 });
  try {
    for await (const event of train({ model, corpus, device, batch, sequence, maxSteps: step }))
      if (event.type === "step" && event.step === step) return event.loss;
  } finally {
    device.close();
  }
  throw new Error(`the run must come to step ${step}`);
}

describe.skipIf(chromiumPath === undefined)("the page", () => {
  let served: Served;
  let browser: Awaited<ReturnType<typeof launch>>;
  beforeAll(async () => {
    [served, browser] = await Promise.all([startServing(small), launch()]);
  });
  afterAll(async () => {
    await browser?.close();
    await served?.stop();
  });

  /** Opens the page; whatever it complains about is collected. */
  async function open(url = served.url) {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    await page.goto(url);
    await page.waitForSelector("#start:enabled");
    return { page, complaints };
  }

  it.each([1, 2])("learns with %i threads, and stays awake", async (threads) => {
    const { page, complaints } = await open();
    await choose(page, threads);
    await page.click("#start");
    const later = await until(page, ({ step }) => step >= 150);
    expect(later.isolated).toBe(true);
    expect(later.shared).toBe(threads === 2);
    expect(later.status).toMatch(new RegExp(`${threads} threads?`));
    expect(later.loss).toBeGreaterThan(0);
    expect(later.loss).toBeLessThan(0.75 * guessing);
    expect(later.tokensPerSecond).toBeGreaterThan(0);
    expect(later.worstDelay).toBeLessThan(1000);
    expect(later.sample.length).toBeGreaterThan(100);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it("pauses, goes on with another number of threads where it was, and starts over", async () => {
    const { page } = await open();
    await page.click("#start");
    await until(page, ({ step }) => step >= 150);
    await page.click("#start");
    await page.waitForTimeout(300);
    const paused = await readings(page);
    await page.waitForTimeout(300);
    expect((await readings(page)).step).toBe(paused.step);
    await choose(page, 3);
    await page.click("#start");
    const on = await until(page, ({ step }) => step >= paused.step + 20);
    expect(on.status).toContain("3 threads");
    expect(on.loss).toBeCloseTo(await lossNeverStopped(served.url, on.step), 3);
    await page.click("#over");
    await until(page, ({ step }) => step >= 1 && step < paused.step);
    await page.close();
  });

  it("without isolation: one thread, and the page says why", async () => {
    const bare = await startServing([...small, "--no-isolation"]);
    const { page, complaints } = await open(bare.url);
    expect(await page.evaluate(() => document.querySelector("select")?.options.length)).toBe(1);
    await page.click("#start");
    const now = await until(page, ({ step }) => step >= 5);
    expect(now).toMatchObject({ isolated: false, shared: false });
    expect(now.status).toContain("1 thread");
    expect(now.note).toContain("memory cannot be shared");
    expect(now.note).toContain("Cross-Origin-Opener-Policy");
    expect(complaints).toEqual([]);
    await page.close();
    expect(await bare.stop()).toBe(130);
  });

  /** The page with another script for the threads of the device, in two threads, begun. */
  async function openWith(workerScript: string) {
    const run = { name: "text", hidden: [32], batch: 16, sequence: 25, isolated: true };
    const assets = pageAssets(packages)
      .set("/run.json", words("application/json", JSON.stringify(run)))
      .set("/text", words("text/plain", "the cat sat on the mat. ".repeat(400)))
      .set("/kernels/worker.js", words("text/javascript", workerScript));
    const server = await listen({ assets, host: "127.0.0.1", port: 0, isolated: true });
    const { page } = await open(server.url);
    await choose(page, 2);
    await page.click("#start");
    return { page, close: () => Promise.all([page.close(), server.close()]) };
  }

  it("says it when a thread's script throws", async () => {
    const { page, close } = await openWith("throw new Error('planted');");
    const failed = await until(page, ({ phase }) => phase === "failed", 20);
    expect(failed.status).toContain("threads must start, did not");
    await close();
  });

  it("says it when a thread ends in the midst of the work", async () => {
    const script = readFileSync(new URL("worker.js", packages.kernels), "utf8");
    const { page, close } = await openWith(script.replace("exports.work(rank);", "close();"));
    const failed = await until(page, ({ phase }) => phase === "failed", 20);
    expect(failed.status).toContain("all threads must live, one died: it ended without a word");
    await close();
  });
});
