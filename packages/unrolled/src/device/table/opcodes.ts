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
 * Activations of recurrent layers with options: hard-sigmoid min(max(alpha x + beta, 0), 1), leaky-relu alpha x below 0,
 * scaled-tanh alpha tanh(beta x). The slope follows from the value, so alpha > 0 (leaky-relu: alpha >= 0).
 */
export const cellActivations = [...rnnActivations, "hard-sigmoid", "leaky-relu", "scaled-tanh"] as const;
export type CellActivation = (typeof cellActivations)[number];
