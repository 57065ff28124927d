// `unrolled eval` of a translator: free translation of pairs, measured as others measure it.
import { bannedOf, corpusBleu, corpusChrf, decode, encoder, noToken, sequenceScores, translating } from "unrolled";
import type { Context } from "../context.js";
import type { DeviceRequest } from "../device-options.js";
import { exitCodes } from "../exit.js";
import { whole } from "../format.js";
import { type PairFiles, readPairs } from "./data.js";
import { openTranslator } from "./model.js";
import { checkSearch, searchSettings } from "../search.js";
import type { TranslateOptions } from "./translate.js";

/** How `eval` translates, and no other model is measured. */
export const translatingNames = [
  "beam",
  "normalization",
  "alpha",
  "coverage",
  "groups",
  "diversity",
  "minLength",
  "maxLength",
  "batch",
  "precision",
] as const;

export interface TranslatorEvalOptions
  extends DeviceRequest,
    Pick<TranslateOptions, (typeof translatingNames)[number]> {
  readonly json?: boolean;
  readonly lowercase?: boolean;
  readonly bleuTokenize?: "13a" | "none";
}

export async function evaluateTranslator(
  directory: string,
  files: PairFiles,
  options: TranslatorEvalOptions,
  context: Context,
): Promise<number> {
  const { pairs } = await readPairs(files);
  const { model, device } = await openTranslator(directory, options, context);
  const { beam = 5, batch = 32, precision = "f32", maxLength } = options;
  checkSearch(options, beam, model.spec.target.vocabulary + 1);
  const made = translating({ device, model, beam, batch, products: precision });
  try {
    const [read, right] = [encoder(model.source), encoder(model.target)];
    const known = (vocabulary: typeof model.source) => ({ allowUnknown: true, missing: noToken(vocabulary) });
    const sources = pairs.map(({ source }) => read(source, known(model.source)));
    const pause = () => new Promise<void>(setImmediate);
    const found = await made.translate(
      sources,
      { ...searchSettings(options), ...(maxLength !== undefined && { maximum: maxLength }), ...bannedOf(model) },
      pause,
    );
    const written = found.map(([best]) => best.tokens);
    const texts = written.map((tokens) => decode(model.target, tokens));
    const references = pairs.map(({ target }) => target);
    const bleu = corpusBleu(texts, references, {
      lowercase: options.lowercase ?? false,
      tokenize: options.bleuTokenize ?? "13a",
    });
    const chrf = corpusChrf(texts, references);
    const scores = sequenceScores(written.map((tokens, i) => [tokens, right(pairs[i].target, known(model.target))]));
    const result = { sentences: pairs.length, beam, bleu: bleu.score, signature: bleu.signature, chrf, ...scores };
    if (options.json) await context.output.json({ type: "evaluation", task: "translate", ...result });
    else
      await context.output.write(
        [
          `BLEU ${bleu.score.toFixed(2)}  ${bleu.signature}`,
          `  ${bleu.precisions.map((p) => p.toFixed(1)).join("/")}, brevity ${bleu.brevityPenalty.toFixed(3)}, lengths ${whole(bleu.hypothesisLength)} and ${whole(bleu.referenceLength)}`,
          `chrF ${chrf.toFixed(2)}, exact ${(100 * scores.exactMatch).toFixed(2)} %, tokens in place ${(100 * scores.tokenAccuracy).toFixed(2)} %, edits ${(100 * scores.errorRate).toFixed(2)} % of the tokens`,
          `${whole(pairs.length)} sentences, beam ${beam}`,
          "",
        ].join("\n"),
      );
    return exitCodes.done;
  } finally {
    made.close();
    device.close();
  }
}
