// Long short-term memory. i,f,g,o: c' = f c + i g, h' = o tanh(c'). Sources: Hochreiter & Schmidhuber 1997, forget gate of
// Gers 2000; PyTorch's gate order. The forget bias starts at 1 (Jozefowicz 2015).
import { add, linear, lstm, mul, sigmoid, split, tanh } from "../../graph/ops/index.js";
import { type Cell, project, recurrent } from "../cell.js";
import { type StandardWeight, standardWeights } from "./standard.js";

export const lstmCell: Cell<StandardWeight, "h" | "c"> = {
  name: "lstm",
  weights: standardWeights(4),
  state: ({ H }) => ({ h: [H], c: [H] }),
  step: ({ weight_ih, weight_hh, bias_ih, bias_hh }, x, { h, c }) => {
    const gates = add(linear(x, weight_ih, add(bias_ih, bias_hh)), recurrent(h, weight_hh));
    const [i, f, g, o] = split(gates, 4);
    const [input, forget, candidate, output] = [sigmoid(i), sigmoid(f), tanh(g), sigmoid(o)];
    const next = add(mul(forget, c), mul(input, candidate));
    return { h: mul(output, tanh(next)), c: next, i: input, f: forget, g: candidate, o: output };
  },
  fused: ({ weight_ih, weight_hh, bias_ih, bias_hh }, input, { h, c }, options) => {
    const states = lstm(project(input, weight_ih, add(bias_ih, bias_hh)), weight_hh, h, c, options);
    const [i, f, g, o] = split(states.gates, 4);
    return {
      y: states.y,
      state: { h: states.h, c: states.c },
      trace: { h: states.y, c: states.cells, i, f, g, o },
    };
  },
  initial: (weight, { D, H }, uniform) => {
    const words = weight === "weight_ih" ? 4 * H * D : weight === "weight_hh" ? 4 * H * H : 4 * H;
    const values = Float32Array.from({ length: words }, () => (2 * uniform() - 1) / Math.sqrt(H));
    if (weight === "bias_ih") values.fill(1, H, 2 * H);
    if (weight === "bias_hh") values.fill(0, H, 2 * H);
    return values;
  },
};
