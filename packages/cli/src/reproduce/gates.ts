// Gates that begin open: what a gated network needs to see far from its first step on. Each changes the first values of
// bias_ih, H units of each gate: i,f,g,o of an LSTM, r,z,n of a GRU.
import { draws } from "unrolled";

export type Bias = (values: Float32Array, H: number) => void;

/** The forget gates of an LSTM, or the update gates z of a GRU, whose h' = (1-z) n + z h keeps: the same place in both. */
export const openGates =
  (bias: number): Bias =>
  (values, H) =>
    void values.fill(bias, H, 2 * H);

/**
 * An LSTM whose units begin with memories of all lengths up to T: forget biases log u with u uniform in 1 to T-1, input
 * biases their opposites. Source: Tallec & Ollivier 2018, "Can recurrent neural networks warp time?", equation 16.
 */
export const chronoGates =
  (T: number, seed: number): Bias =>
  (values, H) => {
    const random = draws(seed * 7_919 + 3);
    for (let i = 0; i < H; i++) {
      values[H + i] = Math.log(1 + (T - 2) * random.uniform());
      values[i] = -values[H + i];
    }
  };
