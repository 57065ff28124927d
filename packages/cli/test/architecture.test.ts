// The options that make a model: each changes the model and is told by `info`; an embedding from a file.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeModelFile, decodeTrainingFile, encodeSafetensors, languageModelJson } from "unrolled";
import { identical } from "unrolled/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { architectureLines } from "../src/architecture.js";
import { affordableSpec } from "../src/memory.js";
import { readRecord } from "../src/record.js";
import { runSettings, type TrainOptions } from "../src/settings.js";
import { scratch, tiny, unrolled, writeText } from "./command.js";

const folder = scratch();
const text = folder.path("text.txt");
beforeAll(() => writeText(text));
afterAll(folder.remove);

const specOf = (options: TrainOptions) => affordableSpec(runSettings({ hidden: [16], ...options }), 40);
const toldOf = (options: TrainOptions): string => architectureLines(specOf(options)).join("\n");

/** An option, and what `info` must say of it. */
const each: readonly (readonly [TrainOptions, string, TrainOptions?])[] = [
  [{ cell: ["gru"] }, "2 x gru (reset after), hidden 16, 16"],
  [{ cell: ["lstm", "gru"] }, "layer 2: gru (reset after), hidden 16"],
  [{ cell: ["mut2"] }, "2 x mut2"],
  [{ hidden: [24, 12] }, "hidden 24, 12"],
  [{ layers: 3 }, "3 x lstm"],
  [{ residual: "highway" }, "residual highway"],
  [{ residual: "add" }, "residual add"],
  [{ dropout: 0.25 }, "dropout 0.25"],
  [{ dropout: 0.25, variational: true }, "dropout 0.25 (variational)", { dropout: 0.25 }],
  [{ learnInitial: true }, "learned first state"],
  [{ embedding: 7 }, "embedding 7"],
  [{ freezeEmbedding: true }, "embedding 16 (frozen)"],
  [{ head: "tied" }, "tied"],
  [{ tied: true }, "tied"],
  [{ head: "deep", headHidden: [9] }, "deep head 9 (tanh)"],
  [{ head: "adaptive" }, "adaptive head (cutoffs 2, 8)"],
  [{ head: "sampled" }, "sampled head (1024)"],
  [{ head: "sampled", headSamples: 8 }, "sampled head (8)", { head: "sampled" }],
  [{ cell: ["gru"], reset: "before" }, "gru (reset before)", { cell: ["gru"] }],
  [{ weightDrop: 0.5 }, "lstm (weight drop 0.5)"],
  [{ zoneout: 0.1 }, "lstm (zoneout 0.1)"],
  [{ recurrentDropout: 0.1 }, "lstm (recurrent dropout 0.1)"],
  [{ layerNorm: true }, "lstm (layer norm)"],
  [{ peephole: "ng" }, "lstm (peephole ng)"],
  [{ projection: 5 }, "lstm (projection 5)"],
  [{ forgetBias: 2 }, "lstm (forget bias 2)"],
];

describe("an option of the architecture", () => {
  it.each(each.map(([options, words, plain = {}]) => ({ options, words, plain })))(
    "$options changes the model, and is told: $words",
    ({ options, words, plain }) => {
      expect(toldOf(options)).toContain(words);
      expect(toldOf(plain)).not.toBe(toldOf(options));
      expect(languageModelJson(specOf(options))).not.toEqual(languageModelJson(specOf(plain)));
    },
  );

  it("goes to the cells that have it", () => {
    const { layers } = specOf({ cell: ["lstm", "gru"], projection: 5 });
    expect(layers.map(({ cell }) => "projection" in cell && cell.projection)).toEqual([5, false]);
  });
});

it("reads the settings of runs that knew one cell", () => {
  const {
    cell: _,
    cellOptions: _c,
    head: _h,
    headHidden: _hh,
    headSamples: _s,
    ...rest
  } = runSettings({ dropout: 0.2 });
  const { residual: _r, variational: _v, learnInitial: _l, embeddingFrom: _e, freezeEmbedding: _f, ...old } = rest;
  const record = {
    format: "unrolled-run",
    version: 1,
    settings: { ...old, cell: "gru", reset: "before", tied: true },
    files: [{ path: "a", bytes: 1, sha256: "0".repeat(64) }],
    counters: {
      step: 1,
      epoch: 0,
      chunk: 1,
      seed: 1,
      plateau: { best: null, waited: 0, factor: 1 },
      bestValidation: null,
      data: "x",
    },
    validation: null,
    ngram: null,
    tokens: 10,
    validationTokens: 1,
  }; // prettier-ignore
  const settings = readRecord(record, "here").settings;
  expect(settings).toEqual(runSettings({ cell: ["gru"], reset: "before", tied: true, dropout: 0.2 }));
});

describe("--embedding-from", () => {
  const embeddingIn = (name: string): Float64Array => {
    const { weights } = decodeModelFile(readFileSync(join(folder.path(name), "model.safetensors")));
    return Float64Array.from(weights.find((w) => w.name === "embedding.weight")?.data ?? []);
  };
  const train = (out: string, ...more: readonly string[]) =>
    unrolled(["train", text, "--out", folder.path(out), ...tiny, "--max-steps", "3", ...more]);

  it("takes the rows of a model token by token, and freezes them where told to", async () => {
    expect((await train("first", "--embedding", "6")).code).toBe(0);
    const more = ["--embedding-from", folder.path("first"), "--seed", "5"];
    expect((await train("kept", ...more, "--freeze-embedding")).code).toBe(0);
    identical(embeddingIn("kept"), embeddingIn("first"));
    expect((await train("moved", ...more)).code).toBe(0);
    expect(embeddingIn("moved")).not.toEqual(embeddingIn("first"));
    const { arrays } = decodeTrainingFile(readFileSync(join(folder.path("kept"), "training.safetensors")), "kept");
    const moved = decodeTrainingFile(readFileSync(join(folder.path("moved"), "training.safetensors")), "moved").arrays;
    const numbers = (some: typeof arrays): number => some.reduce((sum, { data }) => sum + data.length, 0);
    expect(numbers(moved) - numbers(arrays)).toBe(2 * embeddingIn("first").length); // Adam has moments of what it trains
  });

  it("takes a .safetensors file with a row for each token, and no other", async () => {
    const V = embeddingIn("first").length / 6;
    const file = (rows: number): string => {
      const data = Float32Array.from({ length: rows * 6 }, (_, i) => i / 100);
      writeFileSync(
        folder.path("table.safetensors"),
        encodeSafetensors([{ name: "table", dtype: "F32", shape: [rows, 6], data }] as never, new Map()),
      );
      return folder.path("table.safetensors");
    };
    expect((await train("table", "--embedding-from", file(V), "--freeze-embedding")).code).toBe(0);
    expect(embeddingIn("table")[7]).toBe(Math.fround(0.07));
    const { code, stderr } = await train("refused", "--embedding-from", file(V + 1));
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining(`a row for each of the ${V} tokens, was ${V + 1} rows`),
    ]);
  });
});
