// `unrolled predict`: labels of texts, tags of tokens, numbers of sequences.
import {
  type Answer,
  bestLabel,
  DataError,
  decodeUtf8,
  type Device,
  type Example,
  inOwnUnits,
  type LabelledText,
  type Network,
  type NetworkSpec,
  predictor,
  type Rows,
  rowExamples,
  scanWords,
  type TaggedTokens,
} from "unrolled";
import type { Context } from "../context.js";
import { readBytes } from "../data.js";
import { exitCodes, UsageError } from "../exit.js";
import { readModel } from "../storage/index.js";
import { harmless, styleFor } from "../terminal/style.js";
import { painter } from "./colours.js";
import { parseVectors } from "./data.js";
import { openRowModel, rowTaskOf } from "./model.js";
import type { PredictOptions } from "./options.js";

/** A part of what is asked: its rows and where they come from. */
interface Asked {
  readonly where: string;
  readonly rows: Rows;
}

export async function predict(
  directory: string,
  texts: readonly string[],
  options: PredictOptions,
  context: Context,
): Promise<number> {
  const task = await rowTaskOf(directory);
  if (task === "write")
    throw new UsageError(`${directory}: must hold a model that classifies, tags or regresses, holds one that writes`, {
      code: "task",
      hint: `unrolled sample ${directory} --label LABEL`,
    });
  if (task === undefined) {
    readModel(directory); // says what is wrong with a directory that holds no model at all
    throw new UsageError(`${directory}: must hold a model that classifies, tags or regresses, does not`, {
      code: "task",
      hint: "a language model writes (unrolled sample) and scores sentences (unrolled score)",
    });
  }
  const { made, device } = await openRowModel(directory, options, context);
  try {
    const model = made.model as Network;
    for (const asked of await everythingAsked(model, texts, options))
      await answer(model, device, asked, options, context);
    return exitCodes.done;
  } finally {
    device.close();
  }
}

async function everythingAsked(
  model: Network,
  texts: readonly string[],
  options: PredictOptions,
): Promise<readonly Asked[]> {
  const files = options.file ?? [];
  const vector = model.spec.input.kind === "vector";
  if (vector && texts.length > 0)
    throw new UsageError("predict: must be given numbers in a file (--file) or on standard input, was given text", {
      hint: "the model reads sequences of numbers",
    });
  const asked: Asked[] = [];
  if (texts.length > 0) asked.push({ where: "argument", rows: textRows(model, texts) });
  for (const path of files) asked.push({ where: path, rows: fileRows(model, path, await readBytes(path), options) });
  if (asked.length === 0)
    asked.push({ where: "standard input", rows: fileRows(model, "standard input", await readInput(), options) });
  if (asked.every(({ rows }) => rows.rows.length === 0))
    throw new UsageError("predict: must be given at least one row, was given none", {
      hint: "texts as arguments, --file FILE, or lines on standard input",
    });
  return asked;
}

async function readInput(): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** One text a row; a tagger's tokens are its characters or words. */
function textRows({ spec }: Network, texts: readonly string[]): Rows {
  const rows = texts.map((text, i) => ({ text, label: undefined, line: i + 1 }));
  if (spec.task === "classify") return { kind: "texts", rows };
  return {
    kind: "tokens",
    rows: rows.map(({ text, line }): TaggedTokens => ({ tokens: tokensOf(spec, text), tags: [], line })),
  };
}

function tokensOf({ input }: NetworkSpec, text: string): readonly string[] {
  if (input.kind !== "word") return [...text];
  const tokens: string[] = [];
  scanWords(text, (word) => void tokens.push(word));
  return tokens.filter((token) => token !== "<eos>");
}

/** Lines of text, lines of JSON with a text or tokens, or numbers. */
function fileRows(model: Network, path: string, bytes: Uint8Array, options: PredictOptions): Rows {
  const { labelColumn = null, idColumn = null } = options;
  if (model.spec.input.kind === "vector")
    return parseVectors(path, bytes, { task: model.spec.task, textColumn: null, labelColumn, idColumn });
  const { text, invalidAt } = decodeUtf8(bytes);
  if (invalidAt >= 0) throw new DataError(`${path}: must be UTF-8, byte ${invalidAt} is not`, { code: "invalid-utf8" });
  const lines = text
    .split(/\r?\n/)
    .map((line, i) => ({ line, number: i + 1 }))
    .filter(({ line }) => line.trim() !== "");
  const { kind, rows } = textRows(
    model,
    lines.map(({ line }) => line),
  );
  return { kind, rows: rows.map((row, i) => ({ ...row, line: lines[i].number })) } as Rows;
}

