import type { Experiment } from "./experiment.js";
import { adding } from "./experiments/adding.js";
import { agreement } from "./experiments/agreement.js";
import { dates } from "./experiments/dates.js";
import { addition, additionNine, additionReadings, execute } from "./experiments/execute.js";
import { handSet } from "./experiments/hand-set.js";
import { hello } from "./experiments/hello.js";
import { melodies } from "./experiments/melodies.js";
import { memoryBaselines } from "./experiments/memory-baselines.js";
import { minChar } from "./experiments/min-char.js";
import { names } from "./experiments/names.js";
import { pigLatin } from "./experiments/pig-latin.js";
import { rearrange } from "./experiments/rearrange.js";
import { syntax } from "./experiments/syntax.js";
import { synthetic } from "./experiments/synthetic.js";
import { tagging } from "./experiments/tagging.js";

/** All experiments by name, as the list shows them. */
export const experiments: readonly Experiment[] = [
  handSet,
  hello,
  agreement,
  adding,
  tagging,
  syntax,
  names,
  memoryBaselines,
  minChar,
  dates,
  pigLatin,
  addition,
  additionNine,
  additionReadings,
  execute,
  rearrange,
  melodies,
  ...synthetic,
];
