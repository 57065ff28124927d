// A cell of one's own, taught whether the number of ones read so far is odd: node examples/dist/custom-cell.js
import { openDevice } from "@unrolled/kernels";
import * as u from "unrolled";
import { add, matmul, mul, sigmoid, split, sub, tanh } from "unrolled";

/** Minimal gated unit: one gate both forgets and resets. x [N,D], h [N,H]. Source: Zhou et al. 2016, eq. 3-5. */
const mgu = u.cell({
  weights: ({ D, H }) => ({ W: [D, 2 * H], Rf: [H, H], Rh: [H, H], b: [2 * H] }),
  state: ({ H }) => ({ h: [H] }),
  step({ W, Rf, Rh, b }, x, { h }) {
    const [af, ah] = split(add(matmul(x, W), b), 2);
    const f = sigmoid(add(af, matmul(h, Rf)));
    const candidate = tanh(add(ah, matmul(mul(f, h), Rh)));
    return { h: add(mul(sub(1, f), h), mul(f, candidate)) };
  },
});

const [T, N, D, H] = [8, 64, 1, 16];
const weights = u.drawnVariables("weights", { ...mgu.weights({ D, H }), V: [2, H], c: [2] }, 1);
const optimizer = u.makeOptimizer(u.adam({ rate: 0.01 }), weights.V.storage);
const device = await openDevice();
const inputs = { x: u.f32(T, N, D), y: u.i32(T, N), rate: u.f32(optimizer.rateCount) };
const step = u.compile(device, inputs, ({ x, y, rate }) => {
  const { y: h } = u.unroll(mgu, weights, x, { h: u.zeros([N, H]) }); // T copies, tied weights
  const { sum, count } = u.crossEntropy(u.linear(h, weights.V, weights.c), y);
  const loss = u.div(sum, count);
  return { outputs: { loss }, ...u.descend(loss, weights, optimizer, rate, { norm: 5 }) }; // BPTT falls out
});

const random = u.draws(1);
for (let t = 1; t <= 600; t++) {
  const x = Float32Array.from({ length: T * N }, () => Math.floor(2 * random.uniform()));
  const y = x.slice();
  for (let i = N; i < T * N; i++) y[i] = (y[i - N] + x[i]) % 2;
  const { loss } = step.run({ x, y, rate: optimizer.rates(t, 0.01) });
  if (t % 100 === 0) console.log(`step ${t}: ${loss.toFixed(4)} nats`);
}
device.close();
