// Texts too long for memory, in small: their ids go to a file, the weights stay the same to the bit, and resuming reads the file.
import { appendFileSync, cpSync, existsSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { characters, fingerprint, type Ids, textOf } from "unrolled";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { surveyText } from "../src/data.js";
import { runData } from "../src/ids.js";
import { countNgrams } from "../src/ngram-line.js";
import { openOutput } from "../src/output.js";
import { jsonLines, scratch, tiny, unrolled, writeText } from "./command.js";

const folder = scratch();
const text = folder.path("text.txt");
const long = { UNROLLED_LONG_TEXT: "1000" };
const engine = ["--device", "wasm", "--threads", "1"];
const options = [...tiny, "--cell", "gru", "--dropout", "0.2", "--sample-every", "0", ...engine];
afterAll(folder.remove);

const letters = Array.from("abcdefghijklmnopqrstuvwxyzäöüß");
const bytesOf = (...names: string[]): Buffer => readFileSync(folder.path(...names));

async function train(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { code, stderr, stdout } = await unrolled(["train", ...args, "--json"], { env });
  if (code !== 0) throw new Error(`ended with ${code}: ${stderr}`);
  jsonLines(stdout);
  return stderr;
}

beforeAll(() => {
  writeText(text);
  appendFileSync(text, "été слово 漢字 😀\n".repeat(40));
});

describe.each(["char", "word", "byte"])("ids of %ss in a file", (kind) => {
  it("teach the same as in memory, in one piece or resumed", async () => {
    const args = ["--tokens", kind, ...options];
    const files = ["model.safetensors", "vocabulary.json", "ngram.bin", "spec.json"];
    await train([text, "--out", folder.path(`memory-${kind}`), ...args, "--max-steps", "60"]);
    const said = await train([text, "--out", folder.path(`file-${kind}`), ...args, "--max-steps", "25"], long);
    expect(said).toMatch(/of text read as .* tokens in .* MB\/s\), kept in .*training\.ids\n/);
    const ids = folder.path(`file-${kind}`, "training.ids");
    const made = statSync(ids);
    const resumed = await train(["--resume", folder.path(`file-${kind}`), "--max-steps", "60", ...engine], long);
    expect(resumed).not.toMatch(/read as|made again/);
    expect([statSync(ids).ino, statSync(ids).mtimeMs]).toEqual([made.ino, made.mtimeMs]);
    for (const file of files) {
      const same = bytesOf(`file-${kind}`, file).equals(bytesOf(`memory-${kind}`, file));
      expect([file, same]).toEqual([file, true]);
    }
    expect(existsSync(folder.path(`memory-${kind}`, "training.ids"))).toBe(false);
  });
});

