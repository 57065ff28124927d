// A model trained here says the same in PyTorch: saved, loaded by its names with load_state_dict, evaluated on the same ids.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { adam, encodeSafetensors, evaluateModel } from "unrolled";
import { close } from "unrolled/testing";
import { afterAll, describe, it } from "vitest";
import { finish, tinyCorpus, tinyModel } from "../../../unrolled/test/laws/tiny.js";
import { openDevice } from "../../src/index.js";

const script = fileURLToPath(new URL("../../../../tools/golden/torch-nats.py", import.meta.url));
const python = "/usr/bin/python3";
const hasTorch = spawnSync(python, ["-c", "import torch, numpy"]).status === 0;
const folder = mkdtempSync(path.join(tmpdir(), "unrolled-torch-"));
afterAll(() => rmSync(folder, { recursive: true }));

const name = hasTorch ? "PyTorch agrees on a trained model" : `PyTorch (skipped: ${python} has no torch)`;
describe.skipIf(!hasTorch)(name, () => {
  it.each(["rnn", "gru", "lstm"] as const)("%s", async (cell) => {
    const device = await openDevice();
    const corpus = tinyCorpus();
    const model = tinyModel(corpus, { cell, hidden: [9, 9], embedding: 6 });
    const { checkpoint } = await finish({ device, corpus, model, maxSteps: 60, optimizer: adam({ rate: 0.01 }) });
    const file = path.join(folder, `${cell}.safetensors`);
    writeFileSync(
      file,
      encodeSafetensors(
        checkpoint.weights.map((w) => ({ ...w, dtype: "F32" as const })),
        new Map([["made", "by a test"]]),
      ),
    ); // prettier-ignore
    const { nats } = await evaluateModel({ model, device, ids: corpus.validation });
    const theirs = JSON.parse(
      execFileSync(python, [script, file, cell, corpus.validation.join(",")], { encoding: "utf8" }),
    );
    close(theirs.nats, nats, { relative: 0, absolute: 1e-5, label: `${cell}: nats` });
    device.close();
  });
});
