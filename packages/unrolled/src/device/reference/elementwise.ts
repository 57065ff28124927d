// Reference kernels that work element by element or along one axis: fill, copy, map, reduce, argmax, toIds.
import { type MapOpcode, mapOpcodes } from "../kernels.js";
import type { Arguments } from "./arguments.js";

export function fill({ y, n, value }: Arguments<"fill">): void {
  y.fill(value, 0, n);
}

export function copy(a: Arguments<"copy">): void {
  const { y, x } = a;
  for (let i = 0; i < a.d0; i++)
    for (let j = 0; j < a.d1; j++)
      for (let k = 0; k < a.d2; k++) {
        const yRow = i * a.ys0 + j * a.ys1 + k * a.ys2;
        const xRow = i * a.xs0 + j * a.xs1 + k * a.xs2;
        for (let l = 0; l < a.d3; l++) y[yRow + l * a.ys3] = x[xRow + l * a.xs3];
      }
}

const unary: Partial<Record<MapOpcode, (a: number) => number>> = {
  negate: (a) => -a,
  absolute: Math.abs,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  tanh: Math.tanh,
  sigmoid,
  relu: (a) => Math.max(a, 0),
  sign: Math.sign,
  floor: Math.floor,
  softplus: (a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a))),
  finite: (a) => (Number.isFinite(a) ? 1 : 0),
};

const binary: Partial<Record<MapOpcode, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  minimum: Math.min,
  maximum: Math.max,
  power: Math.pow,
  equal: (a, b) => (a === b ? 1 : 0),
  less: (a, b) => (a < b ? 1 : 0),
  lessEqual: (a, b) => (a <= b ? 1 : 0),
};

export function sigmoid(a: number): number {
  return 1 / (1 + Math.exp(-a));
}

/** One whole array per register: every input is read before any output is written, so outputs may lie on inputs. */
export function map(a: Arguments<"map">, tail: readonly number[]): void {
  const inputs = [a.x0, a.x1, a.x2, a.x3, a.x4, a.x5, a.x6, a.x7, a.x8, a.x9, a.x10, a.x11];
  const outputs = [a.y0, a.y1, a.y2, a.y3, a.y4, a.y5, a.y6, a.y7];
  const size = a.d0 * a.d1 * a.d2 * a.d3;
  const registers: Float64Array[] = [];
  for (let i = 0; i < a.inputs; i++) {
    registers.push(gatherInput(inputs[i] ?? new Float64Array(0), a, tail.slice(4 * i, 4 * i + 4)));
  }
  const results = 4 * (a.inputs + a.outputs);
  const code = results + a.outputs;
  for (let i = 0; i < a.instructions; i++) {
    registers.push(execute(tail.slice(code + 4 * i, code + 4 * i + 4), registers, size));
  }
  for (let i = 0; i < a.outputs; i++) {
    const strides = tail.slice(4 * (a.inputs + i), 4 * (a.inputs + i) + 4);
    scatterOutput(outputs[i], registers[tail[results + i]], a, strides);
  }
}

function gatherInput(x: Float64Array, a: Arguments<"map">, strides: readonly number[]): Float64Array {
  const register = new Float64Array(a.d0 * a.d1 * a.d2 * a.d3);
  let next = 0;
  for (let i = 0; i < a.d0; i++)
    for (let j = 0; j < a.d1; j++)
      for (let k = 0; k < a.d2; k++) {
        const start = i * strides[0] + j * strides[1] + k * strides[2];
        for (let l = 0; l < a.d3; l++) register[next++] = x[start + l * strides[3]];
      }
  return register;
}

function scatterOutput(y: Float64Array, register: Float64Array, a: Arguments<"map">, strides: readonly number[]): void {
  let next = 0;
  for (let i = 0; i < a.d0; i++)
    for (let j = 0; j < a.d1; j++)
      for (let k = 0; k < a.d2; k++) {
        const start = i * strides[0] + j * strides[1] + k * strides[2];
        for (let l = 0; l < a.d3; l++) y[start + l * strides[3]] = register[next++];
      }
}

function execute(instruction: readonly number[], registers: readonly Float64Array[], size: number): Float64Array {
  const y = new Float64Array(size);
  const opcode = mapOpcodes[instruction[0]];
  if (opcode === "constant") return y.fill(instruction[1]);
  const a = registers[instruction[1]];
  const b = registers[instruction[2]];
  const one = unary[opcode];
  const two = binary[opcode];
  if (one) for (let i = 0; i < size; i++) y[i] = one(a[i]);
  else if (two) for (let i = 0; i < size; i++) y[i] = two(a[i], b[i]);
  else {
    const c = registers[instruction[3]]; // where
    for (let i = 0; i < size; i++) y[i] = a[i] !== 0 ? b[i] : c[i];
  }
  return y;
}

export function reduce({ y, x, outer, n, inner, kind, scale }: Arguments<"reduce">): void {
  for (let i = 0; i < outer; i++)
    for (let j = 0; j < inner; j++) {
      let result = kind === 0 ? 0 : Number.NEGATIVE_INFINITY;
      for (let k = 0; k < n; k++) {
        const value = x[(i * n + k) * inner + j];
        result = kind === 0 ? result + value : Math.max(result, value);
      }
      y[i * inner + j] = scale * result;
    }
}

export function argmax({ y, x, R, n }: Arguments<"argmax">): void {
  for (let row = 0; row < R; row++) {
    let best = -1;
    for (let i = 0; i < n; i++) {
      const value = x[row * n + i];
      if (!Number.isNaN(value) && (best < 0 || value > x[row * n + best])) best = i;
    }
    y[row] = Math.max(best, 0);
  }
}

export function toIds({ y, x, n }: Arguments<"toIds">): void {
  for (let i = 0; i < n; i++) y[i] = x[i] >= 0 && x[i] < 2 ** 31 ? Math.floor(x[i]) | 0 : -1;
}
