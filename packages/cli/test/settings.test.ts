// Options: read strictly, completed with defaults, and never accepted where they would change nothing.
import { describe, expect, it } from "vitest";
import { UsageError } from "../src/exit.js";
import { plainMethods } from "../src/methods.js";
import { choice, integer, real, sizes } from "../src/parse.js";
import { resumedSettings, runSettings } from "../src/settings.js";

const message = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof UsageError) return `${error.message}${error.hint === undefined ? "" : ` | ${error.hint}`}`;
    throw error;
  }
  throw new Error("must throw a UsageError, threw nothing");
};

describe("values", () => {
  it("reads integers, also as 1e6", () => {
    expect(integer("--epochs", 1)("1e6")).toBe(1_000_000);
    for (const text of ["0", "-1", "1.5", "", " 3", "0x10", "NaN", "1e400", "9007199254740993", "3;"])
      expect(message(() => integer("--epochs", 1)(text))).toBe(
        `--epochs: must be an integer, at least 1, was ${JSON.stringify(text)}`,
      );
  });
  it("reads numbers in a range", () => {
    expect(real("--lr", { above: 0 })("2e-3")).toBe(0.002);
    expect(real("--top-p", { above: 0, upTo: 1 })("1")).toBe(1);
    expect(message(() => real("--lr", { above: 0 })("0"))).toBe('--lr: must be a number above 0, was "0"');
    expect(message(() => real("--lr", { above: 0 })("Infinity"))).toContain('was "Infinity"');
    expect(message(() => real("--dropout", { from: 0, below: 1 })("1"))).toBe(
      '--dropout: must be a number from 0, below 1, was "1"',
    );
  });
  it("names the choices and the near miss", () => {
    const cell = choice("--cell", ["rnn", "gru", "lstm"]);
    expect(cell("gru")).toBe("gru");
    expect(message(() => cell("LSMT"))).toBe('--cell: must be rnn, gru or lstm, was "LSMT"');
    expect(message(() => cell("lstn"))).toBe('--cell: must be rnn, gru or lstm, was "lstn" | did you mean lstm?');
    expect(message(() => cell("__proto__"))).toBe('--cell: must be rnn, gru or lstm, was "__proto__"');
  });
  it("reads hidden sizes", () => {
    expect(sizes("--hidden")("256,128")).toEqual([256, 128]);
    expect(message(() => sizes("--hidden")("0"))).toBe('--hidden: must be an integer, at least 1, was "0"');
    expect(message(() => sizes("--hidden")("256,,128"))).toContain('was ""');
  });
});

describe("settings", () => {
  it("fills in the defaults", () => {
    expect(runSettings({})).toEqual({
      tokens: "char",
      minCount: 1,
      cell: ["lstm"],
      cellOptions: {},
      hidden: [128, 128],
      residual: "none",
      dropout: 0,
      variational: false,
      learnInitial: false,
      embedding: null,
      embeddingFrom: null,
      freezeEmbedding: false,
      head: "linear",
      headHidden: null,
      headSamples: null,
      batch: 50,
      sequence: 50,
      epochs: 10,
      maxSteps: null,
      optimizer: { name: "adam", rate: 0.002 },
      schedule: { name: "constant" },
      clipNorm: 5,
      clipValue: null,
      precision: "f32",
      validation: 0.1,
      sampleEvery: null,
      checkpointEvery: null,
      seed: 1,
      methods: { ...plainMethods, decayAll: false },
    });
  });
  it("takes layers as a number or as a list", () => {
    expect(runSettings({ hidden: [64], layers: 3 }).hidden).toEqual([64, 64, 64]);
    expect(runSettings({ hidden: [64, 32] }).hidden).toEqual([64, 32]);
    expect(message(() => runSettings({ hidden: [64, 32], layers: 3 }))).toContain("--layers: must be 2");
  });
  it("gives each optimizer and schedule its own parameters", () => {
    expect(runSettings({ optimizer: "sgd" }).optimizer).toEqual({ name: "sgd", rate: 0.5, momentum: 0.9 });
    expect(runSettings({ optimizer: "adamw", weightDecay: 0.1 }).optimizer).toEqual({
      name: "adamw",
      rate: 0.002,
      weightDecay: 0.1,
    });
    expect(runSettings({ schedule: "plateau", patience: 3 }).schedule).toEqual({
      name: "plateau",
      factor: 0.5,
      patience: 3,
    });
    expect(runSettings({ schedule: "step", decayEvery: 3 }).schedule).toEqual({
      name: "step",
      every: 3,
      factor: 0.5,
      after: 3,
    });
    expect(runSettings({ schedule: "cosine", warmup: 0 }).schedule).toEqual({ name: "cosine", warmup: 0, floor: 0 });
  });
  it("turns clipping off with 0", () => expect(runSettings({ clipNorm: 0 }).clipNorm).toBe(null));
  it.each([
    [{ reset: "before" as const }, "--reset"],
    [{ minCount: 2 }, "--min-count"],
    [{ momentum: 0.5 }, "--momentum"],
    [{ weightDecay: 0.5 }, "--weight-decay"],
    [{ decayEvery: 5 }, "--decay-every"],
    [{ decayFactor: 0.5 }, "--decay-factor"],
    [{ decayAfter: 5 }, "--decay-after"],
    [{ warmup: 5, schedule: "step" as const }, "--warmup"],
    [{ floor: 0.5 }, "--floor"],
    [{ patience: 5 }, "--patience"],
  ])("refuses an option that would change nothing: %j", (options, name) =>
    expect(message(() => runSettings(options))).toContain(`${name}: must come with`),
  );
});

describe("resume", () => {
  const recorded = runSettings({ seed: 7, maxSteps: 100 });
  it("keeps what was recorded", () => expect(resumedSettings(recorded, { resume: "play" })).toEqual(recorded));
  it("takes new lengths", () => {
    expect(resumedSettings(recorded, { resume: "play", epochs: 20 })).toEqual({
      ...recorded,
      epochs: 20,
      maxSteps: null,
    });
    expect(resumedSettings(recorded, { resume: "play", maxSteps: 200 })).toEqual({ ...recorded, maxSteps: 200 });
  });
  it.each([{ lr: 0.1 }, { minCount: 2 }, { out: "other" }, { seed: 7 }])("refuses anything else: %j", (options) =>
    expect(message(() => resumedSettings(recorded, { resume: "play", ...options }))).toContain(
      "must not change when a run is resumed",
    ),
  );
});