async function answer(
  model: Network,
  device: Device,
  { where, rows }: Asked,
  options: PredictOptions,
  context: Context,
): Promise<void> {
  const examples = rowExamples(model, rows, where, false);
  const made = predictor(device, model);
  const answers: Answer[] = [];
  await made.answer(examples, (each) => {
    answers[each.row] = each;
  });
  made.close();
  for (const each of answers) {
    if (context.output.closed) return;
    await show(model.spec, rows, examples[each.row], each, options.json === true, context);
  }
}

function show(
  spec: NetworkSpec,
  rows: Rows,
  example: Example,
  answered: Answer,
  json: boolean,
  context: Context,
): Promise<void> {
  if (spec.output.kind === "linear") return showNumbers(spec.output, answered, json, context);
  return spec.pool === "none"
    ? showTags(spec.output, rows, example, answered, json, context)
    : showLabel(spec.output, rows, answered, json, context);
}

type Labels = Extract<NetworkSpec["output"], { readonly labels: readonly string[] }>;

/** The labels that an answer gives from place `at` on: the likeliest, or all above a half. */
function labelsAt({ kind, labels }: Labels, values: ArrayLike<number>, at: number): readonly number[] {
  if (kind === "softmax") return [bestLabel(values, at, labels.length)];
  return labels.flatMap((_, c) => (values[at + c] > 0.5 ? [c] : []));
}

const rounded = (value: number): number => Number(value.toPrecision(6));

async function showLabel(
  output: Labels,
  rows: Rows,
  { row, values }: Answer,
  json: boolean,
  { output: out, env }: Context,
) {
  const { labels } = output;
  const given = labelsAt(output, values, 0);
  const text = rows.kind === "texts" ? (rows.rows[row] as LabelledText).text : undefined;
  const ranked = labels
    .map((label, c) => ({ label, probability: rounded(values[c]) }))
    .sort((a, b) => b.probability - a.probability);
  if (json) {
    const what =
      output.kind === "softmax"
        ? { label: labels[given[0]], probability: rounded(values[given[0]]) }
        : { labels: given.map((c) => labels[c]) };
    return out.json({
      type: "prediction",
      row: row + 1,
      ...(text !== undefined && { text }),
      ...what,
      probabilities: ranked,
    });
  }
  const style = styleFor(out.isTerminal, env);
  const name = given.length === 0 ? "-" : given.map((c) => labels[c]).join("|");
  const others = ranked.filter(({ label }) => !given.some((c) => labels[c] === label)).slice(0, 2);
  const rest = others.map(({ label, probability }) => `${harmless(label)} ${probability.toFixed(3)}`).join(", ");
  const sure = given.map((c) => values[c].toFixed(3)).join("|") || "-";
  return out.write(
    `${style.bold(harmless(name))}\t${sure}\t${harmless(text ?? `row ${row + 1}`)}\t${style.dim(rest)}\n`,
  );
}

async function showTags(
  output: Labels,
  rows: Rows,
  { steps }: Example,
  { row, values }: Answer,
  json: boolean,
  { output: out, env }: Context,
) {
  const C = output.labels.length;
  const given = Array.from({ length: steps }, (_, t) => labelsAt(output, values, t * C));
  const tags = given.map((several) => several.map((c) => output.labels[c]).join("|") || "-");
  const sure = given.map((several, t) =>
    several.length === 0 ? 0 : Math.min(...several.map((c) => rounded(values[t * C + c]))),
  );
  const tokens = rows.kind === "tokens" ? rows.rows[row].tokens : tags.map((_, t) => `step ${t + 1}`);
  if (json) return out.json({ type: "tags", row: row + 1, tokens, tags, probabilities: sure });
  const paint = painter(styleFor(out.isTerminal, env), output.labels);
  if (paint === undefined || rows.kind !== "tokens")
    return out.write(`${tokens.map((token, t) => `${harmless(token)}\t${harmless(tags[t])}\n`).join("")}\n`);
  const gap = tokens.some((token) => [...token].length > 1) ? " " : "";
  const legend = [...new Set(tags)].map((tag) => paint(harmless(tag), tag)).join(" ");
  return out.write(`${tokens.map((token, t) => paint(harmless(token), tags[t])).join(gap)}\n  ${legend}\n`);
}

async function showNumbers(
  output: Extract<NetworkSpec["output"], { kind: "linear" }>,
  { row, values }: Answer,
  json: boolean,
  { output: out }: Context,
) {
  const { columns } = output;
  const numbers = inOwnUnits(values, output);
  const steps = Array.from({ length: numbers.length / columns.length }, (_, t) =>
    Array.from(numbers.subarray(t * columns.length, (t + 1) * columns.length), rounded),
  );
  if (json) return out.json({ type: "numbers", row: row + 1, columns, values: steps });
  const field = (name: string): string => (/[",\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name);
  const header = row === 0 ? `${columns.map(field).join(",")}\n` : "\n";
  return out.write(`${harmless(header)}${steps.map((step) => `${step.join(",")}\n`).join("")}`);
}
