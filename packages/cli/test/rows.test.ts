// The commands over rows as a user calls them: every task trained, resumed, measured and used; and what bad rows are told.
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { explain } from "../src/exit.js";
import { type Output, openOutput } from "../src/output.js";
import { run } from "../src/program.js";
import { type Ended, jsonLines, scratch, startUnrolled, unrolled } from "./command.js";

const folder = scratch();
afterAll(folder.remove);

const tiny = ["--hidden", "8", "--batch", "8", "--threads", "1", "--sample-every", "0"];
const vowels = ["a", "e", "i"];
const file = (name: string, lines: readonly string[]): string => {
  writeFileSync(folder.path(name), `${lines.join("\n")}\n`);
  return folder.path(name);
};

/** Words whose last letter is their label; tags that say whether a letter is a vowel; waves. */
const words = Array.from({ length: 120 }, (_, i) => `${"xyz"[i % 3]}${"bcdfg"[i % 5].repeat(i % 7)}${vowels[i % 3]}`);
const sine = (n: number, t: number): string => (3 + 2 * Math.sin(n + t / 2)).toFixed(4);
const data = {
  classify: () => file("words.csv", ["text,label", ...words.map((word) => `${word},ends ${word.at(-1)}`)]),
  tag: () =>
    file(
      "letters.conll",
      words.map((word) => [...word].map((c) => `${c}\t${vowels.includes(c) ? "vowel" : "O"}\n`).join("")),
    ),
  regress: () =>
    file("waves.csv", [
      "day,x",
      ...[0, 1, 2, 3, 4, 5].flatMap((n) => Array.from({ length: 20 }, (_, t) => `d${n},${sine(n, t)}`)),
    ]),
  write: () =>
    file(
      "endings.tsv",
      words.slice(0, 30).map((word) => `${word}\t${word.at(-1)}`),
    ),
} as const;
type Task = keyof typeof data;
const tasks = Object.keys(data) as Task[];
const more: Readonly<Record<Task, readonly string[]>> = {
  classify: [],
  tag: ["--bidirectional", "--cell", "gru"],
  regress: ["--id-column", "day"],
  write: [],
};
const trainArgs = (task: Task, out: string, ...options: string[]): string[] => [
  "train",
  "--task",
  task,
  data[task](),
  "--out",
  folder.path(out),
  ...tiny,
  ...more[task],
  ...options,
]; // prettier-ignore

async function done(args: readonly string[], input = ""): Promise<Ended> {
  const ended = await unrolled(args, { input });
  if (ended.code !== 0) throw new Error(`${args.join(" ")}: ended with ${ended.code}: ${ended.stderr}`);
  return ended;
}
const weights = (name: string): Buffer => readFileSync(folder.path(name, "model.safetensors"));
const on = ["--threads", "1"];

describe.each(tasks)("%s", (task) => {
  it("in two pieces or in one: the same bits; info says what it is; damage is mended", async () => {
    const [whole, pieces] = await Promise.all([
      done([...trainArgs(task, `${task}-whole`, "--epochs", "50", "--max-steps", "25", "--dropout", "0.2"), "--json"]),
      done(trainArgs(task, `${task}-pieces`, "--epochs", "50", "--max-steps", "9", "--dropout", "0.2")),
    ]);
    expect(pieces.stdout).toMatch(/padding wastes \d+\.\d %/);
    const lines = jsonLines(whole.stdout);
    expect(lines[0]).toMatchObject({ type: "start", task });
    expect(lines.filter(({ type }) => type === "validation").length).toBeGreaterThan(0);
    await done(["train", "--resume", folder.path(`${task}-pieces`), "--max-steps", "25", ...on]);
    expect(weights(`${task}-pieces`).equals(weights(`${task}-whole`))).toBe(true);
    const info = jsonLines((await done(["info", folder.path(`${task}-whole`), "--json"])).stdout)[0];
    expect(info).toMatchObject({ type: "info", spec: { task }, step: 25, run: { settings: { task } } });
    expect((await done(["info", folder.path(`${task}-whole`)])).stdout).toMatch(new RegExp(`^task +${task}$`, "m"));
    expect((await unrolled(["train", "--resume", folder.path(`${task}-whole`), ...on])).stdout).toContain(
      "is finished",
    );
    rmSync(folder.path(`${task}-pieces`, "spec.json"));
    expect((await done(["info", folder.path(`${task}-pieces`)])).stdout).toMatch(new RegExp(`^task +${task}$`, "m"));
  });
});

