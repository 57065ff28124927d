// Translators as the experiments teach them: fresh pairs, measured with true characters and freely; curricula; what is shown of it.
import { openDevice } from "@unrolled/kernels";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Device } from "unrolled";
import { datesTask, examples, firstStage, rearrangeTask } from "unrolled/tasks";
import { close } from "unrolled/testing";
import type { Row } from "../src/reproduce/experiment.js";
import { fieldMasses } from "../src/reproduce/experiments/dates.js";
import { fillsBars } from "../src/reproduce/experiments/melodies.js";
import { executionContender, executionPairs } from "../src/reproduce/lessons.js";
import { gruNet } from "../src/reproduce/pair-rows.js";
import { learnPairs, type PairRecipe, type Writer } from "../src/reproduce/pairs.js";
import { asJson, markdown, tableText } from "../src/reproduce/render.js";
import { scratch, unrolled } from "./command.js";

const folder = scratch();
afterAll(folder.remove);

let device: Device;
beforeAll(async () => {
  device = await openDevice("auto", { threads: 1 });
});
afterAll(() => device.close());

const bench = () => ({
  device,
  clock: () => 0,
  seed: 1,
  seeds: 1,
  precision: "f32" as const,
  quick: true,
  full: false,
  stop: { requested: false },
  progress: () => Promise.resolve(),
});

describe("a translator that is taught on fresh pairs", () => {
  const task = rearrangeTask({ manner: "reverse", length: 4, letters: 3 });
  const drawn: number[] = [];
  const looks: number[] = [];
  const recipe: PairRecipe = {
    net: gruNet({ hidden: 24, embedding: 8, attention: true, ends: true }),
    letters: { source: "abc", target: "abc" },
    seed: 1,
    steps: 300,
    batch: 32,
    rate: 1e-2,
    training: (i) => {
      drawn.push(i);
      return task.example("training", i);
    },
    validation: () => examples(task, "validation", 10),
    looked: ({ accuracy }) => looks.push(accuracy) > 0 && accuracy === 1,
    what: "reverse",
  };
  let writer: Writer;
  beforeAll(async () => {
    writer = await learnPairs(bench(), recipe);
  }, 60_000);
  afterAll(() => writer.close());

  it("draws every pair once, in order", () => {
    expect(drawn.length).toBeGreaterThanOrEqual(writer.steps * 32);
    expect(drawn.every((i, at) => i === at)).toBe(true);
  });
  it("learns to reverse, and is told so with true characters and freely", () => {
    const pairs = examples(task, "test", 10);
    const { accuracy, nats } = writer.forced(pairs);
    expect(accuracy).toBeGreaterThan(0.97);
    expect(nats).toBeLessThan(0.15);
    const { exact, written } = writer.free(pairs);
    expect(exact).toBe(written.filter((text, i) => text === pairs[i].target).length / 10);
    expect(exact).toBeGreaterThan(0.9);
    const swapped = pairs.map((pair, i) => ({ ...pair, target: pairs[(i + 1) % 10].target }));
    expect(writer.forced(swapped).accuracy).toBeLessThan(0.7);
  });
  it("is looked at ten times at most, and ends when a look says so", () => {
    expect(looks.length).toBeGreaterThan(1);
    expect(writer.steps).toBe(looks.at(-1) === 1 ? 30 * looks.length : 300);
  });
});

describe("attention on the fields of a date", () => {
  it("is the mean mass of a field's characters on that field", () => {
    const [pair] = examples(datesTask({ locales: ["en-GB"] }), "test", 1);
    const { year, month, day } = pair.fields;
    const row = (at: number): Float32Array => {
      const weights = new Float32Array(pair.source.length);
      weights[at] = 1;
      return weights;
    };
    // Every character of the year looks at its field's end; one of the month's two looks elsewhere; the day looks at the year.
    const attention = [
      ...Array(4).fill(row(year[1] - 1)),
      row(0),
      row(month[0]),
      row(month[1] < pair.source.length ? month[1] : month[0] - 1),
      row(0),
      row(year[0]),
      row(year[0]),
    ];
    const shown = () => [{ tokens: [], logProbability: 0, score: 0, attention }];
    expect(day[1]).toBeGreaterThan(day[0]);
    close(fieldMasses({ shown } as unknown as Writer, [pair]), [1, 0.5, 0]);
  });
});

