// What options of the fused layers mean where sources leave it open, and what they refuse. T time, N batch, H hidden.
import { evaluate, f32, compile, full, gru, lstm, openReference, rnn, type Tensor, zeros } from "unrolled";
import { close } from "unrolled/testing";
import { describe, expect, it } from "vitest";

const device = openReference();
const [T, N, H] = [2, 1, 1];
const pre = zeros([T, N, 4 * H]);
const R = zeros([4 * H, H]);
const values = (tensor: Tensor): ArrayLike<number> => evaluate(device, tensor).data;

describe("clip of an LSTM", () => {
  // With all sums zero i = f = o = 1/2 and g = 0: the cell halves.
  const { y, cells } = lstm(pre, R, zeros([N, H]), full([N, H], 8), { clip: 1 });

  it("limits the cell on its way through the output activation", () => {
    close(values(y), [0.5 * Math.tanh(1), 0.5 * Math.tanh(1)], { label: "h" });
  });

  it("does not limit the cell that is carried on", () => {
    close(values(cells), [4, 2], { label: "c" });
  });
});

describe("a row without a step", () => {
  it("ends with the state that it began with", () => {
    const layer = compile(device, { lengths: { shape: [2], dtype: "i32" }, h0: f32(2, 1) }, ({ lengths, h0 }) => {
      const { h } = rnn(full([3, 2, 1], 0.5), zeros([1, 1]), h0, { lengths, clip: 2 });
      return { outputs: { h } };
    });
    close(layer.run({ lengths: [0, 3], h0: [0.25, 0.25] }).h as ArrayLike<number>, [0.25, Math.tanh(0.5)], {
      label: "last state",
    });
  });
});

describe("options that no layer has", () => {
  const state = zeros([N, H]);
  it("names them", () => {
    expect(() => lstm(pre, R, state, state, { peephole: { weights: zeros([2 * H]), form: "gers" } })).toThrow(
      "lstm: peepholes must be [3], was [2]",
    );
    expect(() => lstm(pre, R, state, state, { coupled: true })).toThrow("lstm: ");
    expect(() => rnn(zeros([T, N, H]), zeros([H, H]), state, { clip: 0 })).toThrow("rnn: clip must be above 0, was 0");
    const gate = { name: "hard-sigmoid", alpha: -1, beta: 0 } as const;
    expect(() => gru(zeros([T, N, 3 * H]), zeros([3 * H, H]), zeros([3 * H]), state, { gate })).toThrow(
      "gru: parameters of hard-sigmoid must let it grow, were -1 and 0",
    );
  });
});