it("a signal ends a run with a checkpoint and the way on", async () => {
  const out = folder.path("signalled");
  const run = startUnrolled([...trainArgs("classify", "signalled", "--epochs", "100000"), "--json"]);
  await run.until('"step":20,');
  run.child.kill("SIGINT");
  const ended = await run.ended;
  expect([ended.code, ended.stderr]).toEqual([
    130,
    expect.stringContaining(`go on with: unrolled train --resume ${out}\n`),
  ]);
  const { step } = jsonLines(ended.stdout).at(-1) as { step?: number };
  await done(["train", "--resume", out, "--max-steps", String(Number(step) + 5), ...on]);
});

describe("what was learnt", () => {
  const models = {
    classify: folder.path("c"),
    tag: folder.path("t"),
    regress: folder.path("r"),
    write: folder.path("w"),
  };
  beforeAll(async () => {
    await Promise.all([
      done(trainArgs("classify", "c", "--epochs", "20", "--lr", "0.02")),
      done(trainArgs("tag", "t", "--epochs", "8", "--lr", "0.02")),
    ]);
    await Promise.all([
      done(trainArgs("regress", "r", "--epochs", "60", "--lr", "0.02")),
      done(trainArgs("write", "w", "--epochs", "60", "--lr", "0.02", "--hidden", "24")),
    ]);
  }, 60_000);

  it("labels of texts, from arguments, a file and standard input", async () => {
    const args = (...rest: string[]) => ["predict", models.classify, ...rest, "--json", ...on];
    const lines = jsonLines((await done(args("xbbba", "zcci"))).stdout);
    expect(lines).toMatchObject([
      { type: "prediction", row: 1, text: "xbbba", label: "ends a" },
      { type: "prediction", row: 2, text: "zcci", label: "ends i" },
    ]);
    const probabilities = lines[0].probabilities as { probability: number }[];
    expect(Math.abs(probabilities.reduce((sum, { probability }) => sum + probability, 0) - 1)).toBeLessThan(1e-5);
    const path = file("new.txt", ["xbbba", "", "zcci"]);
    expect((await done(args("--file", path))).stdout).toBe((await done(args(), "xbbba\nzcci\n")).stdout);
    expect((await done(["predict", models.classify, "xbbba", ...on])).stdout).toMatch(/^ends a\t0\.\d{3}\txbbba\t/);
  });

  it("tags of letters", async () => {
    const { stdout } = await done(["predict", models.tag, "xbi", ...on]);
    expect(stdout).toBe("x\tO\nb\tO\ni\tvowel\n\n");
    expect(jsonLines((await done(["predict", models.tag, "xbi", "--json", ...on])).stdout)).toMatchObject([
      { type: "tags", tokens: ["x", "b", "i"], tags: ["O", "O", "vowel"] },
    ]);
  });

  it("numbers that follow", async () => {
    const rows = Array.from({ length: 12 }, (_, t) => sine(9, t)).join("\n");
    const { stdout } = await done(["predict", models.regress, "--file", file("today.csv", ["x", rows]), ...on]);
    const values = stdout.trim().split("\n");
    expect([values[0], values.length]).toEqual(["x", 13]);
    const last = Number(values[12]);
    expect(Math.abs(last - Number(sine(9, 12)))).toBeLessThan(0.5);
  });

  it("texts by their label", async () => {
    const { stdout } = await done(["sample", models.write, "--label", "e", "--count", "5", "--seed", "1", ...on]);
    const texts = stdout.trim().split("\n");
    expect(texts.filter((text) => text.endsWith("e")).length).toBeGreaterThanOrEqual(4);
    expect((await done(["sample", models.write, "--label", "e", "--count", "5", "--seed", "1", ...on])).stdout).toBe(
      stdout,
    );
  });

  it("how well, beside the baseline", async () => {
    const evaluate = async (task: Task, ...rest: string[]) =>
      jsonLines((await done(["eval", models[task], data[task](), "--json", ...rest, ...on])).stdout)[0];
    const [classes, tags, numbers, texts] = await Promise.all([
      evaluate("classify"),
      evaluate("tag"),
      evaluate("regress", "--id-column", "day"),
      evaluate("write"),
    ]);
    expect(classes).toMatchObject({ type: "evaluation", task: "classify", accuracy: 1, macroF1: 1, answers: 120 });
    expect(classes.baseline).toBe(40 / 120);
    expect(classes.confusion).toEqual([
      [40, 0, 0],
      [0, 40, 0],
      [0, 0, 40],
    ]);
    expect(tags).toMatchObject({ accuracy: 1, baseline: 1 });
    expect(Number(numbers.mse) / Number(numbers.baseline)).toBeLessThan(0.5);
    expect(Number(texts.nats)).toBeLessThan(2);
    const shown = (await done(["eval", models.classify, data.classify(), ...on])).stdout;
    expect(shown).toMatch(/^accuracy 100\.00 % \(the most frequent label of this file: 33\.33 %\), macro F1 1\.0000/);
    expect(shown).toMatch(/^ends a +40 +0 +0$/m);
  });

  it("as a process: nothing to predict, and a label unknown to eval", async () => {
    const [nothing, unknown] = await Promise.all([
      unrolled(["predict", models.classify, ...on]),
      unrolled(["eval", models.classify, file("o2.csv", ["text,label", "xo,ends o"]), ...on]),
    ]);
    expectRefused(nothing, ["must be given at least one row"]);
    expectRefused(unknown, ['o2.csv, line 2: label "ends o"']);
  });

  it.each<[string, () => readonly string[], readonly string[]]>([
    [
      "a label unknown to eval",
      () => ["eval", models.classify, file("other.csv", ["text,label", "xa,ends a", "xo,ends o"])],
      ['other.csv, line 3: label "ends o" must be one of the 3', "ends a, ends e, ends i"],
    ],
    [
      "a tag unknown to eval",
      () => ["eval", models.tag, file("other.conll", ["x\tO", "a\tconsonant"])],
      ["other.conll, line", 'label "consonant"'],
    ],
    [
      "a label that cannot be written",
      () => ["sample", models.write, "--label", "q"],
      ["label: must be one of the 3", '"q"', "a, e, i"],
    ],
    ["no label to write", () => ["sample", models.write], ["--label: must name what to write", "a, e, i"]],
    [
      "a label for a model that knows none",
      () => ["sample", models.classify, "--label", "q"],
      ["--label: must come with a model that writes"],
    ],
    ["predicting with a writer", () => ["predict", models.write, "x"], ["holds one that writes", "unrolled sample"]],
    ["text for a model of numbers", () => ["predict", models.regress, "x"], ["must be given numbers in a file"]],
    [
      "numbers of other columns",
      () => ["predict", models.regress, "--file", file("y.csv", ["y", "1"])],
      ["y.csv: must have the columns that the model was trained with", '"x"'],
    ],
    [
      "a directory that is not there",
      () => ["predict", folder.path("nowhere"), "x"],
      ["nowhere: must be a model directory, does not exist"],
    ],
    [
      "NaN to predict from",
      () => ["predict", models.regress, "--file", file("nan.csv", ["x", "1", "NaN"])],
      ["nan.csv, line 3", "NaN"],
    ],
    ["a command of language models", () => ["score", models.classify, "x"], ["spec.task: must be", "classify"]],
  ])("refuses %s", async (_, args, parts) => expectRefused(await said([...args(), ...on]), parts));
});

