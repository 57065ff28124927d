// How exact exp, tanh and sigmoid are on each device: over every float32 in steps, against float64, in units of the last place
// (ulp). `npm run prove:accuracy [-- --stride N]` (a prime; 1 visits all 4,294,967,296 values); exit code 1 beyond the bounds.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openNative, openWasm } from "@unrolled/kernels";
import { compile, type Device, exp, f32, sigmoid, tanh, type Words } from "unrolled";
import { machine, versions } from "./machine.js";
import { benchFolder } from "./measure/configurations.js";
import { formatTable } from "./report/table.js";

const exact = {
  exp: Math.exp,
  tanh: Math.tanh,
  sigmoid: (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
} as const;
type Name = keyof typeof exact;
const names = Object.keys(exact) as Name[];

/** Largest error allowed, in ulp of the true value where that is a normal number. */
const bounds: Readonly<Record<Name, number>> = { exp: 1, tanh: 2.5, sigmoid: 2.5 };

interface Worst {
  ulp: number;
  at: number;
  /** Largest absolute error where the true value is below the normal numbers. */
  tiny: number;
  /** Inputs whose result is NaN or infinite where it must not be, or the other way round. */
  wrong: number;
  visited: number;
}

const builds: readonly { readonly name: string; readonly open: () => Promise<Device> }[] = [
  { name: "native", open: () => openNative({ threads: 1 }) },
  { name: "native avx2", open: () => openNative({ threads: 1, isa: "avx2" }) },
  { name: "native plain", open: () => openNative({ threads: 1, isa: "plain" }) },
  { name: "wasm relaxed", open: () => openWasm({ threads: 1, relaxed: true }) },
  { name: "wasm simd", open: () => openWasm({ threads: 1, relaxed: false }) },
];

const smallestNormal = 2 ** -126;
const largest = 3.4028234663852886e38;
const block = 1 << 16;

/** Distance between neighbouring float32 around a value. */
const spacing = (value: number): number => 2 ** (Math.max(-126, Math.floor(Math.log2(Math.abs(value)))) - 23);

function visit(device: Device, stride: number): Record<Name, Worst> {
  const program = compile(device, { x: f32(block) }, ({ x }) => ({
    outputs: { exp: exp(x), tanh: tanh(x), sigmoid: sigmoid(x) },
  }));
  const bits = new Uint32Array(block);
  const x = new Float32Array(bits.buffer);
  const fresh = (): Worst => ({ ulp: 0, at: 0, tiny: 0, wrong: 0, visited: 0 });
  const worst: Record<Name, Worst> = { exp: fresh(), tanh: fresh(), sigmoid: fresh() };
  for (let start = 0; start < 2 ** 32; start += block * stride) {
    for (let i = 0; i < block; i++) bits[i] = Math.min(start + i * stride, 2 ** 32 - 1);
    const values = program.run({ x }) as Readonly<Record<Name, Words>>;
    for (const name of names) compare(x, values[name], exact[name], worst[name]);
  }
  program.close();
  return worst;
}

function compare(x: Float32Array, got: Words, truth: (x: number) => number, worst: Worst): void {
  for (let i = 0; i < x.length; i++) {
    const is = got[i];
    const expected = truth(x[i]);
    worst.visited++;
    if (Number.isNaN(expected) || expected > largest) {
      if (Number.isNaN(expected) ? !Number.isNaN(is) : is < largest) worst.wrong++;
    } else if (!Number.isFinite(is)) worst.wrong++;
    else if (Math.abs(expected) < smallestNormal) worst.tiny = Math.max(worst.tiny, Math.abs(is - expected));
    else {
      const ulp = Math.abs(is - expected) / spacing(expected);
      if (ulp > worst.ulp) Object.assign(worst, { ulp, at: x[i] });
    }
  }
}

async function main(stride: number): Promise<boolean> {
  const results: { device: string; detail: string; worst: Record<Name, Worst> }[] = [];
  for (const { name, open } of builds) {
    try {
      const device = await open();
      results.push({ device: name, detail: device.detail, worst: visit(device, stride) });
      device.close();
    } catch (error) {
      process.stdout.write(`left out: ${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
  const rows = results.flatMap(({ device, worst }) =>
    names.map((name) => [
      device,
      name,
      worst[name].ulp.toFixed(2),
      worst[name].at.toPrecision(9),
      worst[name].tiny.toExponential(1),
      String(worst[name].wrong),
    ]),
  ); // prettier-ignore
  const right = true;
  const heads = [
    { title: "device" },
    { title: "function" },
    { title: "ulp", right },
    { title: "at", right },
    { title: "below normal", right },
    { title: "wrong", right },
  ]; // prettier-ignore
  process.stdout.write(`${formatTable(heads, rows, 200).join("\n")}\n`);
  const folder = join(benchFolder, "results");
  mkdirSync(folder, { recursive: true });
  const date = new Date().toISOString();
  const record = {
    date,
    command: `npm run prove:accuracy -- --stride ${stride}`,
    machine: machine(),
    versions: versions(),
    stride,
    bounds,
    results,
  };
  writeFileSync(join(folder, `${date.slice(0, 10)}-accuracy.json`), `${JSON.stringify(record, null, 1)}\n`);
  return results.every(({ worst }) =>
    names.every((name) => worst[name].ulp <= bounds[name] && worst[name].wrong === 0),
  );
}

const { values } = parseArgs({ options: { stride: { type: "string", default: "401" } } });
const stride = Number(values.stride);
if (!Number.isInteger(stride) || stride < 1) {
  process.stderr.write(`prove:accuracy: --stride must be a whole number from 1, was ${values.stride}\n`);
  process.exitCode = 2;
} else process.exitCode = (await main(stride)) ? 0 : 1;
