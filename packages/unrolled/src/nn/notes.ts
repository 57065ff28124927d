// Backpropagation through time as the lecture writes it (CSC321 lecture 14, section 3), in its own symbols and in plain numbers:
// what the engine's `gradient` does to an unrolled graph, spelt out. T time, N batch, D input, H hidden, O outputs.
// A bar over a symbol is the derivative of the loss by it: zBar(t) = dL/dz(t). Arrays count t from 0; the lecture from 1.

/** A function of one number and its derivative, both at z. */
export interface Phi {
  readonly of: (z: number) => number;
  readonly slope: (z: number) => number;
}

const logisticOf = (z: number): number => 1 / (1 + Math.exp(-z));

/** The functions that the lecture's nets use. */
export const phis = {
  linear: { of: (z) => z, slope: () => 1 },
  tanh: { of: Math.tanh, slope: (z) => 1 - Math.tanh(z) ** 2 },
  logistic: { of: logisticOf, slope: (z) => logisticOf(z) * (1 - logisticOf(z)) },
} as const satisfies Readonly<Record<string, Phi>>;

/** A net of one input, one hidden unit and one output. */
export interface ScalarNet {
  readonly u: number;
  readonly v: number;
  readonly w: number;
  readonly phi1: Phi;
  readonly phi2: Phi;
}

export interface ScalarForward {
  readonly x: readonly number[];
  readonly h0: number;
  readonly z: readonly number[];
  readonly h: readonly number[];
  readonly r: readonly number[];
  readonly y: readonly number[];
}

/** z(t) = w h(t-1) + u x(t), h(t) = phi1(z(t)), r(t) = v h(t), y(t) = phi2(r(t)). */
export function scalarForward({ u, v, w, phi1, phi2 }: ScalarNet, x: readonly number[], h0 = 0): ScalarForward {
  const [z, h, r, y]: number[][] = [[], [], [], []];
  for (let t = 0; t < x.length; t++) {
    z[t] = w * (t > 0 ? h[t - 1] : h0) + u * x[t];
    h[t] = phi1.of(z[t]);
    r[t] = v * h[t];
    y[t] = phi2.of(r[t]);
  }
  return { x, h0, z, h, r, y };
}

export interface ScalarBackward {
  readonly rBar: readonly number[];
  readonly hBar: readonly number[];
  readonly zBar: readonly number[];
  readonly uBar: number;
  readonly vBar: number;
  readonly wBar: number;
  readonly h0Bar: number;
}

/**
 * From yBar(t) = dL/dy(t) backwards:
 *
 *     rBar(t) = yBar(t) phi2'(r(t))
 *     hBar(t) = rBar(t) v + zBar(t+1) w      (the second term is absent at the last step)
 *     zBar(t) = hBar(t) phi1'(z(t))
 *     uBar = sum of zBar(t) x(t)    vBar = sum of rBar(t) h(t)    wBar = sum of zBar(t+1) h(t)
 *
 * The catch: where h(0) is not zero, wBar has the term zBar(1) h(0) as well, and h0Bar = zBar(1) w.
 */
export function scalarBackward(
  { v, w, phi1, phi2 }: ScalarNet,
  { x, h0, z, h, r }: ScalarForward,
  yBar: readonly number[],
): ScalarBackward {
  const [rBar, hBar, zBar]: number[][] = [[], [], []];
  let [uBar, vBar, wBar] = [0, 0, 0];
  for (let t = x.length - 1; t >= 0; t--) {
    rBar[t] = yBar[t] * phi2.slope(r[t]);
    hBar[t] = rBar[t] * v + (t + 1 < x.length ? zBar[t + 1] * w : 0);
    zBar[t] = hBar[t] * phi1.slope(z[t]);
    uBar += zBar[t] * x[t];
    vBar += rBar[t] * h[t];
    wBar += zBar[t] * (t > 0 ? h[t - 1] : h0);
  }
  return { rBar, hBar, zBar, uBar, vBar, wBar, h0Bar: x.length > 0 ? zBar[0] * w : 0 };
}

/** Rows of numbers. */
export type Matrix = readonly (readonly number[])[];

const transposed = (A: Matrix): Matrix => (A.length === 0 ? [] : A[0].map((_, j) => A.map((row) => row[j])));
/** A [m,k] times B [k,n]. */
const times = (A: Matrix, B: Matrix): Matrix => {
  const columns = transposed(B);
  return A.map((row) => columns.map((column) => row.reduce((sum, a, k) => sum + a * column[k], 0)));
};
const plus = (A: Matrix, B: Matrix): Matrix => A.map((row, i) => row.map((a, j) => a + B[i][j]));
const scaled = (A: Matrix, factor: number): Matrix => A.map((row) => row.map((a) => a * factor));
/** Elementwise: A phi'(B). */
const bySlope = (A: Matrix, phi: Phi, B: Matrix): Matrix =>
  A.map((row, i) => row.map((a, j) => a * phi.slope(B[i][j])));
