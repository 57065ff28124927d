// The native and the WebAssembly device: opening, threads, memory, refusals, closing.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { DeviceError, type Handle } from "unrolled";
import { identical } from "unrolled/testing";
import { describe, expect, it } from "vitest";
import { describeDevices, openDevice, openNative, openWasm } from "../src/index.js";
import { buildsHere } from "./open-all.js";
import { program, runFillAndTranspose, span } from "./programs.js";

const builds = await buildsHere();

/** Linux's setting; without it large pages are not to be had. */
function hasLargePages(): boolean {
  const setting = "/sys/kernel/mm/transparent_hugepage/enabled";
  return existsSync(setting) && /\[(always|madvise)\]/.test(readFileSync(setting, "utf8"));
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof DeviceError) return error.code;
    throw error;
  }
  return "none";
}

async function codeOfPromise(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "none",
    (error: unknown) => (error instanceof DeviceError ? error.code : `no DeviceError: ${error}`),
  );
}

describe.each(builds)("$name", ({ open }) => {
  it("gives the same bits on 1, 2, 3 and 5 threads, run after run", async () => {
    const [rows, columns] = [37, 91];
    const devices = await Promise.all([1, 2, 3, 5].map(open));
    const [first, ...others] = devices.map((device) => runFillAndTranspose(device, rows, columns, 50));
    const [x, y] = first as [number[], number[]];
    expect(new Set(x).size).toBeGreaterThan(3000);
    identical(
      y,
      Array.from({ length: rows * columns }, (_, i) => x[(i % rows) * columns + Math.floor(i / rows)] as number),
    );
    for (const [otherX, otherY] of others) {
      identical(otherX, x);
      identical(otherY, y);
    }
    for (const device of devices) device.close();
  });

  it("hands out zeros, also where it was written before", async () => {
    const device = await open(1);
    for (const words of [1, 1000, 200_000, 3_000_001]) {
      const region = device.allocate(words);
      device.view(region, "f32").fill(7);
      device.free(region);
      const again = device.allocate(words);
      expect(again.offset).toBe(region.offset);
      expect(device.view(again, "f32").every((value) => value === 0)).toBe(true);
    }
    device.close();
  });

  it("shows one memory as floats, integers and parts", async () => {
    const device = await open(1);
    const region = device.allocate(40);
    device.view(region, "f32")[20] = 1;
    expect(device.view(region, "i32")[20]).toBe(0x3f800000);
    expect(device.view({ offset: region.offset + 20, words: 3 }, "f32")[0]).toBe(1);
    expect(device.view(region, "f32")).toBe(device.view(region, "f32"));
    device.close();
  });

  it("refuses programs that reach outside memory, with the name of the buffer", async () => {
    const device = await open(2);
    const x = device.allocate(64);
    const fill =
      (offset: number, length: number, n: number): (() => unknown) =>
      () =>
        device.load(program([["fill", offset, length, n, 1]]));
    expect(codeOf(fill(x.offset, 64, 64))).toBe("none");
    for (const bad of [
      fill(x.offset, 63, 64),
      fill(x.offset, 65, 64),
      fill(x.offset + 1, 64, 64),
      fill(0, 16, 16),
      fill(-16, 64, 64),
      fill(x.offset + 0.5, 32, 32),
      fill(Number.NaN, 64, 64),
      fill(2 ** 40, 64, 64),
      fill(x.offset, 64, -1),
      fill(x.offset, 64, Number.POSITIVE_INFINITY),
      () => device.load({ code: Float64Array.of(99, 0), calls: 1, work: 0 }),
      () => device.load({ code: Float64Array.of(0, 5, ...span(x), 64, 1, 1), calls: 1, work: 0 }),
      () => device.load({ code: Float64Array.of(0, 4, ...span(x), 64), calls: 1, work: 0 }),
      () => device.load({ code: Float64Array.of(0, 4, ...span(x), 64, 1), calls: 2, work: 0 }),
    ]) {
      expect(codeOf(bad)).toBe("program");
    }
    expect(fill(x.offset, 63, 64)).toThrow("call 0 (fill), buffer `y`: must hold 64 words, holds 63");
    device.free(x);
    expect(codeOf(fill(x.offset, 64, 64))).toBe("program");
    device.close();
  });

  it("refuses handles and regions that are no longer there", async () => {
    const device = await open(2);
    const x = device.allocate(64);
    const handle = device.load(program([["fill", ...span(x), 64, 1]]));
    device.unload(handle);
    expect(codeOf(() => device.run(handle))).toBe("handle");
    expect(codeOf(() => device.unload(handle))).toBe("handle");
    device.free(x);
    expect(codeOf(() => device.free(x))).toBe("region");
    expect(codeOf(() => device.view(x, "f32"))).toBe("region");
    device.close();
    device.close();
    for (const late of [() => device.allocate(1), () => device.view(x, "f32"), () => device.run(handle)]) {
      expect(codeOf(late)).toBe("closed");
    }
  });

  it("runs no program whose memory was freed, whatever lies there now", async () => {
    const device = await open(2);
    const [x, y] = [device.allocate(64), device.allocate(64)];
    const [stale, sound] = [x, y].map((region) => device.load(program([["fill", ...span(region), 64, 1]])));
    device.free(x);
    const other = device.allocate(64);
    expect(other.offset).toBe(x.offset);
    expect(codeOf(() => device.run(stale as Handle))).toBe("region");
    expect(device.view(other, "f32")[0]).toBe(0);
    device.run(sound as Handle);
    expect(device.view(y, "f32")[63]).toBe(1);
    device.unload(stale as Handle);
    device.close();
  });

  it("says the size wanted and the size had where memory ends", async () => {
    const device = await open(1);
    expect(codeOf(() => device.allocate(2 ** 50))).toBe("memory");
    expect(() => device.allocate(2 ** 50)).toThrow(/wanted 4194000? GiB|wanted 4\.194e\+6 GiB/);
    expect(() => device.allocate(2 ** 50)).toThrow(/[0-9.]+ GiB can be had/);
    device.close();
  });
});

