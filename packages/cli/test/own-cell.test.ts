// A cell of one's own at the command line: kept beside the model, run only where it is trusted, in every task.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jsonLines, scratch, tiny, unrolled, writeText } from "./command.js";

const folder = scratch();
const text = folder.path("text.txt");
const trust = "--trust-cell";
beforeAll(() => writeText(text));
afterAll(folder.remove);

async function must(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await unrolled(args);
  if (code !== 0) throw new Error(`${args[0]} ended with ${code}: ${stderr}`);
  return stdout;
}

const own = `import { add, cell, matmul, mul, sigmoid, split, sub, tanh, type Tensor } from "unrolled";

/** Minimal gated unit, after Zhou et al. 2016. */
export const minimal = cell({
  name: "minimal",
  weights: ({ D, H }: { D: number; H: number }) => ({ W: [D, 2 * H], Rf: [H, H], Rh: [H, H], b: [2 * H] }),
  state: ({ H }) => ({ h: [H] }),
  step({ W, Rf, Rh, b }, x: Tensor, { h }) {
    const [af, ah] = split(add(matmul(x, W), b), 2);
    const f = sigmoid(add(af, matmul(h, Rf)));
    const candidate = tanh(add(ah, matmul(mul(f, h), Rh)));
    return { h: add(mul(sub(1, f), h), mul(f, candidate)) };
  },
});
`;

