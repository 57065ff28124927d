// What a translator is, as plain JSON (spec.json), and the strict reading of such JSON: an encoder, a decoder, and what goes between.
// V vocabulary, E embedding, H hidden, C width of the encoder's places, A units of an attention.
import { SpecError } from "../errors.js";
import { limits } from "../limits.js";
import { type AttentionName, attentionNames, asksBefore } from "../nn/attention.js";
import { layer, type LayerOptions, type StackLayer, stackStates, stackWidth } from "../nn/stack.js";
import type { VocabularyKind } from "../text/vocabulary.js";
import { fieldsOf, flagIn, fractionIn, integerIn, oneOf, refuseOthers, wrong } from "./fields.js";
import { idsOfRanges, rangesIn } from "./id-ranges.js";
import { type Cells, layersJson, readLayers } from "./layers.js";

const tokenKinds = ["char", "word", "byte", "bpe"] as const satisfies readonly VocabularyKind[];

/** One language. */
export interface SideSpec {
  readonly tokens: VocabularyKind;
  /** V: number of tokens; the boundary before and after a target is not one of them. */
  readonly vocabulary: number;
  /** E: width of the embedding; 0: tokens are read as unit vectors of V. */
  readonly embedding: number;
}

export const bridges = ["zero", "copy", "final", "backward"] as const;
export const contexts = ["first", "every"] as const;
export const readoutParts = ["state", "context", "all"] as const;

/** Everything that decides the shape and meaning of a translator's weights. */
export interface TranslatorSpec {
  readonly format: "unrolled";
  readonly version: 1;
  readonly task: "translate";
  readonly source: SideSpec;
  readonly target: SideSpec;
  /** Ids of the source's tokens that were in no sentence to learn from and so mean nothing, as "0-31 127"; "" where none is known. */
  readonly unseen: string;
  /** One table of embeddings for both sides, which have one vocabulary. */
  readonly shared: boolean;
  /** Sources are read from their last token to their first (Sutskever 2014). */
  readonly reversed: boolean;
  readonly encoder: readonly StackLayer[];
  readonly decoder: readonly StackLayer[];
  /** What the decoder's states begin as: zeros, the encoder's own last states, or tanh(W v + b) with v the last states of the top
   * layer, or that of its backward direction alone (Bahdanau 2015). */
  readonly bridge: (typeof bridges)[number];
  readonly attention: AttentionName | "none";
  /** A: units of the additive attentions. */
  readonly units: number;
  /** Without attention: v is seen through the bridge alone (Sutskever 2014), or stands beside the input of every step (Cho 2014). */
  readonly context: (typeof contexts)[number];
  /** Attention after the step: the readout of each step stands beside the input of the next (Luong 2015). */
  readonly feeding: boolean;
  /** The decoder reads the token before. Without it, it knows what it wrote by its state alone. */
  readonly reads: boolean;
  /** A boundary ends what is written; without it targets have one length. */
  readonly ends: boolean;
  /** What a token is chosen from: the decoder's state, the state and the context, or these and the token before. */
  readonly readout: (typeof readoutParts)[number];
  /** Units of tanh(W [..] + b) before the head; 0: the head reads the parts as they are. */
  readonly readoutUnits: number;
  /** The head's matrix is the target's embedding. */
  readonly tied: boolean;
  /** Recurrent layers have two biases as PyTorch's, or one as in the lectures. */
  readonly biases: "two" | "one";
  /** Probability of dropping an element of an embedding or a readout in training. */
  readonly dropout: number;
}

export interface TranslatorOptions
  extends Partial<Omit<TranslatorSpec, "format" | "version" | "task" | "source" | "target" | "encoder" | "decoder">> {
  readonly source: Omit<SideSpec, "embedding"> & { readonly embedding?: number };
  readonly target: Omit<SideSpec, "embedding"> & { readonly embedding?: number };
  readonly encoder?: readonly LayerOptions[];
  readonly decoder?: readonly LayerOptions[];
}

/** Context comes before the step, as part of its input. */
export const seesBefore = ({ attention }: TranslatorSpec): boolean => attention !== "none" && asksBefore(attention);

/** The decoder has to run step by step: what goes into a step depends on the step before, beyond its state. */
export const stepwise = (spec: TranslatorSpec): boolean =>
  seesBefore(spec) || (spec.attention !== "none" && spec.feeding);

/** Classes of the head: the target's tokens, then the boundary where it ends. */
export const classes = ({ target, ends }: TranslatorSpec): number => target.vocabulary + (ends ? 1 : 0);

