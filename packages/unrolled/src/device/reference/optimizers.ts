// Reference kernels that update state: sumSquares, assign and the optimizers. The gradient an optimizer sees is
// scale clamp(g) + decay w; nothing at all is written unless the guard is finite or absent.
import type { Arguments } from "./arguments.js";

const allowed = (guard: Float64Array | null): boolean => guard === null || Number.isFinite(guard[0]);

/** g within +-limit, where there is one; NaN stays. */
const clipped = (g: number, limit: number): number => (limit > 0 ? Math.max(-limit, Math.min(limit, g)) : g);

export function sumSquares({ y, x, n }: Arguments<"sumSquares">): void {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += x[i] * x[i];
  y[0] = sum;
}

export function assign({ y, x, guard, n }: Arguments<"assign">): void {
  if (!allowed(guard)) return;
  for (let i = 0; i < n; i++) y[i] = x[i];
}

export function sgd({ w, v, g, rate, scale, guard, n, nesterov, momentum, decay, limit }: Arguments<"sgd">): void {
  if (!allowed(guard)) return;
  const factor = scale ? scale[0] : 1;
  for (let i = 0; i < n; i++) {
    const gradient = factor * clipped(g[i], limit) + decay * w[i];
    const velocity = momentum * (v ? v[i] : 0) + gradient;
    if (v) v[i] = velocity;
    w[i] -= rate[0] * (nesterov ? gradient + momentum * velocity : velocity);
  }
}

export function adagrad({ w, s, g, rate, scale, guard, n, epsilon, decay, limit }: Arguments<"adagrad">): void {
  if (!allowed(guard)) return;
  const factor = scale ? scale[0] : 1;
  for (let i = 0; i < n; i++) {
    const gradient = factor * clipped(g[i], limit) + decay * w[i];
    s[i] += gradient * gradient;
    w[i] -= (rate[0] * gradient) / (Math.sqrt(s[i]) + epsilon);
  }
}

export function rmsprop({ w, s, g, rate, scale, guard, n, alpha, epsilon, decay, limit }: Arguments<"rmsprop">): void {
  if (!allowed(guard)) return;
  const factor = scale ? scale[0] : 1;
  for (let i = 0; i < n; i++) {
    const gradient = factor * clipped(g[i], limit) + decay * w[i];
    s[i] = alpha * s[i] + (1 - alpha) * gradient * gradient;
    w[i] -= (rate[0] * gradient) / (Math.sqrt(s[i]) + epsilon);
  }
}

export function adam(a: Arguments<"adam">): void {
  const { w, m, v, g, rate, scale, beta1, beta2, decay, limit } = a;
  if (!allowed(a.guard)) return;
  const factor = scale ? scale[0] : 1;
  for (let i = 0; i < a.n; i++) {
    const gradient = factor * clipped(g[i], limit) + (a.decoupled ? 0 : decay * w[i]);
    if (a.decoupled) w[i] -= rate[0] * decay * w[i];
    m[i] = beta1 * m[i] + (1 - beta1) * gradient;
    v[i] = beta2 * v[i] + (1 - beta2) * gradient * gradient;
    w[i] -= (rate[0] * (m[i] * rate[1])) / (Math.sqrt(v[i] * rate[2]) + a.epsilon);
  }
}
