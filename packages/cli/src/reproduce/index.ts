import type { Experiment } from "./experiment.js";
import { adding } from "./experiments/adding.js";
import { agreement } from "./experiments/agreement.js";

/** All experiments by name, as the list shows them. */
export const experiments: readonly Experiment[] = [agreement, adding];