describe("opening", () => {
  it("refuses thread counts that are none", async () => {
    for (const threads of [0, -1, 1.5, Number.NaN, 1e9, "2" as unknown as number]) {
      expect(await codeOfPromise(openNative({ threads }))).toBe("threads");
      expect(await codeOfPromise(openWasm({ threads }))).toBe("threads");
      expect(await codeOfPromise(openDevice("auto", { threads }))).toBe("threads");
    }
  });

  it("works with more threads than cores, and says so", async () => {
    const threads = Math.min(128, 4 * availableParallelism() + 1);
    for (const open of [openNative, openWasm]) {
      const [many, one] = await Promise.all([open({ threads }), open({ threads: 1 })]);
      expect(many.threads).toBe(threads);
      expect(many.detail).toContain(`${threads} threads`);
      if (many.name === "native") expect(many.detail).toContain(`more than the ${availableParallelism()} cores`);
      expect(one.detail).not.toContain("more than");
      identical(runFillAndTranspose(many, 61, 45, 20)[1], runFillAndTranspose(one, 61, 45, 20)[1]);
      many.close();
      one.close();
    }
  });

  it("refuses devices and instruction sets that are none", async () => {
    expect(await codeOfPromise(openDevice("gpu" as "auto"))).toBe("device");
    expect(await codeOfPromise(openNative({ isa: "mmx" as "plain" }))).toBe("isa");
  });

  it("takes native where it loads, and says what runs", async () => {
    const reports = await describeDevices({ threads: 2 });
    expect(reports.map(({ name }) => name)).toEqual(["native", "wasm", "reference"]);
    const device = await openDevice("auto", { threads: 2 });
    expect(device.name).toBe(reports[0]?.available ? "native" : "wasm");
    expect(device.detail).toContain("2 threads");
    device.close();
  });
});

