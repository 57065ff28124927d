// Beam search against the same search in PyTorch, weights and all: every hypothesis of every sentence, and its log-probability.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { translating } from "../../src/decode/translating.js";
import { openReference } from "../../src/device/reference/index.js";
import { loadTranslator } from "../../src/models/translator.js";
import { translatorSpec } from "../../src/models/translator-spec.js";
import { close } from "../../src/testing/close.js";
import { characterVocabulary } from "../../src/text/vocabulary.js";

interface Golden {
  readonly vocabulary: number;
  readonly hidden: number;
  readonly beam: number;
  readonly weights: Readonly<Record<string, { readonly shape: readonly number[]; readonly values: readonly number[] }>>;
  readonly sources: readonly (readonly number[])[];
  readonly tokens: readonly (readonly (readonly number[])[])[];
  readonly sums: readonly (readonly number[])[];
}

const golden = JSON.parse(
  readFileSync(new URL("../../../../tools/golden/fixtures/beams.json", import.meta.url), "utf8"),
) as Golden;

it.each([1, 5, 16])("finds what PyTorch finds, %d sentences at once", (batch) => {
  const { vocabulary: V, hidden, beam } = golden;
  const letters = characterVocabulary("abcdefghijklmnop".slice(0, V));
  const side = { tokens: "char", vocabulary: V, embedding: hidden } as const;
  const spec = translatorSpec({
    source: side,
    target: side,
    encoder: [{ cell: "gru", hidden, direction: "both" }],
    decoder: [{ cell: "gru", hidden }],
  });
  const weights = Object.entries(golden.weights).map(([name, { shape, values }]) => {
    return { name, shape, data: Float64Array.from(values) };
  });
  const model = loadTranslator({ spec, source: letters, target: letters, weights });
  const made = translating({ device: openReference(), model, beam, batch });
  const sources = golden.sources.map((ids) => Int32Array.from(ids));
  const found = made.now(sources, { maximum: (length) => length, best: beam, normalization: "none" });
  expect(found.map((own) => own.map(({ tokens }) => tokens))).toEqual(golden.tokens);
  close(
    found.flatMap((own) => own.map(({ logProbability }) => logProbability)),
    golden.sums.flat(),
    { relative: 1e-10 },
  );
  made.close();
});
