// The options of `train` that make a model's architecture.
import { Option } from "commander";
import { headNames, peepholes, residuals, resets } from "./architecture-settings.js";
import { choice, integer, names, real, sizes } from "./parse.js";
import { option } from "./program-parts.js";

const share = (o: string) => real(o, { from: 0, below: 1 });

export const layerOptions = (): Option[] => [
  option(
    "--cell <names>",
    "of all layers, lstm,gru of each, or a file: ./my-cell.ts (default: lstm); none: rows without",
    names,
  ),
  option("--hidden <sizes>", "units of each layer: 128, or 256,128 (default: 128)", sizes),
  option("--layers <n>", "number of layers (default: 2)", (o) => integer(o, 1, 64)),
  option("--residual <kind>", "what passes by each layer: add or highway", (o) => choice(o, residuals)),
  option("--dropout <p>", "chance to drop a unit between layers (default: 0)", share),
  new Option("--variational", "drop the same units at every step of a sequence"),
  new Option("--learn-initial", "learn the states that a text begins with"),
  option("--embedding <n>", "width of the embedding (default: as the first layer)", (o) => integer(o, 1)),
  new Option("--embedding-from <file>", "take the embedding of a model, or of a .safetensors file"),
  new Option("--freeze-embedding", "do not train the embedding"),
  option("--head <kind>", `${headNames.join(", ")} (default: linear)`, (o) => choice(o, headNames)),
  option("--head-hidden <sizes>", "deep: units of its layers (default: 128)", sizes),
  option("--head-samples <n>", "sampled: words that each step is told from (default: 1024)", (o) => integer(o, 1)),
  new Option("--tied", "the same as --head tied: the head uses the embedding's matrix"),
];

export const cellOptions = (): Option[] => [
  option("--reset <place>", "gru: reset gate after or before the product, or none (default: after)", (o) =>
    choice(o, resets),
  ),
  option("--weight-drop <p>", "chance to drop a recurrent weight (default: 0)", share),
  option("--recurrent-dropout <p>", "chance to drop a state on its way to the next step (default: 0)", share),
  option("--zoneout <p>", "chance that a state stays as it was (default: 0)", share),
  new Option("--layer-norm", "normalise the sums of each step"),
  option("--peephole <form>", "lstm: gates see the cell: gers or ng", (o) => choice(o, peepholes)),
  option("--projection <n>", "lstm: width that its output is projected to", (o) => integer(o, 1)),
  option("--forget-bias <b>", "lstm: what the forget gate begins with (default: 1)", (o) =>
    real(o, { from: -100, upTo: 100 }),
  ),
  option("--window <n>", "window: inputs it sees, and no more (default: 5)", (o) => integer(o, 2, 64)),
];
