// `unrolled serve` and a browser that opens its page: for the test and for the proof, which measures.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const main = fileURLToPath(new URL("../../bin/unrolled.js", import.meta.url));
const places = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/opt/google/chrome/chrome",
];
const quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];

/** A Chromium of this machine, or undefined. UNROLLED_CHROMIUM names one elsewhere. */
export const chromiumPath = [process.env.UNROLLED_CHROMIUM, ...places].find(
  (place) => place !== undefined && existsSync(place),
);

/** Starts the server on a free port. */
export async function startServing(args = []) {
  const child = spawn(process.execPath, [main, "serve", ...args, "--port", "0", "--json"]);
  const ended = new Promise((resolve) => child.on("close", resolve));
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    said += text;
  });
  const first = new Promise((resolve) => child.stdout.setEncoding("utf8").once("data", resolve));
  const line = await Promise.race([first, ended]);
  if (typeof line !== "string") throw new Error(`unrolled serve: must listen, ended: ${said}`);
  const stop = () => {
    child.kill("SIGINT");
    return ended;
  };
  return { url: JSON.parse(line).url, stop };
}

export const launch = () =>
  chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox", "--headless", "--disable-gpu", ...quiet] });

/** What the page shows now. Numbers that are not there yet are NaN. */
export const readings = (page) =>
  page.evaluate(() => {
    const number = (id) => Number(document.getElementById(id).dataset.value ?? Number.NaN);
    const words = (id) => document.getElementById(id).textContent;
    return {
      phase: document.body.dataset.phase,
      shared: document.body.dataset.shared === "true",
      isolated: globalThis.crossOriginIsolated,
      loss: number("loss"),
      tokensPerSecond: number("rate"),
      step: number("step"),
      worstDelay: number("gap"),
      status: words("status"),
      note: words("note"),
      sample: words("sample"),
    };
  });

/** Polls the page until `test` of its readings holds, and gives them. Throws where the run fails before. */
export async function until(page, test, seconds = 60) {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const now = await readings(page);
    if (test(now)) return now;
    if (now.phase === "failed" || performance.now() > end)
      throw new Error(`the page must come to ${test}, stands at ${JSON.stringify(now)}`);
    await page.waitForTimeout(50);
  }
}
