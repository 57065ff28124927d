// Small programs written by hand, for tests of the devices themselves.
import { type Device, type EncodedProgram, type KernelName, kernelNames, type Region } from "unrolled";

export type Call = readonly [kernel: KernelName, ...numbers: number[]];

/** Offset and length of a region, as arguments of a call. */
export const span = (region: Region): [number, number] => [region.offset, region.words];

/** `work` far above what the calls explain shares every call among all threads. */
export function program(calls: readonly Call[], work = 1e12): EncodedProgram {
  const code = calls.flatMap(([kernel, ...numbers]) => [kernelNames.indexOf(kernel), numbers.length, ...numbers]);
  return { code: Float64Array.from(code), calls: calls.length, work };
}

/** Fills x with nines, then with random numbers, and copies it transposed into y: [rows, columns] to [columns, rows]. */
export function fillAndTranspose(x: Region, y: Region, rows: number, columns: number, key: Region): EncodedProgram {
  return program([
    ["fill", ...span(x), rows * columns, 9],
    ["random", ...span(x), ...span(key), rows * columns, 3, 0],
    ["copy", ...span(y), ...span(x), columns, rows, 1, 1, rows, 1, 0, 0, 1, columns, 0, 0],
  ]);
}

/** Runs it and gives back what x and y hold. */
export function runFillAndTranspose(device: Device, rows: number, columns: number, times = 1): [number[], number[]] {
  const [x, y, key] = [device.allocate(rows * columns), device.allocate(rows * columns), device.allocate(2)];
  device.view(key, "i32").set([17, 4]);
  const handle = device.load(fillAndTranspose(x, y, rows, columns, key));
  device.run(handle, times);
  const result: [number[], number[]] = [Array.from(device.view(x, "f32")), Array.from(device.view(y, "f32"))];
  device.unload(handle);
  for (const region of [x, y, key]) device.free(region);
  return result;
}