/** The id that a target begins after and ends with: one past its last token. */
export const boundary = ({ target }: TranslatorSpec): number => target.vocabulary;

/**
 * The complete spec, every default filled in: a bidirectional GRU of 256 that reads, a GRU of 256 that writes with Bahdanau's
 * attention from a readout of state, context and token. SpecError for options that describe no translator.
 */
export function translatorSpec(options: TranslatorOptions): TranslatorSpec {
  const { source, target, encoder, decoder, ...rest } = options;
  const attention = rest.attention ?? "bahdanau";
  const reading = (encoder ?? [{ cell: "gru" as const, hidden: 256, direction: "both" as const }]).map(layer);
  const writing = (decoder ?? [{ cell: "gru" as const, hidden: 256 }]).map(layer);
  const before = attention !== "none" && asksBefore(attention);
  const both = reading.at(-1)?.direction === "both";
  return checkTranslatorSpec({
    format: "unrolled",
    version: 1,
    task: "translate",
    source: { embedding: 256, ...source },
    target: { embedding: 256, ...target },
    unseen: "",
    shared: false,
    reversed: false,
    encoder: reading,
    decoder: writing,
    bridge: both ? "backward" : "final",
    units: writing.at(-1)?.hidden ?? 256,
    context: "first",
    feeding: attention !== "none" && !before,
    reads: true,
    ends: true,
    readout: attention === "none" ? "state" : before ? "all" : "context",
    readoutUnits: attention === "none" ? 0 : (writing.at(-1)?.hidden ?? 256),
    tied: false,
    biases: "two",
    dropout: 0,
    ...rest,
    attention,
  });
}

/** The spec as plain JSON: cells of one's own by their names. */
export const translatorJson = (spec: TranslatorSpec): unknown => ({
  ...spec,
  encoder: layersJson(spec.encoder),
  decoder: layersJson(spec.decoder),
});

/**
 * Reads parsed JSON as a spec. Throws SpecError with the path of the first thing that is wrong. `cells` are the cells of one's own that
 * it may name.
 */
export function checkTranslatorSpec(value: unknown, cells: Cells = {}): TranslatorSpec {
  const spec = fieldsOf("spec", value);
  const read: TranslatorSpec = {
    format: oneOf("spec.format", spec.get("format"), ["unrolled"]),
    version: spec.get("version") === 1 ? 1 : wrong("spec.version", "1", spec.get("version"), "spec-version"),
    task: oneOf("spec.task", spec.get("task"), ["translate"]),
    source: side("spec.source", spec.get("source")),
    target: side("spec.target", spec.get("target")),
    unseen: spec.has("unseen") ? rangesIn("spec.unseen", spec.get("unseen")) : "",
    shared: flagIn("spec.shared", spec.get("shared")),
    reversed: flagIn("spec.reversed", spec.get("reversed")),
    encoder: readLayers("spec.encoder", spec.get("encoder"), cells),
    decoder: readLayers("spec.decoder", spec.get("decoder"), cells),
    bridge: oneOf("spec.bridge", spec.get("bridge"), bridges),
    attention: oneOf("spec.attention", spec.get("attention"), [...attentionNames, "none"]),
    units: integerIn("spec.units", spec.get("units"), 1, limits.width),
    context: oneOf("spec.context", spec.get("context"), contexts),
    feeding: flagIn("spec.feeding", spec.get("feeding")),
    reads: flagIn("spec.reads", spec.get("reads")),
    ends: flagIn("spec.ends", spec.get("ends")),
    readout: oneOf("spec.readout", spec.get("readout"), readoutParts),
    readoutUnits: integerIn("spec.readoutUnits", spec.get("readoutUnits"), 0, limits.width),
    tied: flagIn("spec.tied", spec.get("tied")),
    biases: oneOf("spec.biases", spec.get("biases"), ["two", "one"]),
    dropout: fractionIn("spec.dropout", spec.get("dropout")),
  };
  refuseOthers("spec", spec, read);
  checkWhole(read);
  return read;
}

function side(path: string, value: unknown): SideSpec {
  const given = fieldsOf(path, value);
  const read: SideSpec = {
    tokens: oneOf(`${path}.tokens`, given.get("tokens"), tokenKinds),
    vocabulary: integerIn(`${path}.vocabulary`, given.get("vocabulary"), 1, limits.vocabulary),
    embedding: integerIn(`${path}.embedding`, given.get("embedding"), 0, limits.width),
  };
  refuseOthers(path, given, read);
  return read;
}

