// What a language model is, as plain JSON (spec.json), and the strict reading of such JSON.
// V vocabulary, D embedding, H hidden, L layers.
import { SpecError } from "../errors.js";
import { limits } from "../limits.js";

export const cellNames = ["rnn", "gru", "lstm"] as const;
export type CellName = (typeof cellNames)[number];
export const tokenKinds = ["char", "word", "byte", "bpe"] as const;
export type TokenKind = (typeof tokenKinds)[number];

/** Everything that decides the shape and meaning of a model's weights. Spec + named weights = model. */
export interface LanguageModelSpec {
  readonly format: "unrolled";
  readonly version: 1;
  readonly task: "language-model";
  readonly tokens: TokenKind;
  /** V: number of tokens. */
  readonly vocabulary: number;
  readonly cell: CellName;
  /** Where a GRU's reset gate acts: "after" the recurrent product (cuDNN, PyTorch) or "before" it (Cho 2014). Ignored by other cells. */
  readonly reset: "after" | "before";
  /** D: width of the embedding. */
  readonly embedding: number;
  /** H of each layer, from the input upwards. */
  readonly hidden: readonly number[];
  /** Probability of dropping a unit after each recurrent layer (between layers, and before the head) while training. */
  readonly dropout: number;
  /** The head's matrix is the embedding's; needs D equal to the last H. */
  readonly tied: boolean;
}

export interface LanguageModelOptions {
  readonly tokens: TokenKind;
  readonly vocabulary: number;
  readonly cell?: CellName;
  readonly reset?: "after" | "before";
  readonly embedding?: number;
  readonly hidden?: readonly number[];
  readonly dropout?: number;
  readonly tied?: boolean;
}

/** The complete spec of the options, every default filled in (embedding = first H, or last H where tied). */
export function languageModelSpec(options: LanguageModelOptions): LanguageModelSpec {
  const hidden = options.hidden ?? [128, 128];
  const tied = options.tied ?? false;
  return checkLanguageModelSpec({
    format: "unrolled",
    version: 1,
    task: "language-model",
    tokens: options.tokens,
    vocabulary: options.vocabulary,
    cell: options.cell ?? "lstm",
    reset: options.reset ?? "after",
    embedding: options.embedding ?? (tied ? hidden[hidden.length - 1] : Math.min(hidden[0], 512)),
    hidden,
    dropout: options.dropout ?? 0,
    tied,
  });
}

/** Reads parsed JSON as a spec. Throws SpecError with the path of the first thing that is wrong. */
export function checkLanguageModelSpec(value: unknown): LanguageModelSpec {
  const spec = fields(value);
  const read: LanguageModelSpec = {
    format: oneOf("format", spec.get("format"), ["unrolled"]),
    version: spec.get("version") === 1 ? 1 : wrong("version", "1", spec.get("version"), "spec-version"),
    task: oneOf("task", spec.get("task"), ["language-model"]),
    tokens: oneOf("tokens", spec.get("tokens"), tokenKinds),
    vocabulary: integer("vocabulary", spec.get("vocabulary"), 2, limits.vocabulary),
    cell: oneOf("cell", spec.get("cell"), cellNames),
    reset: oneOf("reset", spec.get("reset"), ["after", "before"]),
    embedding: integer("embedding", spec.get("embedding"), 1, limits.width),
    hidden: sizes(spec.get("hidden")),
    dropout: fraction("dropout", spec.get("dropout")),
    tied:
      typeof spec.get("tied") === "boolean"
        ? (spec.get("tied") as boolean)
        : wrong("tied", "true or false", spec.get("tied")),
  };
  for (const key of spec.keys())
    if (!Object.hasOwn(read, key)) wrong(key, "no such field", spec.get(key), "spec-unknown-field");
  const top = read.hidden[read.hidden.length - 1];
  if (read.tied && read.embedding !== top)
    throw new SpecError(
      `spec.embedding: must equal the last hidden size ${top} in a tied model, was ${read.embedding}`,
      {
        code: "spec-tied",
        hint: `use --embedding ${top}, or leave --tied out`,
      },
    );
  return read;
}

function fields(value: unknown): ReadonlyMap<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) wrong("spec", "an object", value);
  return new Map(Object.entries(value as object));
}

function wrong(path: string, expected: string, was: unknown, code = "spec-value"): never {
  const text = JSON.stringify(was) ?? "absent";
  const at = path === "spec" ? path : `spec.${path}`;
  throw new SpecError(`${at}: must be ${expected}, was ${text.length > 60 ? `${text.slice(0, 60)}...` : text}`, {
    code,
  });
}

function oneOf<const T extends string>(path: string, value: unknown, choices: readonly T[]): T {
  return choices.find((choice) => choice === value) ?? wrong(path, choices.map((c) => `"${c}"`).join(" or "), value);
}

function integer(path: string, value: unknown, low: number, high: number): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < low || value > high)
    wrong(path, `an integer from ${low} to ${high}`, value);
  return value as number;
}

function fraction(path: string, value: unknown): number {
  if (typeof value !== "number" || !(value >= 0 && value < 1))
    wrong(path, "a number from 0 up to but not including 1", value);
  return value as number;
}

function sizes(value: unknown): readonly number[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > limits.layers)
    wrong("hidden", `a list of 1 to ${limits.layers} sizes`, value);
  return (value as unknown[]).map((size, layer) => integer(`hidden[${layer}]`, size, 1, limits.width));
}