describe("a cell of one's own", () => {
  const file = folder.path("my-cell.ts");
  const model = folder.path("own");
  const weightsIn = (name: string): Buffer => readFileSync(join(folder.path(name), "model.safetensors"));
  beforeAll(async () => {
    writeFileSync(file, own);
    await must("train", text, "--out", model, ...tiny, "--cell", file, "--max-steps", "6", "--learn-initial");
  });

  it("is kept beside the model: sample, eval and info find it there, without its source", async () => {
    writeFileSync(file, "");
    const kept = readFileSync(join(model, "cell.mjs"), "utf8");
    expect(kept).toContain("minimal");
    expect(kept).not.toContain("type Tensor");
    expect(await must("sample", model, "--length", "30", "--seed", "1", trust)).toMatch(/./);
    expect(jsonLines(await must("eval", model, text, "--json", trust))[0]).toMatchObject({ nats: expect.any(Number) });
    expect(await must("info", model)).toMatch(/minimal \(a cell of one's own\).*learned first state/);
    writeFileSync(file, own);
  });

  it("resumed = never stopped, bit for bit", async () => {
    await must(
      "train",
      text,
      "--out",
      folder.path("own-whole"),
      ...tiny,
      "--cell",
      file,
      "--max-steps",
      "9",
      "--learn-initial",
    );
    await must("train", "--resume", model, "--max-steps", "9", "--cell", file);
    expect(weightsIn("own").equals(weightsIn("own-whole"))).toBe(true);
  });

  it("is damaged where it was changed beside the model: the copy in the training state is used", async () => {
    writeFileSync(join(model, "cell.mjs"), "export const cell = {};");
    const { stdout, code } = await unrolled(["info", model]);
    expect(stdout).toMatch(/cell\.mjs +23 B +damaged/);
    expect(stdout).toContain("minimal (a cell of one's own)");
    expect(code).toBe(1);
  });

  it.each([
    ["that exports none", "export const a = 1;", "must export one cell, was 0 of 1 exports"],
    ["that does not run", "export const a = b;", "must run as a module: b is not defined"],
    ["that imports a neighbour", 'import "./other.js";', "must run as a module"],
    [
      "that changes its state's shape",
      own.replace("return { h: add(", "return { h: split(add(").replace("candidate)) };", "candidate)), 2)[0] };"),
      "minimal: step must keep the shape of state h",
    ],
  ])("one %s is refused in one line", async (_, source, words) => {
    writeFileSync(folder.path("bad.ts"), source);
    const { code, stdout, stderr } = await unrolled([
      "train",
      text,
      "--out",
      folder.path("bad"),
      ...tiny,
      "--cell",
      folder.path("bad.ts"),
    ]);
    expect(stderr).toMatch(/^unrolled: [^\n]+\nhint: [^\n]+\n$/);
    expect(stderr).toContain(words);
    expect([code, stdout]).toEqual([2, ""]);
  });
});

describe("the cell of a directory is a program", () => {
  const file = folder.path("telling.js");
  const [model, said] = [folder.path("telling"), "the cell was run"];
  const javascript = own.replace(/: \{ D: number; H: number \}|, type Tensor|: Tensor/g, "");
  beforeAll(async () => {
    writeFileSync(file, `process.stderr.write("${said}\\n");\n${javascript}`);
    await must("train", text, "--out", model, ...tiny, "--cell", file, "--max-steps", "3");
  });

  it.each([
    ["sample", [model, "--length", "5"]],
    ["eval", [model, text]],
    ["score", [model, "the cat"]],
    ["train", ["--resume", model, "--max-steps", "4"]],
  ])("%s does not run it unless it is trusted", async (command, args) => {
    const { code, stdout, stderr } = await unrolled([command, ...args]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toBe(
      `unrolled: ${join(model, "cell.mjs")}: must be trusted to be run, was not: the model's cell is a program of its own\n` +
        "hint: it can do whatever you can: look into it, and where you trust it add --trust-cell\n",
    );
    const trusted = await unrolled([command, ...args, trust]);
    expect([trusted.code, trusted.stderr.includes(said)]).toEqual([0, true]);
  });

  it("info never runs it", async () => {
    const { code, stdout, stderr } = await unrolled(["info", model]);
    expect([code, stderr.includes(said)]).toEqual([0, false]);
    expect(stdout).toContain("minimal (a cell of one's own)");
    expect(stdout).toContain("cell.mjs was not run");
    const told = /^parameters +\S+ \(([\d,]+)\)/m.exec(stdout)?.[1];
    const started = jsonLines(
      await must("train", text, "--out", folder.path("again"), ...tiny, "--cell", file, "--json"),
    );
    expect(Number(told?.replaceAll(",", ""))).toBe(started[0].parameters);
  });

  it("a run goes on with the file that it was begun with, and with no other", async () => {
    expect((await unrolled(["train", "--resume", model, "--max-steps", "5", "--cell", file])).code).toBe(0);
    writeFileSync(folder.path("other.js"), `${javascript}\n`);
    const { code, stderr } = await unrolled(["train", "--resume", model, "--cell", folder.path("other.js")]);
    expect([code, stderr.split("\n")[0]]).toEqual([
      2,
      `unrolled: ${join(model, "cell.mjs")}: must be the cell of --cell, was another`,
    ]);
    await must("train", text, "--out", folder.path("plain"), ...tiny, "--max-steps", "2");
    const plain = await unrolled(["train", "--resume", folder.path("plain"), "--cell", file]);
    expect([plain.code, plain.stderr]).toEqual([2, expect.stringContaining("must be the cell of --cell, was absent")]);
    const named = await unrolled(["train", "--resume", folder.path("plain"), "--cell", "gru"]);
    expect([named.code, named.stderr]).toEqual([2, expect.stringContaining("--cell: must not change")]);
  });

  it("--trust-cell says nothing where a cell is named", async () => {
    const { code, stderr } = await unrolled(["train", text, "--out", folder.path("no"), "--cell", file, trust]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("--trust-cell: must come with --resume")]);
  });
});

describe("a cell of one's own in tasks over rows", () => {
  const cellFile = folder.path("row-cell.ts");
  const words = Array.from({ length: 40 }, (_, i) => `${"bcd"[i % 3].repeat(1 + (i % 4))}${"ae"[i % 2]}`);
  const sine = (n: number, t: number): string => Math.sin(n + t / 2).toFixed(4);
  const files: Readonly<Record<string, readonly string[]>> = {
    classify: ["text,label", ...words.map((word) => `${word},ends ${word.at(-1)}`)],
    write: ["text,label", ...words.map((word) => `${word},ends ${word.at(-1)}`)],
    tag: words.flatMap((word) => [...[...word].map((c) => `${c}\t${"ae".includes(c) ? "vowel" : "O"}`), ""]),
    regress: ["day,x", ...[0, 1, 2, 3].flatMap((n) => Array.from({ length: 8 }, (_, t) => `d${n},${sine(n, t)}`))],
  };
  const use: Readonly<Record<string, (model: string) => readonly string[]>> = {
    classify: (model) => ["predict", model, "bbba"],
    tag: (model) => ["predict", model, "bbba"],
    regress: (model) => ["predict", model, "--file", folder.path("regress.csv"), "--id-column", "day"],
    write: (model) => ["sample", model, "--label", "ends a", "--seed", "1"],
  };

  beforeAll(() => writeFileSync(cellFile, own));

  it.each(Object.keys(files))("%s: trained, resumed to the same bits, trusted and used", async (task) => {
    const data = folder.path(`${task}.${task === "tag" ? "conll" : "csv"}`);
    writeFileSync(data, `${files[task].join("\n")}\n`);
    const small = ["--hidden", "6", "--batch", "8", "--threads", "1", "--sample-every", "0", "--epochs", "9"];
    const how = [
      ...small,
      ...(task === "tag" ? ["--bidirectional"] : []),
      ...(task === "regress" ? ["--id-column", "day"] : []),
    ];
    const [model, whole] = [folder.path(`${task}-own`), folder.path(`${task}-own-whole`)];
    const train = (out: string, steps: string) =>
      must("train", "--task", task, data, "--out", out, ...how, "--cell", cellFile, "--max-steps", steps);
    await Promise.all([train(model, "4"), train(whole, "7")]);
    await must("train", "--resume", model, "--max-steps", "7", trust);
    const weights = (of: string): Buffer => readFileSync(join(of, "model.safetensors"));
    expect(weights(model).equals(weights(whole))).toBe(true);
    const refused = await unrolled(use[task](model));
    expect([refused.code, refused.stdout]).toEqual([2, ""]);
    expect(refused.stderr).toContain("cell.mjs: must be trusted to be run");
    expect(await must(...use[task](model), trust)).toMatch(/\S/);
    expect(
      jsonLines(
        await must("eval", model, data, "--json", trust, ...(task === "regress" ? ["--id-column", "day"] : [])),
      )[0],
    ).toMatchObject({ task });
    expect(await must("info", model)).toContain("minimal (a cell of one's own)");
  });

  it("two files, and a translator, are refused in one line", async () => {
    writeFileSync(folder.path("second.ts"), own);
    const two = ["--cell", `${cellFile},${folder.path("second.ts")}`];
    const run = (...args: string[]) => unrolled(["train", ...args, "--out", folder.path("never")]);
    const [rows, pairs] = await Promise.all([
      run("--task", "classify", folder.path("classify.csv"), ...two),
      run("--task", "translate", folder.path("classify.csv"), "--cell", cellFile),
    ]);
    expect([rows.code, rows.stderr]).toEqual([2, expect.stringContaining("--cell: must name one file")]);
    expect([pairs.code, pairs.stderr]).toEqual([
      2,
      expect.stringContaining("must be the name of a cell with --task translate"),
    ]);
  });
});