const refuse = (path: string, message: string, hint: string): never => {
  throw new SpecError(`spec.${path}: ${message}`, { code: "spec-translator", hint });
};

/** What does not go together. */
function checkWhole(spec: TranslatorSpec): void {
  const { source, target, encoder, decoder } = spec;
  unseenTokens(spec);
  if (spec.shared && (source.vocabulary !== target.vocabulary || source.embedding !== target.embedding))
    refuse("shared", "must have one vocabulary and one width of embeddings on both sides", "leave shared out");
  if (spec.shared && source.embedding === 0) refuse("shared", "must have embeddings to share", "set an embedding size");
  for (const [l, { direction }] of decoder.entries())
    if (direction !== "forward")
      refuse(
        `decoder[${l}].direction`,
        `must be forward, was ${direction}`,
        "what is being written has no end to start from",
      );
  if (spec.bridge === "backward" && encoder.at(-1)?.direction === "forward")
    refuse("bridge", "must not be backward where the encoder's top layer runs forward only", "use final");
  if (spec.bridge === "copy") checkCopy(spec);
  if (spec.feeding && spec.attention === "none")
    refuse("feeding", "must be false without attention", "choose an attention");
  if (spec.feeding && seesBefore(spec))
    refuse(
      "feeding",
      `must be false for ${spec.attention}, whose context is part of the input already`,
      "leave it out",
    );
  if (spec.feeding && spec.readoutUnits === 0)
    refuse("feeding", "must have a readout to feed, was 0 units", "set readoutUnits");
  if (spec.context === "every" && spec.attention !== "none")
    refuse("context", "must be first with an attention", "use attention none");
  if (spec.readout !== "state" && spec.attention === "none" && spec.context === "first")
    refuse("readout", "must be state where no context is seen", "use attention, or context every");
  if (stepwise(spec))
    for (const [l, { cell }] of decoder.entries())
      for (const mask of ["weightDrop", "recurrentDropout", "candidateDropout"])
        if (Number(Object.entries(cell).find(([name]) => name === mask)?.[1] ?? 0) > 0)
          refuse(
            `decoder[${l}].cell.${mask}`,
            "must be 0 in a decoder that looks back at every step: it has no one mask",
            "use dropout",
          );
  if (inputWidth(spec) === 0)
    refuse("reads", "must be true where the decoder reads nothing else", "let it read, or see the context");
  const read = readoutWidth(spec);
  if (spec.tied && (target.embedding !== read || target.embedding === 0))
    refuse(
      "tied",
      `must have embeddings as wide as what the head reads, ${read}, was ${target.embedding}`,
      "set readoutUnits",
    );
}

function checkCopy({ encoder, decoder, biases: _ }: TranslatorSpec): void {
  const [from, to] = [stackStates(encoder, 1), stackStates(decoder, 1)];
  for (const [name, shape] of to)
    if (String(from.get(name)) !== String(shape))
      refuse(
        "bridge",
        `must not be copy: the encoder has no state like ${name} [${shape}]`,
        "use final, or equal layers",
      );
}

/** Ids of the source's tokens that mean nothing to the model. SpecError where `unseen` is no such list. */
export const unseenTokens = ({ unseen, source }: TranslatorSpec): ReadonlySet<number> =>
  idsOfRanges("spec.unseen", unseen, source.vocabulary);

/** C: width of the encoder's places, and of v. */
export const placeWidth = ({ encoder }: TranslatorSpec): number => stackWidth(encoder);

/** Width of a token as it is read. */
export const readWidth = ({ vocabulary, embedding }: SideSpec): number => (embedding === 0 ? vocabulary : embedding);

/** Width of the readout's parts, side by side. */
export function partsWidth(spec: TranslatorSpec): number {
  const [H, C, E] = [stackWidth(spec.decoder), placeWidth(spec), spec.reads ? readWidth(spec.target) : 0];
  return { state: H, context: H + C, all: H + C + E }[spec.readout];
}

/** Width of what the head reads. */
export const readoutWidth = (spec: TranslatorSpec): number =>
  spec.readoutUnits === 0 ? partsWidth(spec) : spec.readoutUnits;

/** Width of what goes into the decoder's first layer. */
export function inputWidth(spec: TranslatorSpec): number {
  const token = spec.reads ? readWidth(spec.target) : 0;
  const seen = seesBefore(spec) || spec.context === "every" ? placeWidth(spec) : 0;
  return token + seen + (spec.feeding ? spec.readoutUnits : 0);
}
