// Reference kernels of the GRU layer (Cho 2014); gate order r, z, n. `gru` resets after the recurrent product (cuDNN,
// PyTorch), `gruBefore` before it (the paper).
import type { Arguments } from "./arguments.js";
import { sigmoid } from "./elementwise.js";
import { addRowTimes } from "./matrix.js";
import { walkBackward, walkForward } from "./sequence.js";

export function gru(a: Arguments<"gru">): void {
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
        const reset = sigmoid(pre[base + j] + product[j]);
        const z = sigmoid(pre[base + H + j] + product[H + j]);
        const candidate = Math.tanh(pre[base + 2 * H + j] + reset * product[2 * H + j]);
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

export function gruGrad(a: Arguments<"gruGrad">): void {
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
        const dn = carry[j] * (1 - z) * (1 - candidate * candidate);
        const dr = dn * q[row * H + j] * reset * (1 - reset);
        const dz = carry[j] * (h[from + j] - candidate) * z * (1 - z);
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

export function gruBefore(a: Arguments<"gruBefore">): void {
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
        gates[base + j] = sigmoid(rz[j]);
        gates[base + H + j] = sigmoid(rz[H + j]);
        rh[row * H + j] = gates[base + j] * h[from + j];
      }
      addRowTimes(n, rh, row * H, a.rn, H, H);
      for (let j = 0; j < H; j++) {
        const z = gates[base + H + j];
        const candidate = Math.tanh(n[j]);
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

export function gruBeforeGrad(a: Arguments<"gruBeforeGrad">): void {
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
        dpre[base + H + j] = carry[j] * (h[from + j] - candidate) * z * (1 - z);
        dpre[base + 2 * H + j] = carry[j] * (1 - z) * (1 - candidate * candidate);
        carry[j] *= z;
      }
      addRowTimes(drh.fill(0), dpre, base + 2 * H, a.rnT, H, H);
      for (let j = 0; j < H; j++) {
        const reset = gates[base + j];
        dpre[base + j] = drh[j] * h[from + j] * reset * (1 - reset);
        carry[j] += drh[j] * reset;
      }
      addRowTimes(carry, dpre, base, a.rzT, 2 * H, H);
    },
    (row) => dpre.fill(0, row * 3 * H, (row + 1) * 3 * H),
  );
}
