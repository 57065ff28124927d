// The options of `train` that name training methods.
import { Option } from "commander";
import { integer, real } from "./parse.js";
import { option } from "./program-parts.js";

export const methodOptions = (): Option[] => [
  option("--backward <n>", "tokens that gradients reach back over, k2 (default: --sequence, k1)", (o) => integer(o, 1)),
  new Option("--carry", "carry the state from step to step (default)"),
  new Option("--no-carry", "begin every step from zero states"),
  new Option("--document-separator <token>", "a text begins anew where it reads this token (\\n: a new line)"),
  new Option("--recompute", "keep the states of about every root of --sequence steps, compute the rest twice"),
  option("--accumulate <n>", "add up the gradients of n batches before an update (default: 1)", (o) => integer(o, 1)),
  option("--ema <share>", "keep and measure a moving average of the weights: .999", (o) =>
    real(o, { above: 0, below: 1 }),
  ),
  option("--early-stop <n>", "stop after n validations without gain, keep the best", (o) => integer(o, 1)),
  option("--label-smoothing <e>", "aim at 1-e of the next token and e of all alike", (o) =>
    real(o, { from: 0, below: 1 }),
  ),
  new Option("--decay-all", "adamw: biases, gains and embeddings decay too"),
  new Option("--find-rate", "try rates from 1e-6 to 10 on a few steps, suggest one, and train nothing"),
  option("--seeds <n>", "as many runs, with seeds from --seed on; their mean and its 95 % interval", (o) =>
    integer(o, 2, 100),
  ),
];