describe("training.ids", () => {
  const copyOf = (name: string): string => {
    cpSync(folder.path("file-char"), folder.path(name), { recursive: true });
    return folder.path(name);
  };
  const goOn = (directory: string): Promise<string> =>
    train(["--resume", directory, "--max-steps", "70", ...engine], long);

  it.each<[string, (path: string) => void]>([
    ["missing", (path) => rmSync(path)],
    ["cut off", (path) => writeFileSync(path, readFileSync(path).subarray(0, -100))],
    [
      "with a flipped bit",
      (path) => {
        const bytes = readFileSync(path);
        bytes[1000] ^= 1;
        writeFileSync(path, bytes);
      },
    ],
    [
      "of another text",
      (path) => {
        const bytes = readFileSync(folder.path("file-byte", "training.ids"));
        writeFileSync(path, bytes);
      },
    ],
  ])("%s is made again, and the run goes on", async (name, damage) => {
    const directory = copyOf(name.replaceAll(" ", "-"));
    const path = `${directory}/training.ids`;
    const good = readFileSync(path);
    damage(path);
    expect(await goOn(directory)).toMatch(/training\.ids: .*; it is made again from the text\n/);
    expect(readFileSync(path).equals(good)).toBe(true);
    const straight = copyOf(`straight-${name.replaceAll(" ", "-")}`);
    await goOn(straight);
    expect(readFileSync(`${directory}/model.safetensors`).equals(readFileSync(`${straight}/model.safetensors`))).toBe(
      true,
    );
  });

  it("is told of by info, sound or not", async () => {
    const directory = copyOf("told");
    const state = async () => {
      const { stdout, code } = await unrolled(["info", directory, "--json"]);
      const files = jsonLines(stdout)[0]?.files as { readonly name: string; readonly state: string }[];
      return [code, files.find(({ name }) => name === "training.ids")?.state];
    };
    expect(await state()).toEqual([0, "sound"]);
    const bytes = bytesOf("told", "training.ids");
    bytes[2000] ^= 8;
    writeFileSync(`${directory}/training.ids`, bytes);
    expect(await state()).toEqual([1, "damaged"]);
  });

  it("stands for the text as long as that has its size and time, or else its content", async () => {
    const copy = folder.path("copy.txt");
    cpSync(text, copy);
    const directory = folder.path("copied");
    await train([copy, "--out", directory, ...options, "--max-steps", "10"], long);
    utimesSync(copy, 1e9, 1e9);
    expect(await train(["--resume", directory, "--max-steps", "12"], long)).not.toMatch(/read as|made again/);
    const changed = readFileSync(copy);
    changed[50] ^= 1;
    writeFileSync(copy, changed);
    const refused = await unrolled(["train", "--resume", directory, "--max-steps", "14"], { env: long });
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining("must hold the data the run was started with"),
    ]);
    rmSync(copy);
    const gone = await unrolled(["train", "--resume", directory, "--max-steps", "14"], { env: long });
    expect([gone.code, gone.stderr]).toEqual([2, expect.stringContaining("copy.txt: must be there to resume")]);
  });

  it("left without a checkpoint is made anew; a stranger's file of that name is not touched", async () => {
    const args = [text, ...options, "--max-steps", "3"];
    const left = copyOf("left");
    for (const file of ["model", "training", "training.previous"])
      rmSync(`${left}/${file}.safetensors`, { force: true });
    for (const file of ["spec.json", "vocabulary.json", "ngram.bin", "metrics.jsonl"]) rmSync(`${left}/${file}`);
    await train([...args, "--out", left], long);
    const other = copyOf("other");
    rmSync(other, { recursive: true });
    await train([...args, "--out", other]);
    expect(bytesOf("left", "model.safetensors").equals(bytesOf("other", "model.safetensors"))).toBe(true);
    rmSync(other, { recursive: true });
    const stranger = folder.path("full");
    cpSync(left, stranger, { recursive: true, filter: (path) => !/safetensors|json|bin/.test(path) });
    writeFileSync(`${stranger}/training.ids`, "my own");
    const refused = await unrolled(["train", ...args, "--out", stranger], { env: long });
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('but holds "training.ids"')]);
    expect(readFileSync(`${stranger}/training.ids`, "utf8")).toBe("my own");
  });

  it("is taken back where the run does not begin", async () => {
    const ended = await unrolled(
      [
        "train",
        text,
        "--out",
        folder.path("never"),
        ...options,
        "--lr",
        "1e38",
        "--optimizer",
        "sgd",
        "--clip-norm",
        "0",
      ],
      { env: long },
    );
    expect(ended.code).toBe(1);
    expect(existsSync(folder.path("never"))).toBe(false);
    const words = folder.path("words.txt");
    writeFileSync(
      words,
      Array.from({ length: 900 }, (_, i) => `${letters[i % 30]}${letters[Math.floor(i / 30)]}`).join(" "),
    );
    const unknown = await unrolled(
      ["train", words, "--out", folder.path("never"), ...tiny, "--tokens", "word", "--min-count", "2"],
      { env: long },
    );
    expect([unknown.code, unknown.stderr]).toEqual([
      2,
      expect.stringContaining('words.txt: must hold at least two different tokens, was only "<unk>"'),
    ]);
    expect(existsSync(folder.path("never"))).toBe(false);
  });
});

