// What may be an --out directory, what is written there, and which copy is used where a file is damaged.
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeSafetensors, modelFiles } from "unrolled";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createModelDirectory, resumeModelDirectory } from "../../src/storage/model-directory.js";
import { readModel } from "../../src/storage/read-model.js";
import { checkpointAt, metricsAt, spec, vocabulary } from "./checkpoints.js";

let parent = "";
let run = "";
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "unrolled-"));
  run = join(parent, "a", "b");
});
afterEach(() => rmSync(parent, { recursive: true }));

function trained(steps: number): void {
  const directory = createModelDirectory(run);
  for (let step = 0; step <= steps; step++) {
    if (step > 0) directory.appendMetrics(`{"type":"step","step":${step}}`);
    directory.save(checkpointAt(step));
  }
}

function flip(name: string, at: number): void {
  const bytes = readFileSync(join(run, name));
  const place = at < 0 ? bytes.length + at : at;
  bytes[place] = bytes[place]! ^ 0x10;
  writeFileSync(join(run, name), bytes);
}

const code = (wanted: string) => expect.objectContaining({ name: "CheckpointError", code: wanted });

describe("a new directory", () => {
  test("is made with its parents and holds exactly the files of a model", () => {
    trained(1);
    const { cell: _, ...others } = modelFiles; // only for a cell of one's own
    expect(readdirSync(run).sort()).toEqual(Object.values(others).sort());
    expect(readFileSync(join(run, "spec.json"), "utf8")).toBe(spec);
    expect(readFileSync(join(run, "vocabulary.json"), "utf8")).toBe(vocabulary);
    expect(readFileSync(join(run, "metrics.jsonl"), "utf8")).toBe(metricsAt(1));
  });

  test("may exist when empty, but must not hold a model or anything else", () => {
    mkdirSync(run, { recursive: true });
    trained(0);
    expect(() => createModelDirectory(run)).toThrow(code("directory-has-model"));
    const other = join(parent, "other");
    mkdirSync(other);
    writeFileSync(join(other, "spec.json"), "mine");
    expect(() => createModelDirectory(other)).toThrow(code("directory-not-empty"));
    expect(() => createModelDirectory(join(other, "spec.json"))).toThrow(code("not-a-directory"));
    expect(() => createModelDirectory(join(other, "spec.json", "x"))).toThrow(code("not-a-directory"));
    expect(readFileSync(join(other, "spec.json"), "utf8")).toBe("mine");
  });

  test("is cleared of temporary files of ours whose process is gone, and of no others", () => {
    mkdirSync(run, { recursive: true });
    const dead = ".unrolled-999999999-model.safetensors.tmp";
    const foreign = ".unrolled-notes.tmp";
    writeFileSync(join(run, dead), "");
    createModelDirectory(run);
    expect(readdirSync(run)).toEqual([]);
    writeFileSync(join(run, `.unrolled-${process.ppid}-model.safetensors.tmp`), "");
    writeFileSync(join(run, foreign), "");
    expect(() => createModelDirectory(run)).toThrow(code("directory-not-empty"));
    expect(readdirSync(run)).toHaveLength(2);
  });
});

