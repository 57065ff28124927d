// What appears on a terminal: plots, widths, redraws, and that no text can do harm.
import type { Evaluation, StepEvent } from "unrolled";
import { describe, expect, it } from "vitest";
import { openOutput, type Writable } from "../src/output.js";
import type { Measured, RunFacts } from "../src/reporter.js";
import { history } from "../src/terminal/history.js";
import { liveReporter } from "../src/terminal/live.js";
import { plainReporter } from "../src/terminal/plain.js";
import { plot, shrink } from "../src/terminal/plot.js";
import { fit, harmless, plainStyle, styleFor, visibleWidth } from "../src/terminal/style.js";

const facts: RunFacts = { tokens: "char", epochs: 10, timed: false, directory: "play", remaining: () => 200 };
const start = {
  type: "start",
  task: "language-model",
  guessing: Math.log(65),
  memory: 12_345_678,
  device: "wasm",
  threads: 2,
  parameters: 1_234_567,
  tokens: 98_432,
  validationTokens: 9_000,
  vocabulary: 65,
  stepsPerEpoch: 480,
  totalSteps: 4800,
  firstStep: 0,
} as const;
const step = (n: number, loss: number): StepEvent => ({
  type: "step",
  step: n,
  epoch: 3,
  loss,
  gradientNorm: 1,
  learningRate: 2e-3,
  tokensPerSecond: 98_432,
});

function screen(columns = 80, rows = 24): { readonly stream: Writable; readonly texts: string[] } {
  const texts: string[] = [];
  const stream: Writable = {
    isTTY: true,
    columns,
    rows,
    on: () => undefined,
    write: (text, done) => {
      texts.push(text);
      done();
    },
  };
  return { stream, texts };
}

describe("plot", () => {
  it("draws a falling line from the top left to the bottom right", () => {
    expect(plot([3, 2, 1, 0], 2, 1)).toEqual(["⠑⢄"]);
  });
  it("joins far neighbours and marks a flat line at the bottom", () => {
    expect(plot([1, 0], 1, 1)).toEqual(["⢱"]);
    expect(plot([5, 5, 5, 5], 2, 1)).toEqual(["⣀⣀"]);
  });
  it("averages what does not fit", () => {
    expect(shrink([1, 3, 5, 7], 2)).toEqual([2, 6]);
    expect(
      plot(
        Array.from({ length: 1000 }, (_, i) => i),
        10,
        2,
      ).map((row) => [...row].length),
    ).toEqual([10, 10]);
  });
});

it("keeps any number of losses in bounded memory, with their mean", () => {
  const losses = history(8);
  for (let i = 0; i < 1000; i++) losses.add(i);
  expect(losses.values.length).toBeLessThan(8);
  expect(losses.values[0]).toBe(63.5);
});

describe("style", () => {
  it("counts what is seen, not the escapes", () => expect(visibleWidth("\u001b[1mloss\u001b[22m ⣀")).toBe(6));
  it("keeps the most important parts", () =>
    expect(fit(["epoch 3/10", "step 12", "loss 1.2"], 20)).toBe("epoch 3/10  step 12"));
  it("honours NO_COLOR, dumb terminals and pipes", () => {
    expect(styleFor(true, {}).bold("a")).toBe("\u001b[1ma\u001b[22m");
    expect(styleFor(true, { NO_COLOR: "1" })).toBe(plainStyle);
    expect(styleFor(true, { TERM: "dumb" })).toBe(plainStyle);
    expect(styleFor(false, {})).toBe(plainStyle);
  });
  it("makes control characters visible instead of obeying them", () => {
    expect(harmless("a\u001b[2Jb\r\n\tc\u009b")).toBe("a␛[2Jb␍\n\tc\ufffd");
  });
});

