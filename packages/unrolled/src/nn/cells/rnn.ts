// Vanilla (Elman) cell: h' = tanh(x W' + b + h R'). Source: Elman 1990; PyTorch's nn.RNN.
import { add, linear, rnn, tanh } from "../../graph/ops/index.js";
import { type Cell, project, recurrent } from "../cell.js";
import { type StandardWeight, standardWeights } from "./standard.js";

export const rnnCell: Cell<StandardWeight, "h"> = {
  name: "rnn",
  weights: standardWeights(1),
  state: ({ H }) => ({ h: [H] }),
  step: ({ weight_ih, weight_hh, bias_ih, bias_hh }, x, { h }) => ({
    h: tanh(add(linear(x, weight_ih, add(bias_ih, bias_hh)), recurrent(h, weight_hh))),
  }),
  fused: ({ weight_ih, weight_hh, bias_ih, bias_hh }, input, { h }, options) => {
    const states = rnn(project(input, weight_ih, add(bias_ih, bias_hh)), weight_hh, h, options);
    return { y: states.y, state: { h: states.h }, trace: { h: states.y } };
  },
};