describe("a curriculum", () => {
  const size = { cell: "lstm", layers: 1, hidden: 8, embedding: 4, batch: 4, rate: 1e-3, steps: 10, every: 5 } as const;
  const execution = { name: "x", goal: { length: 4, nesting: 1 }, addition: true, size, tested: 4 } as const;
  const digits = (source: string): number => Math.max(...(source.match(/\d+/g) ?? []).map((number) => number.length));

  it("goes on when it is told that it is good, and shows programs of its stage until then", () => {
    const lesson = executionContender({ ...execution, curriculum: "naive" }).lesson(1);
    const longest = (): number => Math.max(...Array.from({ length: 20 }, (_, i) => digits(lesson.training(i).source)));
    expect([longest(), digits(lesson.validation()[0].source)]).toEqual([firstStage.now.length, 1]);
    lesson.looked?.({ accuracy: 0.96, nats: 0 });
    expect([longest(), digits(lesson.validation()[0].source)]).toEqual([2, 2]);
    lesson.looked?.({ accuracy: 0.5, nats: 0 });
    expect(longest()).toBe(2);
  });
  it("baseline is the goal from the first program on", () => {
    const lesson = executionContender({ ...execution, curriculum: "baseline" }).lesson(1);
    expect(Array.from({ length: 9 }, (_, i) => digits(lesson.training(i).source))).toEqual(Array(9).fill(4));
  });
  it("one that is read with attention is read both ways by the cell that is asked for", () => {
    const gru = { ...execution, curriculum: "combined", size: { ...size, cell: "gru" } } as const;
    const cell = { cell: "gru", hidden: 8 };
    const common = { embedding: 4, decoder: [cell] };
    expect(executionContender({ ...gru, attention: true }).lesson(1).net).toEqual({
      ...common,
      attention: "bahdanau",
      encoder: [{ ...cell, direction: "both" }],
      bridge: "final",
    });
    expect(executionContender({ ...gru, reversed: true }).lesson(1).net).toEqual({
      ...common,
      reversed: true,
      attention: "none",
      encoder: [cell],
      bridge: "copy",
    });
  });
  it("programs that are read twice are the same programs", () => {
    const plain = executionPairs({ ...execution, curriculum: "mix" }, "test", 3);
    const twice = executionPairs({ ...execution, curriculum: "mix", doubled: true }, "test", 3);
    for (const [i, { source, target }] of plain.entries()) {
      const [a, b] = (source.match(/\d+/g) ?? []).map(Number);
      expect([target, twice[i]]).toEqual([String(a + b), { source: source.slice(0, -1) + source, target }]);
    }
  });
});

describe("what networks wrote", () => {
  const sample = (written: string) => [{ input: "a|b", wanted: "ab", written }];
  const rows: Row[] = [
    { name: "one", cells: [1], samples: sample("a*b") },
    { name: "two", cells: [0.5] },
    { name: "three", cells: [0], samples: sample("") },
  ];
  const finished = {
    name: "n",
    summary: "s",
    date: "2026-11-20",
    command: "unrolled reproduce n",
    quick: false,
    seed: 1,
    seeds: 1,
    seconds: 1,
    machine: { device: "native", threads: 1, cores: 1, node: "v20" },
    report: { rows: "net", columns: [{ title: "right", unit: "%" as const }], claims: () => [], notes: ["a note"] },
    rows,
    claims: [],
  };
  it("stands beside what was wanted, a column for each network", () => {
    expect(tableText(finished)).toContain("a note\n\ninput   wanted   one   three\na|b     ab       a*b\n");
    expect(markdown(finished)).toContain(
      "| input | wanted | one | three |\n|---|---|---|---|\n| a\\|b | ab | a\\*b |  |\n",
    );
    expect(asJson(finished)).toMatchObject({ rows: [{ samples: sample("a*b") }, { name: "two" }, {}] });
  });
});

describe("melodies", () => {
  it("a tune fills its bars or does not", () => {
    const notes = (...beats: number[]) => beats.map((each) => ({ pitch: 60, beats: each }));
    expect(fillsBars(notes(1, 1, 2, 2, 2), 2)).toBe(true);
    expect(fillsBars(notes(1, 1, 2, 2), 2)).toBe(false);
    expect(fillsBars(notes(1, 1, 1, 2, 2, 1), 2)).toBe(false);
  });
  it("are written as far as they go, and kept as files that begin as they must", async () => {
    mkdirSync(folder.path("tunes"));
    const { code, stdout } = await unrolled([
      "reproduce",
      "melodies",
      "--quick",
      "--seeds",
      "1",
      "--out",
      folder.path("tunes"),
    ]);
    expect([code, stdout.split("\n").filter((line) => /^(rnn|gru|lstm) /.test(line)).length]).toEqual([0, 3]);
    const files = readdirSync(folder.path("tunes"));
    const bytesOf = (ending: string) =>
      readFileSync(folder.path("tunes", files.find((name) => name.endsWith(ending)) ?? ""));
    expect(bytesOf("melodies-gru.mid").subarray(0, 4).toString()).toBe("MThd");
    expect(bytesOf("melodies-lstm.abc").toString()).toContain("K:C\n");
    expect(files.length).toBe(8);
  });
});

describe("unrolled reproduce --precision", () => {
  it.each(["hello", "memory-baselines", "min-char", "dates"])("reaches the training of %s", async (name) => {
    const { code, stderr } = await unrolled(["reproduce", name, "--quick", "--precision", "bf16", "--device", "wasm"]);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/^unrolled: wasm\.load: products must be f32 [^\n]*, were bf16\nhint: [^\n]*\n$/);
  });
});

describe("unrolled reproduce --full", () => {
  it.each([
    [["hello", "--full"], "--full: must be left out, hello has one size only"],
    [["addition", "--full", "--quick"], "--full: must not stand beside --quick"],
    [["hand-set", "--precision", "bf16"], "--precision: must be left out, nothing learns in hand-set"],
    [["dates", "--precision", "f16"], "f16"],
  ])("refuses %j in one line", async (args, words) => {
    const { code, stdout, stderr } = await unrolled(["reproduce", ...args]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(words);
  });
  it("is told in the list where there is one", async () => {
    const { stdout } = await unrolled(["reproduce"]);
    expect(stdout).toMatch(/^addition .*\(\d+ min; --full: \w+\)$/m);
    expect(stdout).toMatch(/^hello .*\((seconds|\d+ min)\)$/m);
  });
});