/** The command in this process: what it would say as it ends, and what it has written. */
async function said(args: readonly string[]): Promise<Ended> {
  let stdout = "";
  const output = (take: (text: string) => void): Output =>
    openOutput({
      on: () => {},
      write: (text, wrote) => {
        take(text);
        wrote();
      },
    });
  const context = {
    output: output((text) => {
      stdout += text;
    }),
    people: output(() => {}),
    env: {},
    clock: () => performance.now(),
  };
  try {
    const code = await run(args, context);
    return { code, signal: null, stdout, stderr: "" };
  } catch (error) {
    const { message, hint, exitCode: code } = explain(error);
    return { code, signal: null, stdout, stderr: `unrolled: ${message}\nhint: ${hint}\n` };
  }
}

function expectRefused({ code, stderr, stdout }: Ended, parts: readonly string[]): void {
  expect(stderr).toMatch(/^unrolled: [^\n]+\nhint: [^\n]+\n$/);
  for (const part of parts) expect(stderr).toContain(part);
  expect([code, stdout]).toEqual([2, ""]);
}

describe("refused before anything is written", () => {
  const out = folder.path("never");
  const train = (task: string, path: string, ...options: string[]): string[] => [
    "train",
    "--task",
    task,
    path,
    "--out",
    out,
    ...tiny,
    ...options,
  ];
  it.each<[string, () => readonly string[], readonly string[]]>([
    [
      "NaN in numbers",
      () => train("regress", file("n.csv", ["a,b", "1,2", "3,NaN", "4,5"])),
      ['n.csv, line 3: column "b" must be a number', "NaN"],
    ],
    [
      "a row without its tag",
      () => train("tag", file("u.conll", ["x O", "y"])),
      ["u.conll, line 2: must be a token and its tag"],
    ],
    [
      "too few tags",
      () => train("tag", file("u.jsonl", ['{"tokens":["a","b"],"tags":["O"]}'])),
      ["u.jsonl, line 1: must have a tag for every token, has 2 tokens and 1 tags"],
    ],
    [
      "tokens that are no characters",
      () => train("tag", file("w.conll", ["ab O", "c X"])),
      ["w.conll, line 1: every token must be one character", "--tokens word"],
    ],
    [
      "a row with too many fields",
      () => train("classify", file("m.csv", ["a,x", "b,y,z"])),
      ["m.csv, line 2: must have 2 fields"],
    ],
    [
      "a quote that is not closed",
      () => train("classify", file("q.csv", ["a,x", '"b,y'])),
      ["q.csv, line 2: must close the quote"],
    ],
    [
      "one label alone",
      () => train("classify", file("o.csv", ["a,x", "b,x"])),
      ['must have at least two different labels, has only "x"'],
    ],
    [
      "a class first seen in validation",
      () =>
        train(
          "classify",
          data.classify(),
          "--validation-file",
          file("v.csv", ["text,label", "xa,ends a", "xq,ends q"]),
        ),
      ['v.csv, line 3: label "ends q" must be one of the 3 that the model was trained with'],
    ],
    [
      "no such column",
      () => train("classify", data.classify(), "--label-column", "kind", "--text-column", "text"),
      ['one of "text", "label", was "kind"'],
    ],
    [
      "a file of no known kind",
      () => train("classify", file("x.txt", ["a b"])),
      ["x.txt: must be .csv, .tsv or .jsonl"],
    ],
    [
      "numbers without labels",
      () => train("classify", file("p.csv", ["a,b", "1,2"]), "--tokens", "vector"),
      ["must have a column of labels to classify", "--label-column"],
    ],
    [
      "sequences too short to forecast",
      () => train("regress", file("s.csv", ["1", "", "2", "3"])),
      ["s.csv, line 1: must have at least two steps"],
    ],
    [
      "a forecast that reads both ways",
      () => train("regress", data.regress(), "--id-column", "day", "--bidirectional"),
      ['direction: must be "forward" to forecast', "has seen the step"],
    ],
    [
      "a pooled tagger",
      () => train("tag", data.tag(), "--pool", "mean"),
      ["--pool: must come with --task classify or regress"],
    ],
    ["a writer that reads both ways", () => train("write", data.write(), "--bidirectional"), ["--bidirectional"]],
    [
      "rows cut in pieces",
      () => train("classify", data.classify(), "--sequence", "20"),
      ["--sequence: must be left out with --task classify"],
    ],
    [
      "the last state of no memory",
      () => train("classify", data.classify(), "--cell", "none", "--pool", "last"),
      ['must be "mean" or "max" where there is no recurrent layer'],
    ],
    [
      "columns for a language model",
      () => ["train", data.classify(), "--out", out, "--label-column", "label"],
      ["--label-column: must come with --task"],
    ],
    [
      "a language model that reads both ways",
      () => ["train", data.classify(), "--out", out, "--bidirectional"],
      ["--bidirectional: must be left out of a language model", "whole sequence"],
    ],
    [
      "a language model of vectors",
      () => ["train", data.classify(), "--out", out, "--tokens", "vector"],
      ["--tokens: must be char, word or byte"],
    ],
    ["an unknown task", () => train("clasify", data.classify()), ["--task: must be", "did you mean classify?"]],
  ])("%s", async (_, args, parts) => expectRefused(await said(args()), parts));

  it.each<[string, () => readonly string[], string]>([
    ["NaN", () => train("regress", file("n2.csv", ["a,b", "1,2", "3,NaN"])), "n2.csv, line 3"],
    ["a row without its tag", () => train("tag", file("u2.conll", ["x O", "y"])), "u2.conll, line 2"],
    [
      "a class first seen in validation",
      () => train("classify", data.classify(), "--validation-file", file("v2.csv", ["text,label", "xq,ends q"])),
      "v2.csv, line 2",
    ],
  ])("as a process: %s", async (_, args, part) => {
    expectRefused(await unrolled(args()), [part]);
    expect(existsSync(out)).toBe(false);
  });

  it("resuming with changed rows", async () => {
    const path = file("changing.csv", ["text,label", ...words.map((word) => `${word},ends ${word.at(-1)}`)]);
    const run = folder.path("changing");
    await done(["train", "--task", "classify", path, "--out", run, ...tiny, "--max-steps", "3"]);
    writeFileSync(path, `${readFileSync(path, "utf8")}xa,ends a\n`);
    expectRefused(await unrolled(["train", "--resume", run, "--max-steps", "6"]), [
      "must hold the data the run was started with",
    ]);
    expectRefused(await unrolled(["train", "--resume", run, "--pool", "mean"]), ["--pool: must not change"]);
  });
});