describe("live block", () => {
  it("redraws at most ten times a second, in place, never wider than the window", async () => {
    const { stream, texts } = screen(48, 24);
    let now = 0;
    const reporter = liveReporter(openOutput(stream), facts, plainStyle, () => now);
    await reporter.report(start);
    for (let i = 1; i <= 100; i++) {
      now += 10;
      await reporter.report(step(i, 4 - i / 50));
    }
    const redraws = texts.slice(1);
    expect(redraws.length).toBe(10);
    const last = redraws.at(-1) ?? "";
    expect(last.startsWith("\r\u001b[5A\u001b[J")).toBe(true);
    const lines = last.split("\u001b[J")[1]?.split("\n") ?? [];
    expect(lines.length).toBe(6);
    for (const line of lines) expect(visibleWidth(line)).toBeLessThan(48);
    expect(lines.slice(-2)).toEqual([
      "epoch 3/10  step 100/4,800  3 min 20 s left",
      "loss 2.000  2.885 bits/char  98.4 k tokens/s",
    ]);
  });

  it("shows everything where there is room", async () => {
    const { stream, texts } = screen(120, 8);
    const reporter = liveReporter(openOutput(stream), facts, plainStyle, () => 0);
    await reporter.report(start);
    await reporter.report(step(1240, 1.7325));
    await reporter.close();
    expect(texts.at(-1)).toBe(
      "epoch 3/10  step 1,240/4,800  3 min 20 s left\nloss 1.732  2.499 bits/char  98.4 k tokens/s\n",
    );
  });

  it("puts samples above the block", async () => {
    const { stream, texts } = screen(80, 8);
    const reporter = liveReporter(openOutput(stream), facts, plainStyle, () => 0);
    await reporter.report(step(1, 4));
    await reporter.report({ type: "sample", step: 1, text: "To be\u001b[31m\nor not" });
    expect(texts.at(-1)).toContain("after step 1, it writes:\n| To be␛[31m\n| or not\n");
    expect(texts.at(-1)).toMatch(/loss 4.000 {2}5.771 bits\/char {2}98.4 k tokens\/s$/);
  });
});

describe("plain lines", () => {
  it("know no end of a run that ends by the clock", async () => {
    const { stream, texts } = screen();
    const reporter = plainReporter(openOutput(stream), { ...facts, timed: true }, () => 0);
    await reporter.report(start);
    await reporter.report(step(1240, 2));
    await reporter.report({ type: "done", step: 1240, epoch: 3, reason: "stopped", seconds: 60 });
    expect(texts.join("").split("\n").slice(1, -1)).toEqual([
      "1.23 M parameters on wasm, 2 threads; 480 steps an epoch",
      "epoch 3  step 1,240  3 min 20 s left  loss 2.000  2.885 bits/char  98.4 k tokens/s",
      "finished: 1,240 steps in all",
    ]);
  });

  it("are calm: a step line now and then, the last always", async () => {
    const { stream, texts } = screen();
    let now = 0;
    const reporter = plainReporter(openOutput(stream), facts, () => now);
    await reporter.report(start);
    for (let i = 1; i <= 4800; i++) {
      now += 25;
      await reporter.report(step(i, 2));
    }
    const lines = texts.join("").trimEnd().split("\n");
    expect(lines[0]).toBe("98.4 k char tokens to learn from, 9 k held out, vocabulary of 65");
    expect(lines[1]).toBe("1.23 M parameters on wasm, 2 threads; 4,800 steps, 480 an epoch");
    expect(lines.length).toBeLessThan(25);
    expect(lines.at(-1)).toMatch(/^epoch 3\/10 {2}step 4,800\/4,800 /);
  });

  it("say the validation loss beside the n-gram's", async () => {
    const { stream, texts } = screen();
    const reporter = plainReporter(openOutput(stream), facts, () => 0);
    const ngram = { n: 4, nats: 1.669, bitsPerToken: 2.408, perplexity: 5.307, tokens: 100 };
    const measured: Measured & Evaluation = {
      type: "validation",
      step: 480,
      epoch: 1,
      nats: 1.9,
      bitsPerToken: 2.741,
      perplexity: 6.686,
      tokens: 100,
      watched: "nats",
      best: true,
      ngram,
    };
    await reporter.report(measured);
    expect(texts.join("")).toBe(
      "epoch 1: validation 1.9000 nats, 2.741 bits/char, perplexity 6.69\n" +
        "         a 4-gram model of the same text: 1.6690 nats, perplexity 5.31\n",
    );
  });

  it("say the metrics of any other task by name", async () => {
    const { stream, texts } = screen();
    const reporter = plainReporter(openOutput(stream), { ...facts, tokens: undefined }, () => 0);
    await reporter.report({ ...start, tokens: 1200, validationTokens: 300 });
    const event = { step: 480, epoch: 1, accuracy: 0.875, examples: 300, watched: "accuracy", best: true } as const;
    const measured: Measured = { type: "validation", ...event, ngram: undefined };
    await reporter.report(measured);
    expect(texts.join("")).toContain("1.20 k tokens to learn from, 300 held out\n");
    expect(texts.join("")).toContain("epoch 1: validation accuracy 0.8750, examples 300\n");
  });
});