const bent = (phi: Phi, A: Matrix): Matrix => A.map((row) => row.map(phi.of));

/** U [H,D] from input to hidden, V [O,H] from hidden to output, W [H,H] from hidden to hidden. */
export interface Net {
  readonly U: Matrix;
  readonly V: Matrix;
  readonly W: Matrix;
  readonly phi1: Phi;
  readonly phi2: Phi;
}

/** All of one forward pass: a matrix for each step with the examples as rows, X(t) [N,D], Z(t), H(t) [N,H], R(t), Y(t) [N,O]. */
export interface Forward {
  readonly X: readonly Matrix[];
  readonly H0: Matrix;
  readonly Z: readonly Matrix[];
  readonly H: readonly Matrix[];
  readonly R: readonly Matrix[];
  readonly Y: readonly Matrix[];
}

/** Z(t) = H(t-1) W' + X(t) U', H(t) = phi1(Z(t)), R(t) = H(t) V', Y(t) = phi2(R(t)); one example a row. */
export function notesForward({ U, V, W, phi1, phi2 }: Net, X: readonly Matrix[], H0: Matrix): Forward {
  const [Z, H, R, Y]: Matrix[][] = [[], [], [], []];
  for (let t = 0; t < X.length; t++) {
    Z[t] = plus(times(t > 0 ? H[t - 1] : H0, transposed(W)), times(X[t], transposed(U)));
    H[t] = bent(phi1, Z[t]);
    R[t] = times(H[t], transposed(V));
    Y[t] = bent(phi2, R[t]);
  }
  return { X, H0, Z, H, R, Y };
}

export interface Backward {
  readonly RBar: readonly Matrix[];
  readonly HBar: readonly Matrix[];
  readonly ZBar: readonly Matrix[];
  /** What step t adds to each weight's gradient: the gradients of T separate copies of the weights. */
  readonly each: { readonly U: readonly Matrix[]; readonly V: readonly Matrix[]; readonly W: readonly Matrix[] };
  readonly UBar: Matrix;
  readonly VBar: Matrix;
  readonly WBar: Matrix;
  /** [N,H]; like the other bars of single examples not divided by N. */
  readonly H0Bar: Matrix;
}

/**
 * From YBar(t) = dL/dY(t) [N,O] of every example's own loss backwards; the loss of the batch is summed over time and
 * averaged over the N examples:
 *
 *     RBar(t) = YBar(t) * phi2'(R(t))
 *     HBar(t) = RBar(t) V + ZBar(t+1) W
 *     ZBar(t) = HBar(t) * phi1'(Z(t))
 *     UBar = 1/N sum of ZBar(t)' X(t)    VBar = 1/N sum of RBar(t)' H(t)    WBar = 1/N sum of ZBar(t+1)' H(t)
 *
 * It is the backward pass of a multilayer perceptron of T layers, but that the gradients of a shared weight are summed over
 * time. WBar has the term ZBar(1)' H(0), which the lecture's sum leaves out: there h(0) is zero.
 */
export function notesBackward({ V, W, phi1, phi2 }: Net, forward: Forward, YBar: readonly Matrix[]): Backward {
  const { X, H0, Z, H, R } = forward;
  const [T, N] = [X.length, H0.length];
  const [RBar, HBar, ZBar]: Matrix[][] = [[], [], []];
  const each: { U: Matrix[]; V: Matrix[]; W: Matrix[] } = { U: [], V: [], W: [] };
  for (let t = T - 1; t >= 0; t--) {
    RBar[t] = bySlope(YBar[t], phi2, R[t]);
    HBar[t] = times(RBar[t], V);
    if (t + 1 < T) HBar[t] = plus(HBar[t], times(ZBar[t + 1], W));
    ZBar[t] = bySlope(HBar[t], phi1, Z[t]);
    each.U[t] = scaled(times(transposed(ZBar[t]), X[t]), 1 / N);
    each.V[t] = scaled(times(transposed(RBar[t]), H[t]), 1 / N);
    each.W[t] = scaled(times(transposed(ZBar[t]), t > 0 ? H[t - 1] : H0), 1 / N);
  }
  const overTime = (terms: readonly Matrix[]): Matrix => terms.reduce(plus);
  return {
    RBar,
    HBar,
    ZBar,
    each,
    UBar: overTime(each.U),
    VBar: overTime(each.V),
    WBar: overTime(each.W),
    H0Bar: times(ZBar[0], W),
  };
}