describe("resuming", () => {
  test("gives back the last checkpoint whole and cuts metrics off where it was saved", () => {
    trained(2);
    appendFileSync(join(run, "metrics.jsonl"), '{"type":"step","step":3}\n{"ty');
    const { checkpoint, directory, notices } = resumeModelDirectory(run);
    expect(notices).toEqual([]);
    expect(checkpoint).toMatchObject(checkpointAt(2));
    expect(readFileSync(join(run, "metrics.jsonl"), "utf8")).toBe(metricsAt(2));
    directory.appendMetrics('{"type":"step","step":3}');
    directory.save(checkpointAt(3));
    directory.appendMetrics('{"type":"done"}');
    directory.close();
    expect(readFileSync(join(run, "metrics.jsonl"), "utf8")).toBe(`${metricsAt(3)}{"type":"done"}\n`);
    expect(resumeModelDirectory(run).checkpoint.step).toBe(3);
  });

  test("uses the older generation where the last is damaged or missing, says so, and never gives up the good one", () => {
    trained(2);
    flip(modelFiles.training, -40);
    const { checkpoint, directory, notices } = resumeModelDirectory(run);
    expect(checkpoint.step).toBe(1);
    expect(notices.join("\n")).toMatch(/training\.safetensors: .*tensor .* is damaged[\s\S]*step 1/);
    expect(readFileSync(join(run, "metrics.jsonl"), "utf8")).toBe(metricsAt(1));
    directory.save(checkpointAt(2));
    expect(resumeModelDirectory(run).checkpoint.step).toBe(2);
    // The damaged file was replaced; the older generation is still the good one of step 1.
    rmSync(join(run, modelFiles.training));
    const again = resumeModelDirectory(run);
    expect(again.checkpoint.step).toBe(1);
    expect(again.notices[0]).toMatch(/is missing/);
  });

  test("with both generations damaged, or none, is an error", () => {
    trained(2);
    flip(modelFiles.training, -1);
    flip(modelFiles.previousTraining, 30);
    expect(() => resumeModelDirectory(run)).toThrow(code("tensor-checksum"));
    rmSync(join(run, modelFiles.training));
    rmSync(join(run, modelFiles.previousTraining));
    expect(() => resumeModelDirectory(run)).toThrow(code("no-training-state"));
    expect(() => resumeModelDirectory(join(parent, "absent"))).toThrow(code("no-directory"));
    expect(() => resumeModelDirectory(join(run, "spec.json"))).toThrow(code("not-a-directory"));
  });
});

describe("reading a model", () => {
  test("gives weights, spec, vocabulary and baseline", () => {
    trained(2);
    const model = readModel(run);
    expect(model.notices).toEqual([]);
    expect(model.step).toBe(2);
    expect(model.weights).toEqual(checkpointAt(2).weights);
    expect(new TextDecoder().decode(model.spec)).toBe(spec);
    expect(model.ngram?.vocabularySize).toBe(2);
  });

  test.each([
    [modelFiles.weights, 12],
    [modelFiles.weights, -1],
    [modelFiles.spec, 3],
    [modelFiles.vocabulary, 3],
  ])("%s damaged at %i: the copy in the training state is used and named", (name, at) => {
    trained(2);
    flip(name, at);
    const model = readModel(run);
    expect(model.notices.join("\n")).toContain(name);
    expect(model.weights).toEqual(checkpointAt(2).weights);
    expect(new TextDecoder().decode(model.spec)).toBe(spec);
    rmSync(join(run, modelFiles.training));
    rmSync(join(run, modelFiles.previousTraining));
    expect(() => readModel(run)).toThrow(expect.objectContaining({ name: "CheckpointError" }));
  });

  test("without its baseline is still a model", () => {
    trained(1);
    flip(modelFiles.ngram, 9);
    const { ngram, notices } = readModel(run);
    expect(ngram).toBeUndefined();
    expect(notices).toEqual([expect.stringContaining("no n-gram line")]);
  });

  test("takes weights that another program wrote, without checksums", () => {
    trained(0);
    renameSync(join(run, modelFiles.weights), join(parent, "old"));
    const ours = encodeSafetensors([{ name: "head.bias", dtype: "F32", shape: [1], data: Float32Array.of(2) }]);
    const text = Buffer.from(ours).toString("latin1");
    const header = '{"head.bias":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    writeFileSync(
      join(run, modelFiles.weights),
      Buffer.concat([length, Buffer.from(header + text.slice(-4), "latin1")]),
    );
    const model = readModel(run);
    expect(model.step).toBeUndefined();
    expect(model.weights).toEqual([{ name: "head.bias", shape: [1], data: Float32Array.of(2) }]);
    expect(model.notices).toEqual([]);
  });

  test("of an empty or absent directory is an error", () => {
    mkdirSync(run, { recursive: true });
    expect(() => readModel(run)).toThrow(code("no-model"));
    expect(() => readModel(join(run, "x"))).toThrow(code("no-directory"));
  });

  test("refuses to save what is not finite, and keeps the last checkpoint", () => {
    trained(1);
    const { directory } = resumeModelDirectory(run);
    const bad = { ...checkpointAt(2), weights: [{ name: "w", shape: [2], data: Float32Array.of(1, Number.NaN) }] };
    expect(() => directory.save(bad)).toThrow(code("not-finite"));
    expect(resumeModelDirectory(run).checkpoint.step).toBe(1);
    expect(readModel(run).step).toBe(1);
  });
});
