// Options that the recurrent kernels with options are tried with, by turns. H hidden.
import { type CellActivation, cellActivations, type KernelName } from "../../device/kernels.js";

type Chosen = readonly [name: CellActivation, alpha?: number, beta?: number];

/** One choice of options: numbers of the kernel's row, and whether peepholes are given. */
export interface OptionChoice {
  readonly name: string;
  readonly numbers: Readonly<Record<string, number>>;
  readonly peepholes: boolean;
}

function activations(chosen: Readonly<Record<string, Chosen>>): Record<string, number> {
  const numbers: Record<string, number> = {};
  for (const [place, [name, alpha = 0, beta = 0]] of Object.entries(chosen)) {
    numbers[place] = cellActivations.indexOf(name);
    numbers[`${place}Alpha`] = alpha;
    numbers[`${place}Beta`] = beta;
  }
  return numbers;
}

const named = (chosen: readonly Chosen[], clip: number): string =>
  `${chosen.map((one) => one.join(" ")).join(", ")}${clip > 0 ? `, clip ${clip}` : ""}`;

function rnnChoice(candidate: Chosen, clip: number): OptionChoice {
  return { name: named([candidate], clip), numbers: { ...activations({ candidate }), clip }, peepholes: false };
}

function gruChoice(gate: Chosen, candidate: Chosen, clip: number): OptionChoice {
  const numbers = { ...activations({ gate, candidate }), clip };
  return { name: named([gate, candidate], clip), numbers, peepholes: false };
}

type Peepholes = "none" | "new" | "previous";

function lstmChoice(
  peepholes: Peepholes,
  coupled: boolean,
  chosen: readonly [Chosen, Chosen, Chosen] = [["sigmoid"], ["tanh"], ["tanh"]],
  clip = 0,
): OptionChoice {
  const [gate, candidate, output] = chosen;
  return {
    name: `peepholes ${peepholes}${coupled ? ", coupled" : ""}, ${named(chosen, clip)}`,
    numbers: {
      ...activations({ gate, candidate, output }),
      clip,
      coupled: coupled ? 1 : 0,
      previous: peepholes === "previous" ? 1 : 0,
    },
    peepholes: peepholes !== "none",
  };
}

const hard: Chosen = ["hard-sigmoid", 0.25, 0.5];
const scaled: Chosen = ["scaled-tanh", 1.5, 0.75];
const leaky: Chosen = ["leaky-relu", 0.25];

const rnnChoices = [
  rnnChoice(hard, 0),
  rnnChoice(scaled, 0),
  rnnChoice(["tanh"], 0.5),
  rnnChoice(leaky, 1.5),
  rnnChoice(["linear"], 1.25),
];
const gruChoices = [
  gruChoice(hard, ["tanh"], 0),
  gruChoice(["sigmoid"], scaled, 0),
  gruChoice(["relu"], ["relu"], 1.5),
  gruChoice(["tanh"], ["sigmoid"], 0.75),
  gruChoice(leaky, ["linear"], 1.25),
];
const lstmChoices = [
  lstmChoice("new", false),
  lstmChoice("previous", false),
  lstmChoice("none", true),
  lstmChoice("new", true, [hard, scaled, ["sigmoid"]], 1.5),
  lstmChoice("previous", true),
  lstmChoice("none", false, [hard, ["tanh"], ["tanh"]]),
  lstmChoice("previous", false, [["sigmoid"], leaky, ["linear"]], 1.25),
  lstmChoice("new", true),
  lstmChoice("new", false, [["relu"], ["relu"], ["relu"]], 0.75),
];

/** Choice number `turn` of a kernel with options; undefined for the others. */
export function optionChoice(kernel: KernelName, turn: number): OptionChoice | undefined {
  const choices = choicesOf(kernel);
  return choices[turn % choices.length];
}

export function choicesOf(kernel: KernelName): readonly OptionChoice[] {
  if (!kernel.includes("Variant")) return [];
  return kernel.startsWith("rnn") ? rnnChoices : kernel.startsWith("gru") ? gruChoices : lstmChoices;
}
