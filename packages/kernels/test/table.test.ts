// The committed C++ table is the one that the kernel table gives.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as table from "../../unrolled/src/device/kernels.js";
// @ts-expect-error a plain script without types
import { makeTable } from "../scripts/make-table.mjs";

describe("cpp/table.h", () => {
  it("is current: run `npx tsc -b packages/unrolled && node packages/kernels/scripts/make-table.mjs`", () => {
    const committed = readFileSync(new URL("../cpp/table.h", import.meta.url), "utf8");
    expect(committed).toBe(makeTable(table));
  });

  it("numbers the kernels as the encoder does", () => {
    const committed = readFileSync(new URL("../cpp/table.h", import.meta.url), "utf8");
    const members = /enum class Kernel : int \{([^}]*)\}/.exec(committed)?.[1] ?? "";
    expect(members.match(/\w+(?=_,)/g)).toEqual([...table.kernelNames]);
  });
});