describe("a text of several blocks", () => {
  const symbols = ["a", "é", "漢", "😀", "\n"];
  /** Some 3 MB; blocks of 1 MB end in the middle of characters. */
  const many = Array.from({ length: 1_200_000 }, (_, i) => symbols[(i * i + (i >> 3)) % 5]).join("");
  const file = folder.path("many.txt");
  beforeAll(() => writeFileSync(file, `\ufeff${many}`));

  const idsIn = (ids: Ids): Int32Array => {
    if (ids instanceof Int32Array) return ids;
    const all = new Int32Array(ids.length);
    ids.read(0, all);
    return all;
  };
  const silent = openOutput({ write: (_, done) => done(), on: () => {} });
  const settings = { tokens: "char", minCount: 1, validation: 0.3 } as const;

  it.each([["0"], ["1000000000"]])("has the ids of one in one piece, long from %s bytes on", async (from) => {
    const whole = characters(textOf(readFileSync(file), file), settings);
    const survey = await surveyText([file], settings);
    expect(survey.vocabulary).toEqual(whole.vocabulary);
    const context = { output: silent, people: silent, env: { UNROLLED_LONG_TEXT: from }, clock: () => 0 };
    const data = await runData(survey, folder.path(), context, 0);
    if (typeof data === "number") throw new Error(`stopped with ${data}`);
    expect(data.corpus.training instanceof Int32Array).toBe(from !== "0");
    // The name that a checkpoint records is the same, so a run may go on in the other way.
    expect(fingerprint(data.corpus.training)).toBe(fingerprint(whole.training));
    expect(Buffer.from(idsIn(data.corpus.training)).equals(Buffer.from(whole.training))).toBe(true);
    expect(Buffer.from(idsIn(data.corpus.validation)).equals(Buffer.from(whole.validation))).toBe(true);
    const few = { training: 5000, heldOut: 300 };
    const [baseline, other] = [countNgrams(data.corpus, few)?.baseline, countNgrams(whole, few)?.baseline];
    expect(baseline).toEqual(other);
    expect(baseline).toMatchObject({ countedOn: 5000, tokens: 299 });
    data.close();
  });

  it("that is no UTF-8 in the third says where: byte, line and column", async () => {
    const broken = folder.path("broken.txt");
    const good = Buffer.from(`\ufeff${many}`);
    const end = good.indexOf("\n", 2_500_000) + 1;
    writeFileSync(broken, Buffer.concat([good.subarray(0, end), Buffer.from("xé漢"), Buffer.from([0xf0, 0x9f, 0x2e])]));
    const line = good.subarray(0, end).toString().split("\n").length;
    const byte = end + 1 + 2 + 3;
    await expect(surveyText([broken], settings)).rejects.toThrow(
      `broken.txt, line ${line}, column 4: must be UTF-8, was byte 0xf0 at ${byte}`,
    );
    writeFileSync(broken, Buffer.concat([good.subarray(0, end), Buffer.from([0xe6, 0xbc])]));
    await expect(surveyText([broken], settings)).rejects.toThrow(
      `line ${line}, column 1: must be UTF-8, was byte 0xe6 at ${end}`,
    );
    writeFileSync(broken, Buffer.concat([good.subarray(0, end), Buffer.from([0])]));
    await expect(surveyText([broken], settings)).rejects.toThrow(`a zero byte at ${end}`);
  });

  it("that changes between its two readings is refused, and nothing is left", async () => {
    const copy = folder.path("changing.txt");
    cpSync(file, copy);
    utimesSync(copy, 1e9, 1e9);
    const survey = await surveyText([copy], settings);
    const context = { output: silent, people: silent, env: { UNROLLED_LONG_TEXT: "0" }, clock: () => 0 };
    rmSync(folder.path("training.ids"), { force: true });
    for (const other of [`${many}a`, `${many}z`, many.slice(0, -1), many.replace("a", "é")]) {
      writeFileSync(copy, other);
      // Its time alone would tell only the last.
      if (other !== many.replace("a", "é")) utimesSync(copy, 1e9, 1e9);
      await expect(runData(survey, folder.path(), context, 0)).rejects.toThrow("must stay as it is while it is read");
      expect(existsSync(folder.path("training.ids"))).toBe(false);
    }
  });

  it("whose reading is stopped by a signal leaves nothing", async () => {
    const survey = await surveyText([file], settings);
    const context = { output: silent, people: silent, env: { UNROLLED_LONG_TEXT: "0" }, clock: () => 0 };
    const reading = runData(survey, folder.path(), context, 0);
    process.emit("SIGINT", "SIGINT");
    expect(await reading).toBe(130);
    expect(existsSync(folder.path("training.ids"))).toBe(false);
  });
});
