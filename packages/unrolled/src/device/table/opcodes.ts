// The small languages that kernel calls carry: instructions of `map`, activations of `rnn`.

/**
 * Instructions of `map`: `[opcode, a, b, c]`; a, b, c are registers (inputs first, then one register per instruction),
 * except for constant, whose `a` is the value itself.
 */
export const mapOpcodes = [
  "constant",
  "add",
  "sub",
  "mul",
  "div",
  "minimum",
  "maximum",
  "power",
  "negate",
  "absolute",
  "exp",
  "log",
  "sqrt",
  "tanh",
  "sigmoid",
  "relu",
  "sign",
  "floor",
  "softplus",
  "equal",
  "less",
  "lessEqual",
  "where",
  "finite",
] as const; // prettier-ignore
export type MapOpcode = (typeof mapOpcodes)[number];
export const mapLimits = { inputs: 12, outputs: 8, instructions: 48 } as const;

export const rnnActivations = ["tanh", "relu", "sigmoid", "linear"] as const;
export type RnnActivation = (typeof rnnActivations)[number];

/**
 * Activations of recurrent layers with options: hardSigmoid min(max(alpha x + beta, 0), 1), leakyRelu alpha x below 0,
 * scaledTanh alpha tanh(beta x). The slope follows from the value, so alpha > 0 (leakyRelu: alpha >= 0).
 */
export const cellActivations = [...rnnActivations, "hardSigmoid", "leakyRelu", "scaledTanh"] as const;
export type CellActivation = (typeof cellActivations)[number];
