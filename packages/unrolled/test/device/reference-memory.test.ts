// The reference as a device: regions, growth, programs that do not fit, and life after close().
import { type Device, kernelNames, openReference, type Region } from "unrolled";
import { identical } from "unrolled/testing";
import { expect, it } from "vitest";
import { DeviceError } from "../../src/errors.js";

const fill = (region: Region, n: number, value: number) => ({
  code: Float64Array.of(kernelNames.indexOf("fill"), 4, region.offset, region.words, n, value),
  calls: 1,
  work: 0,
});

function caught(action: () => unknown): DeviceError {
  try {
    action();
  } catch (error) {
    if (error instanceof DeviceError) return error;
    throw error;
  }
  throw new Error("must throw a DeviceError, threw nothing");
}

it("gives aligned, zeroed regions that do not overlap, and reuses what was freed", () => {
  const device = openReference();
  const regions = [1, 16, 17, 100, 0, 5000].map((words) => device.allocate(words));
  regions.forEach((region, i) => {
    device.view(region, i % 2 ? "i32" : "f32").fill(i + 1);
  });
  for (const [i, region] of regions.entries()) {
    expect(region.offset % 16).toBe(0);
    identical(device.view(region, "f32"), new Float64Array(region.words).fill(i + 1), `region ${i}`);
  }
  device.free(regions[1]);
  device.free(regions[2]);
  const again = device.allocate(48);
  expect(again.offset).toBe(regions[1].offset);
  identical(device.view(again, "f32"), new Float64Array(48), "reused memory");
  identical(device.view(regions[3], "f32"), new Float64Array(100).fill(4), "its neighbour");
});

it("frees a region once", () => {
  const device = openReference();
  const region = device.allocate(4);
  device.free(region);
  expect(caught(() => device.free(region)).message).toContain("only an allocated region");
});

it("runs no program whose memory was freed, whatever lies there now", () => {
  const device = openReference();
  const region = device.allocate(16);
  const handle = device.load(fill(region, 16, 3));
  device.free(region);
  const other = device.allocate(16);
  expect(other.offset).toBe(region.offset);
  expect(caught(() => device.run(handle)).code).toBe("region");
  identical(device.view(other, "f32"), new Float64Array(16));
});

it("runs a loaded program on memory that has grown since, and its own copy of the code", () => {
  const device = openReference();
  const region = device.allocate(3);
  const program = fill(region, 3, 7);
  const handle = device.load(program);
  program.code.fill(0);
  device.allocate(100_000);
  device.run(handle);
  identical(device.view(region, "f32"), [7, 7, 7]);
});

it("runs a program several times", () => {
  const device = openReference();
  const [y, x, guard] = [1, 1, 1].map((words) => device.allocate(words));
  device.view(x, "f32")[0] = 1;
  // w -= rate g with momentum 0: three times 0.5 * 1.
  const code = [
    kernelNames.indexOf("sgd"),
    17,
    y.offset,
    1,
    0,
    0,
    x.offset,
    1,
    x.offset,
    1,
    0,
    0,
    guard.offset,
    1,
    1,
    0,
    0,
    0,
    0,
  ];
  device.run(device.load({ code: Float64Array.from(code), calls: 1, work: 0 }), 3);
  identical(device.view(y, "f32"), [-3]);
});

it("refuses programs that do not fit, naming call, kernel and buffer", () => {
  const device = openReference();
  const region = device.allocate(3);
  const message = caught(() => device.load(fill(region, 4, 1))).message;
  for (const part of ["call 0", "fill", "`y`", "4", "3"]) expect(message).toContain(part);
  const freed = device.allocate(16);
  device.free(freed);
  expect(caught(() => device.load(fill(freed, 4, 1))).message).toContain("`y`");
  expect(caught(() => device.load(fill({ offset: 1e9, words: 4 }, 4, 1))).message).toContain("memory");
});

it("says so when a handle is unknown, memory cannot be had, or the device is closed", () => {
  const device: Device = openReference();
  const region = device.allocate(3);
  const handle = device.load(fill(region, 3, 1));
  device.unload(handle);
  expect(caught(() => device.run(handle)).message).toContain("loaded");
  expect(caught(() => device.allocate(2 ** 45)).code).toBe("device-memory");
  expect(caught(() => device.allocate(1.5)).message).toContain("1.5");
  device.close();
  for (const action of [() => device.allocate(1), () => device.view(region, "f32"), () => device.run(handle)]) {
    expect(caught(action).code).toBe("device-closed");
  }
});

it("keeps to its limit, and gives what lies below it", () => {
  const device = openReference({ limit: 5000 });
  const first = device.allocate(4000);
  device.view(first, "f32").fill(7);
  for (const words of [1001, 2 ** 31]) expect(caught(() => device.allocate(words)).code).toBe("device-memory");
  expect(device.allocate(992).offset).toBe(4000);
  identical(device.view(first, "f32"), new Float64Array(4000).fill(7), "what was there before");
});
