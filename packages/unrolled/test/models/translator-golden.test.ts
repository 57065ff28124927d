// Whole small encoder-decoders against PyTorch: loss, logits, attention weights and every gradient.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compile, i32 } from "../../src/graph/compile.js";
import { gradient } from "../../src/graph/gradient.js";
import { openReference } from "../../src/device/reference/index.js";
import { loadTranslator, translatorWeights } from "../../src/models/translator.js";
import { type TranslatorOptions, translatorSpec } from "../../src/models/translator-spec.js";
import { close } from "../../src/testing/close.js";
import { characterVocabulary } from "../../src/text/vocabulary.js";
import { pairLoss } from "../../src/train/translation-loss.js";

interface Plain {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

interface Case {
  readonly options: TranslatorOptions;
  readonly weights: Readonly<Record<string, Plain>>;
  readonly loss: number;
  readonly logits: Plain;
  readonly attention: Plain | null;
  readonly gradients: Readonly<Record<string, Plain>>;
}
interface Golden {
  readonly sizes: { readonly S: number; readonly T: number; readonly N: number };
  readonly source: readonly number[];
  readonly lengths: readonly number[];
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly count: number;
  readonly cases: Readonly<Record<string, Case>>;
}

const file = new URL("../../../../tools/golden/fixtures/translators.json", import.meta.url);
const golden = JSON.parse(readFileSync(file, "utf8")) as Golden;
const { S, T, N } = golden.sizes;

describe("translators of PyTorch", () => {
  it.each(Object.entries(golden.cases))("%s", (_, one) => {
    const spec = translatorSpec(one.options);
    expect([...translatorWeights(spec)].map(([name, { shape }]) => [name, shape])).toEqual(
      expect.arrayContaining(Object.entries(one.weights).map(([name, { shape }]) => [name, shape])),
    );
    const weights = Object.entries(one.weights).map(([name, { shape, values }]) => ({
      name,
      shape,
      data: Float64Array.from(values) as unknown as Float32Array,
    }));
    const model = loadTranslator({
      spec,
      source: characterVocabulary("abcdef"),
      target: characterVocabulary("abcde"),
      weights,
    });
    const device = openReference();
    const program = compile(device, { source: i32(S, N), lengths: i32(N), x: i32(T, N), y: i32(T, N) }, (inputs) => {
      const { sum, count, logits, attention } = pairLoss(model, inputs);
      const names = Object.keys(model.weights);
      const gradients = gradient(sum, Object.values(model.weights));
      return {
        outputs: {
          sum,
          count,
          logits,
          ...(attention && { attention }),
          ...Object.fromEntries(gradients.map((g, i) => [`d ${names[i]}`, g])),
        },
      };
    });
    const { source, lengths, x, y } = golden;
    const made = program.run({ source, lengths, x, y }) as Readonly<Record<string, number | Float64Array>>;
    expect(made.count).toBe(golden.count);
    close(made.sum, one.loss, { relative: 1e-10 });
    // Steps past a target's end read nothing that counts, but both read the zero vector there.
    close(made.logits, one.logits.values, { relative: 1e-9, scale: 1 });
    if (one.attention) close(made.attention, one.attention.values, { relative: 1e-9, scale: 1 });
    for (const [name, { values }] of Object.entries(one.gradients))
      close(made[`d ${name}`], values, { relative: 1e-9, scale: 1, label: `gradient of ${name}` });
    program.close();
  });
});
