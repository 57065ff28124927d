// What people get wrong: one clear line and a hint, the right exit code, no stack, nothing left behind.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { encodeSafetensors } from "unrolled";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ended, jsonLines, scratch, tiny, unrolled, writeText } from "./command.js";

const folder = scratch();
const text = folder.path("text.txt");
const model = folder.path("model");
const out = folder.path("out");
afterAll(folder.remove);

beforeAll(async () => {
  writeText(text);
  writeFileSync(folder.path("empty.txt"), "");
  writeFileSync(folder.path("one.txt"), "a".repeat(5000));
  writeFileSync(folder.path("short.txt"), "too short to fill a batch");
  writeFileSync(folder.path("binary.dat"), Buffer.from([0x61, 0x62, 0, 1, 2, 3, 0xff]));
  writeFileSync(folder.path("latin1.txt"), Buffer.concat([Buffer.from("caf\u00e9 and "), Buffer.from([0xe9, 0x20])]));
  mkdirSync(folder.path("folder"));
  mkdirSync(folder.path("full"));
  writeFileSync(folder.path("full", "thesis.tex"), "precious");
  const made = await unrolled(["train", text, "--out", model, ...tiny, "--max-steps", "3"]);
  if (made.code !== 0) throw new Error(`no model to work with: ${made.stderr}`);
});

function expectRefused(ended: Ended, code: number, ...parts: readonly string[]): void {
  expect(ended.stderr).toMatch(/^unrolled: [^\n]+\nhint: [^\n]+\n$/);
  expect(ended.stderr).not.toMatch(/internal error|\n\s+at |undefined|NaN/);
  for (const part of parts) expect(ended.stderr).toContain(part);
  expect(ended.code).toBe(code);
  expect(ended.stdout).toBe("");
}

const train = (file: string, ...more: readonly string[]): readonly string[] => [
  "train",
  file,
  "--out",
  out,
  ...tiny,
  ...more,
];