/** Runs a module text in a fresh Node on the built library and gives back its exit code and output. */
function inChild(text: string, env: Record<string, string> = {}): { status: number | null; output: string } {
  const index = JSON.stringify(fileURLToPath(new URL("../dist/index.js", import.meta.url)));
  // V8 would let its young generation grow by 8 MiB now and then, which is no memory of ours: it stays at 1.
  const flags = ["--expose-gc", "--max-semi-space-size=1", "--input-type=module"];
  const args = [...flags, "-e", `import { openNative, openWasm } from ${index};\n${text}`];
  const child = spawnSync(process.execPath, args, {
    encoding: "utf8",
    timeout: 30_000,
    env: { ...process.env, ...env },
  });
  return { status: child.status, output: child.stdout + child.stderr };
}

describe("a process", () => {
  it.each(["openNative", "openWasm"])("ends by itself after %s, closed or not", (open) => {
    for (const close of ["device.close();", ""]) {
      const text = `const device = await ${open}({ threads: 3 }); device.allocate(5); ${close} console.log("done");`;
      expect(inChild(text)).toEqual({ status: 0, output: "done\n" });
    }
  });

  it("can be told the instruction set by UNROLLED_ISA", () => {
    const text = "const device = await openNative({ threads: 1 }); console.log(device.detail);";
    expect(inChild(text, { UNROLLED_ISA: "plain" }).output).toBe("plain, 1 thread\n");
  });

  it("gets its memory back after free, and views do not pile up", () => {
    const text = `
      const device = await openNative({ threads: 2 });
      const MiB = (bytes) => bytes / 2 ** 20;
      const before = MiB(process.memoryUsage.rss());
      const region = device.allocate(64 * 2 ** 20);
      device.view(region, "f32").fill(1);
      const full = MiB(process.memoryUsage.rss()) - before;
      for (let i = 0; i < 100_000; i++) device.view(region, "i32");
      for (let i = 0; i < 100_000; i++) device.view({ offset: region.offset + 16, words: 100 }, "f32");
      device.free(region);
      gc();
      const after = MiB(process.memoryUsage.rss()) - before;
      console.log(full > 250, after < 30, Math.round(full), Math.round(after));`;
    expect(inChild(text).output).toMatch(/^true true/);
  });

  it.runIf(hasLargePages())("has its memory in large pages where Linux gives them to those who ask", () => {
    const text = `
      const { readFileSync } = await import("node:fs");
      const large = () => Number(/AnonHugePages: +(\\d+) kB/.exec(readFileSync("/proc/self/smaps_rollup", "utf8"))[1]) / 1024;
      const device = await openNative({ threads: 1 });
      const before = large();
      const region = device.allocate(16 * 2 ** 20);
      device.view(region, "f32").fill(1);
      console.log(large() - before > 32, Math.round(large() - before));`;
    expect(inChild(text).output).toMatch(/^true/);
  });

  it.each(["openNative", "openWasm"])("%s: 10,000 runs and 3,000 loads leave memory where it was", (open) => {
    const text = `
      const device = await ${open}({ threads: 2 });
      const region = device.allocate(1000);
      const make = () => device.load({ code: Float64Array.of(0, 4, region.offset, 1000, 1000, 1), calls: 1, work: 1e12 });
      const handle = make();
      const cycle = (runs, loads) => {
        for (let i = 0; i < runs; i++) device.run(handle);
        for (let i = 0; i < loads; i++) device.unload(make());
        gc();
        return process.memoryUsage.rss() / 2 ** 20;
      };
      cycle(10_000, 3000);
      const before = cycle(10_000, 3000);
      const after = cycle(10_000, 3000);
      console.log(after - before < 2, after - before);`;
    expect(inChild(text).output).toMatch(/^true/);
  });
});
