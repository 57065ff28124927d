// `unrolled eval`: how well the model predicts a text, beside what counting n-grams can do.
import { decode, encode, evaluateModel, textOf, type Vocabulary } from "unrolled";
import type { Context } from "../context.js";
import { readBytes } from "../data.js";
import { exitCodes, UsageError } from "../exit.js";
import { whole } from "../format.js";
import { readWithNgrams } from "../ngram-line.js";
import { openModel } from "../open.js";
import type { EvalOptions } from "../options.js";
import { bitsUnit } from "../reporter.js";
import { evaluateRows } from "../rows/eval.js";
import { rowTaskOf } from "../rows/model.js";
import type { ColumnOptions } from "../rows/options.js";
import { flag } from "../settings.js";
import { pairFiles } from "../translate/data.js";
import { evaluateTranslator, translatingNames, type TranslatorEvalOptions } from "../translate/eval.js";
import { isTranslator } from "../translate/model.js";
import { baselineLine, perplexity } from "../terminal/words.js";
import { named } from "../where.js";

interface PairEvalOptions extends Pick<TranslatorEvalOptions, (typeof translatingNames)[number] | "lowercase"> {
  readonly source?: string;
  readonly target?: string;
}

/** The one file that anything but a translator is measured on. Throws UsageError. */
function textFile(given: string | undefined, options: PairEvalOptions): string {
  for (const name of ["source", "target", ...translatingNames, "lowercase"] as const)
    if (options[name] !== undefined)
      throw new UsageError(`${flag(name)}: must be left out, it is for translators`, {
        hint: `leave ${flag(name)} out`,
      });
  if (given !== undefined) return given;
  throw new UsageError("eval: must be given a file, was given none", { hint: "unrolled eval DIR FILE" });
}

export async function evaluate(
  directory: string,
  given: string | undefined,
  options: EvalOptions & ColumnOptions & PairEvalOptions,
  context: Context,
): Promise<number> {
  if (await isTranslator(directory)) {
    const files = pairFiles(given === undefined ? [] : [given], options.source, options.target);
    return evaluateTranslator(directory, files, options, context);
  }
  const file = textFile(given, options);
  if ((await rowTaskOf(directory)) !== undefined) return evaluateRows(directory, file, options, context);
  for (const name of ["textColumn", "labelColumn", "idColumn"] as const)
    if (options[name] !== undefined)
      throw new UsageError(`${flag(name)}: must be left out for a language model, which reads the whole text`, {
        hint: `leave ${flag(name)} out`,
      });
  const { output, people } = context;
  const content = await readBytes(file);
  const { model, device, ngram } = await openModel(directory, options, context);
  const ids = named(file, () => readIds(model.vocabulary, content, file, options.allowUnknown === true));
  const result = await named(file, () => evaluateModel({ model, device, ids }));
  device.close();
  const baseline = options.ngram === false || ngram === undefined ? undefined : readWithNgrams(ngram, ids);
  const unknown =
    model.vocabulary.unknown === undefined ? 0 : ids.reduce((n, id) => n + Number(id === model.vocabulary.unknown), 0);
  const bitsPerByte = model.vocabulary.kind === "bpe" ? bitsOfBytes(model.vocabulary, ids, result) : undefined;
  if (options.json) {
    const { nats, bitsPerToken, perplexity, tokens } = result;
    await output.json({
      type: "evaluation",
      nats,
      bitsPerToken,
      ...(bitsPerByte !== undefined && { bitsPerByte }),
      perplexity,
      tokens,
      unknown,
      ...(baseline && { ngram: baseline }),
    });
    return exitCodes.done;
  }
  await output.write(
    `${result.nats.toFixed(4)} nats, ${result.bitsPerToken.toFixed(3)} ${bitsUnit(model.spec.tokens)}, ${bitsPerByte === undefined ? "" : `${bitsPerByte.toFixed(3)} bits/byte, `}perplexity ` +
      `${perplexity(result.perplexity)} over ${whole(result.tokens)} tokens\n`,
  );
  if (unknown > 0) await output.write(`${whole(unknown)} of them are not in the vocabulary and were read as <unk>\n`);
  if (baseline !== undefined) await output.write(`${baselineLine(baseline)}\n`);
  else if (options.ngram !== false)
    await people.write("no n-gram model was kept with this model: nothing to compare with\n");
  return exitCodes.done;
}

/** What a byte of the text costs: byte pairs of other vocabularies have other lengths, so bits of tokens compare nothing. */
function bitsOfBytes(
  vocabulary: Vocabulary,
  ids: Int32Array,
  { nats, tokens }: { readonly nats: number; readonly tokens: number },
): number {
  const predicted = decode(vocabulary, ids.subarray(ids.length - tokens));
  return (nats * tokens) / Math.LN2 / Buffer.byteLength(predicted);
}

/** Unknown words are what `<unk>` is for; an unknown character is a mistake unless it is allowed. */
function readIds(vocabulary: Vocabulary, content: Uint8Array, file: string, allowUnknown: boolean): Int32Array {
  if (vocabulary.kind === "byte") return Int32Array.from(content);
  return encode(vocabulary, textOf(content, file), { allowUnknown: allowUnknown || vocabulary.kind === "word" });
}