describe("train", () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ["a missing file", train(folder.path("nope.txt")), ["nope.txt: no such file"]],
    ["an empty file", train(folder.path("empty.txt")), ["empty.txt: must hold text, was empty"]],
    ["one symbol", train(folder.path("one.txt")), ["one.txt: must hold at least two different tokens"]],
    ["less than a batch", train(folder.path("short.txt")), ["at least 41 tokens", "--batch"]],
    ["a binary file", train(folder.path("binary.dat")), ["binary.dat", "a zero byte at 2", "--tokens byte"]],
    [
      "a file that is no UTF-8",
      train(folder.path("latin1.txt")),
      ["latin1.txt, line 1, column 10", "0xe9 at 10", "--tokens byte"],
    ],
    ["a directory", train(folder.path("folder")), ["folder: must be a file, was a directory", "/*.txt"]],
    ["an unknown cell", train(text, "--cell", "elman"), ["--cell: must be rnn, jordan, gru, lstm", "elman"]],
    ["a cell nearly known", train(text, "--cell", "lstn"), ["--cell: must be", "did you mean lstm?"]],
    [
      "cells for other layers",
      train(text, "--cell", "lstm,gru,rnn", "--layers", "2"),
      ["one for each of the 2 layers, was 3"],
    ],
    ["a cell without a file", train(text, "--cell", "./nope.ts"), ["--cell ./nope.ts: must be a file", "ENOENT"]],
    [
      "both directions",
      train(text, "--bidirectional"),
      ["--bidirectional: must be left out", "needs the whole sequence"],
    ],
    [
      "a projection on a gru",
      train(text, "--cell", "gru", "--projection", "4"),
      ["--projection: must be left out with gru", "lstm"],
    ],
    [
      "peepholes on an rnn",
      train(text, "--cell", "rnn", "--peephole", "gers"),
      ["--peephole: must be left out with rnn"],
    ],
    ["variational without dropout", train(text, "--variational"), ["--variational: must come with --dropout"]],
    ["two heads", train(text, "--tied", "--head", "linear"), ["--tied: must come with no other head"]],
    ["sizes of no deep head", train(text, "--head-hidden", "5"), ["--head-hidden: must come with --head deep"]],
    ["a residual between sizes", train(text, "--residual", "add", "--embedding", "5"), ["must join equal widths"]],
    ["an embedding from nothing", train(text, "--embedding-from", "nope.safetensors"), ["nope.safetensors"]],
    ["an unknown device", train(text, "--device", "cuda"), ["--device: must be auto, native, wasm or reference"]],
    ["threads 0", train(text, "--threads", "0"), ["--threads: must be an integer from 1 to 128", '"0"']],
    ["a fraction of a thread", train(text, "--threads", "1.5"), ["--threads: must be an integer from 1 to 128"]],
    ["hidden 0", train(text, "--hidden", "0"), ["--hidden: must be an integer, at least 1"]],
    ["hidden 1e9", train(text, "--hidden", "1e9"), ["--hidden 1000000000", "would need", "EB", "this machine has"]],
    ["a batch of 1e12", train(text, "--batch", "1e12"), ["--batch 1000000000000"]],
    ["too many layers", train(text, "--layers", "1e9"), ["--layers: must be an integer from 1 to 64"]],
    ["no file", ["train", "--out", out], ["must be given a text file"]],
    ["no directory", ["train", text], ["--out: must name the directory"]],
    ["an unknown option", train(text, "--hiden", "5"), ["unknown option", "did you mean --hidden?"]],
    ["an option without effect", train(text, "--warmup", "5"), ["--warmup: must come with --schedule cosine"]],
    ["a tied head that does not fit", train(text, "--tied", "--embedding", "5"), ["must equal the last hidden size 8"]],
    ["a directory that holds a model", ["train", text, "--out", model], ["holds a model", "--resume"]],
    [
      "a directory that holds other things",
      ["train", text, "--out", folder.path("full")],
      ["thesis.tex", "nothing was changed"],
    ],
    ["a file in place of the directory", ["train", text, "--out", text], ["must be a directory, was a file"]],
  ])("%s", async (_, args, parts) => {
    expectRefused(await unrolled(args), 2, ...parts);
    expect(existsSync(out)).toBe(false);
    expect(readdirSync(folder.path("full"))).toEqual(["thesis.tex"]);
  });

  it.each([
    ["1e38", "not-finite"],
    ["1e6", "diverged"],
  ])("a learning rate of %s: stops, says where, keeps what was good", async (rate, reason) => {
    const args = train(
      text,
      "--lr",
      rate,
      "--optimizer",
      "sgd",
      "--momentum",
      "0",
      "--clip-norm",
      "0",
      "--max-steps",
      "50",
    );
    const ended = await unrolled([...args, "--json", "--sample-every", "0"]);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(
      /^unrolled: [^\n]*step \d+[^\n]*norm[^\n]*\nhint: [^\n]*checkpoint[^\n]*--clip-norm[^\n]*--lr[^\n]*\n$/,
    );
    expect(jsonLines(ended.stdout).at(-1)).toMatchObject({ type: "error", code: reason });
    expect(existsSync(out)).toBe(false);
  });

  it("bf16 where the device has none: one line, nothing left", async () => {
    const ended = await unrolled(train(text, "--device", "wasm", "--precision", "bf16"));
    expect(ended.code).not.toBe(0);
    expect(ended.stderr).toMatch(
      /unrolled: wasm\.load: products must be f32 [^\n]*, were bf16\nhint: [^\n]*bf16[^\n]*\n$/,
    );
    expect(existsSync(out)).toBe(false);
    const unknown = await unrolled(train(text, "--precision", "f16"));
    expect(unknown.code).not.toBe(0);
    expect(unknown.stderr).toMatch(/--precision[^\n]*f32[^\n]*bf16[^\n]*f16/);
  });

  it.skipIf(process.getuid?.() !== 0)("a directory it may not write to", async () => {
    mkdirSync(folder.path("locked"), { mode: 0o555 });
    const ended = await unrolled(["train", text, "--out", folder.path("locked", "new"), ...tiny], { uid: 65534 });
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/^unrolled: [^\n]*locked[^\n]*\nhint: [^\n]*--out[^\n]*\n$/);
  });
});

describe("resume", () => {
  it("of another text", async () => {
    const copy = folder.path("changed.txt");
    cpSync(text, copy);
    const directory = folder.path("run");
    await unrolled(["train", copy, "--out", directory, ...tiny, "--max-steps", "3"]);
    writeFileSync(copy, `${readFileSync(copy, "utf8")}.`);
    const again = ["train", "--resume", directory, "--max-steps", "6"];
    expectRefused(
      await unrolled(again),
      2,
      "changed.txt: must hold the data the run was started with",
      "start a new run",
    );
    rmSync(copy);
    expectRefused(await unrolled(again), 2, "changed.txt: must be there to resume");
  });
  it.each<[string, readonly string[], readonly string[]]>([
    ["with other options", ["--resume", model, "--lr", "0.1"], ["--lr: must not change"]],
    ["with files", ["--resume", model, text], ["must not be named with --resume"]],
    ["of nothing", ["--resume", folder.path("nope")], ["nope: must be a model directory"]],
    ["of an empty directory", ["--resume", folder.path("folder")], ["must hold training.safetensors"]],
  ])("%s", async (_, args, parts) => expectRefused(await unrolled(["train", ...args]), 2, ...parts));
});

