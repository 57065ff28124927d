// Reference kernels of the GRU layer (Cho 2014); gate order r, z, n. `gru` resets after the recurrent product (cuDNN,
// PyTorch), `gruBefore` before it (the paper).
import { type Activation, activationOf, candidateOf, gateOf } from "./activation.js";
import { cellActivations } from "../kernels.js";
import type { Arguments } from "./arguments.js";
import { addRowTimes } from "./matrix.js";
import { walkBackward, walkForward } from "./sequence.js";

interface Activations {
  readonly gate: Activation;
  readonly candidate: Activation;
}

const plain = (): Activations => ({
  gate: activationOf(cellActivations.indexOf("sigmoid"), 0, 0, 0),
  candidate: activationOf(cellActivations.indexOf("tanh"), 0, 0, 0),
});
const chosen = (a: Parameters<typeof gateOf>[0] & Parameters<typeof candidateOf>[0]): Activations => ({
  gate: gateOf(a),
  candidate: candidateOf(a),
});

export const gru = (a: Arguments<"gru">): void => forward(a, plain());
export const gruVariant = (a: Arguments<"gruVariant">): void => forward(a, chosen(a));
export const gruGrad = (a: Arguments<"gruGrad">): void => backward(a, plain());
export const gruVariantGrad = (a: Arguments<"gruVariantGrad">): void => backward(a, chosen(a));
export const gruBefore = (a: Arguments<"gruBefore">): void => forwardBefore(a, plain());
export const gruBeforeVariant = (a: Arguments<"gruBeforeVariant">): void => forwardBefore(a, chosen(a));
export const gruBeforeGrad = (a: Arguments<"gruBeforeGrad">): void => backwardBefore(a, plain());
export const gruBeforeVariantGrad = (a: Arguments<"gruBeforeVariantGrad">): void => backwardBefore(a, chosen(a));

function forward(a: Arguments<"gru">, { gate, candidate: squash }: Activations): void {
  const { h, gates, q, pre, r, bR, H } = a;
  const product = new Float64Array(3 * H);
  walkForward(
    a,
    [[h, a.h0]],
    ({ row, from, to }) => {
      const base = row * 3 * H;
      product.set(bR.subarray(0, 3 * H));
      addRowTimes(product, h, from, r, H, 3 * H);
      for (let j = 0; j < H; j++) {
        const reset = gate.value(pre[base + j] + product[j]);
        const z = gate.value(pre[base + H + j] + product[H + j]);
        const candidate = squash.value(pre[base + 2 * H + j] + reset * product[2 * H + j]);
        q[row * H + j] = product[2 * H + j];
        gates[base + j] = reset;
        gates[base + H + j] = z;
        gates[base + 2 * H + j] = candidate;
        h[to + j] = (1 - z) * candidate + z * h[from + j];
      }
    },
    (row) => {
      gates.fill(0, row * 3 * H, (row + 1) * 3 * H);
      q.fill(0, row * H, row * H + H);
    },
  );
}

function backward(a: Arguments<"gruGrad">, { gate, candidate: squash }: Activations): void {
  const { dpre, drec, dh0, gates, q, h, rT, H } = a;
  walkBackward(
    a,
    [{ result: dh0, external: a.dh }],
    ({ row, from }, at) => {
      const base = row * 3 * H;
      const carry = dh0.subarray(at, at + H);
      for (let j = 0; j < H; j++) {
        const reset = gates[base + j];
        const z = gates[base + H + j];
        const candidate = gates[base + 2 * H + j];
        const dn = carry[j] * (1 - z) * squash.slope(candidate);
        const dr = dn * q[row * H + j] * gate.slope(reset);
        const dz = carry[j] * (h[from + j] - candidate) * gate.slope(z);
        dpre[base + j] = dr;
        dpre[base + H + j] = dz;
        dpre[base + 2 * H + j] = dn;
        drec[base + j] = dr;
        drec[base + H + j] = dz;
        drec[base + 2 * H + j] = dn * reset;
        carry[j] *= z;
      }
      addRowTimes(carry, drec, base, rT, 3 * H, H);
    },
    (row) => {
      dpre.fill(0, row * 3 * H, (row + 1) * 3 * H);
      drec.fill(0, row * 3 * H, (row + 1) * 3 * H);
    },
  );
}

function forwardBefore(a: Arguments<"gruBefore">, { gate, candidate: squash }: Activations): void {
  const { h, gates, rh, pre, H } = a;
  const rz = new Float64Array(2 * H);
  const n = new Float64Array(H);
  walkForward(
    a,
    [[h, a.h0]],
    ({ row, from, to }) => {
      const base = row * 3 * H;
      rz.set(pre.subarray(base, base + 2 * H));
      addRowTimes(rz, h, from, a.rz, H, 2 * H);
      n.set(pre.subarray(base + 2 * H, base + 3 * H));
      for (let j = 0; j < H; j++) {
        gates[base + j] = gate.value(rz[j]);
        gates[base + H + j] = gate.value(rz[H + j]);
        rh[row * H + j] = gates[base + j] * h[from + j];
      }
      addRowTimes(n, rh, row * H, a.rn, H, H);
      for (let j = 0; j < H; j++) {
        const z = gates[base + H + j];
        const candidate = squash.value(n[j]);
        gates[base + 2 * H + j] = candidate;
        h[to + j] = (1 - z) * candidate + z * h[from + j];
      }
    },
    (row) => {
      gates.fill(0, row * 3 * H, (row + 1) * 3 * H);
      rh.fill(0, row * H, row * H + H);
    },
  );
}

function backwardBefore(a: Arguments<"gruBeforeGrad">, { gate, candidate: squash }: Activations): void {
  const { dpre, dh0, gates, h, H } = a;
  const drh = new Float64Array(H); // gradient of r h
  walkBackward(
    a,
    [{ result: dh0, external: a.dh }],
    ({ row, from }, at) => {
      const base = row * 3 * H;
      const carry = dh0.subarray(at, at + H);
      for (let j = 0; j < H; j++) {
        const z = gates[base + H + j];
        const candidate = gates[base + 2 * H + j];
        dpre[base + H + j] = carry[j] * (h[from + j] - candidate) * gate.slope(z);
        dpre[base + 2 * H + j] = carry[j] * (1 - z) * squash.slope(candidate);
        carry[j] *= z;
      }
      addRowTimes(drh.fill(0), dpre, base + 2 * H, a.rnT, H, H);
      for (let j = 0; j < H; j++) {
        const reset = gates[base + j];
        dpre[base + j] = drh[j] * h[from + j] * gate.slope(reset);
        carry[j] += drh[j] * reset;
      }
      addRowTimes(carry, dpre, base, a.rzT, 2 * H, H);
    },
    (row) => dpre.fill(0, row * 3 * H, (row + 1) * 3 * H),
  );
}