describe("a damaged model", () => {
  /** A copy without the training state, which would stand in for what is damaged. */
  const broken = (name: string, damage: (path: (file: string) => string) => void): string => {
    const copy = folder.path(name);
    cpSync(model, copy, { recursive: true });
    for (const file of ["training.safetensors", "training.previous.safetensors"])
      rmSync(folder.path(name, file), { force: true });
    damage((file) => folder.path(name, file));
    return copy;
  };
  const safetensors = (header: string, data = 64): Uint8Array => {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    return Buffer.concat([length, Buffer.from(header), Buffer.alloc(data)]);
  };
  const weights = "model.safetensors";
  it.each<[string, (path: (file: string) => string) => void, readonly string[]]>([
    ["truncated", (path) => writeFileSync(path(weights), readFileSync(path(weights)).subarray(0, -5)), [weights]],
    [
      "overlapping",
      (path) =>
        writeFileSync(
          path(weights),
          safetensors(
            '{"a":{"dtype":"F32","shape":[8],"data_offsets":[0,32]},"b":{"dtype":"F32","shape":[8],"data_offsets":[16,48]}}',
          ),
        ),
      [weights],
    ],
    [
      "with an oversized header",
      (path) => {
        const length = Buffer.alloc(16);
        length.writeBigUInt64LE(2n ** 60n);
        writeFileSync(path(weights), length);
      },
      [weights, "header"],
    ],
    [
      "of the wrong shape",
      (path) => {
        const array = { name: "embedding.weight", dtype: "F32", shape: [2, 2], data: new Float32Array(4) } as const;
        writeFileSync(path(weights), encodeSafetensors([array]));
      },
      ["embedding.weight"],
    ],
    [
      "with a flipped bit",
      (path) => {
        const bytes = readFileSync(path(weights));
        bytes[bytes.length - 3] ^= 4;
        writeFileSync(path(weights), bytes);
      },
      [weights, "checksum"],
    ],
    [
      "with an edited spec",
      (path) => writeFileSync(path("spec.json"), readFileSync(path("spec.json"), "utf8").replace("lstm", "gru")),
      ["spec.json"],
    ],
    ["without a vocabulary", (path) => rmSync(path("vocabulary.json")), ["vocabulary.json"]],
  ])("%s", async (name, damage, parts) => {
    const directory = broken(name.replaceAll(" ", "-"), damage);
    expectRefused(await unrolled(["sample", directory, "--length", "5"]), 2, ...parts);
  });

  it("whose weights are not those of the spec", async () => {
    const directory = broken("disagree", (path) => {
      const file = readFileSync(path(weights));
      const array = { name: "head.bias", dtype: "F32", shape: [1], data: new Float32Array(1) } as const;
      writeFileSync(path(weights), encodeSafetensors([array]));
      expect(file.length).toBeGreaterThan(100);
    });
    const ended = await unrolled(["sample", directory, "--length", "5", "--json"]);
    expect(ended.code).toBe(2);
    expect(jsonLines(ended.stdout)).toMatchObject([{ type: "error" }]);
  });

  it("is mended from the training state, and says so", async () => {
    const copy = folder.path("mended");
    cpSync(model, copy, { recursive: true });
    writeFileSync(folder.path("mended", weights), "rubbish");
    const ended = await unrolled(["sample", copy, "--length", "5", "--seed", "1"]);
    const whole = await unrolled(["sample", model, "--length", "5", "--seed", "1"]);
    expect([ended.code, ended.stdout]).toEqual([0, whole.stdout]);
    expect(ended.stderr).toContain("training.safetensors");
    const info = await unrolled(["info", copy, "--json"]);
    expect(info.code).toBe(1);
    expect(jsonLines(info.stdout)[0]?.files).toContainEqual(
      expect.objectContaining({ name: weights, state: "damaged" }),
    );
  });
});

describe("using a model", () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ["sample: a prompt with an unknown character", ["sample", model, "--prompt", "the \u00e9"], ["\u00e9", "U+00E9"]],
    ["sample: no model", ["sample", folder.path("folder")], ["must hold a model"]],
    [
      "sample: greedy and hot",
      ["sample", model, "--greedy", "--temperature", "2"],
      ["--temperature: must not come with --greedy"],
    ],
    [
      "sample: no such temperature",
      ["sample", model, "--temperature", "0"],
      ["--temperature: must be a number above 0"],
    ],
    [
      "eval: unknown characters",
      ["eval", model, folder.path("unknown.txt")],
      ["unknown.txt, line 2, column 3", "U+00DF"],
    ],
    ["eval: one token", ["eval", model, folder.path("t.txt")], ["t.txt"]],
    ["score: an unknown character", ["score", model, "the cat", "the \u00e9"], ["sentence 2", "U+00E9"]],
    ["score: nothing", ["score", model], ["at least one sentence"]],
  ])("%s", async (_, args, parts) => {
    writeFileSync(folder.path("unknown.txt"), "the cat\nsa\u00dfen");
    writeFileSync(folder.path("t.txt"), "t");
    expectRefused(await unrolled(args), 2, ...parts);
  });
});
