// Bytes that a user loads: the wasm files, and the library minified.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "rolldown";
import { benchFolder } from "./configurations.js";

export interface Size {
  readonly what: string;
  readonly bytes: number;
  readonly gzipBytes: number;
}

const sizeOf = (what: string, data: Uint8Array): Size => ({
  what,
  bytes: data.length,
  gzipBytes: gzipSync(data, { level: 9 }).length,
});

const packages = join(benchFolder, "../packages");

export async function measureSizes(): Promise<Size[]> {
  const wasm = join(packages, "kernels/wasm");
  const modules = readdirSync(wasm).filter((name) => name.endsWith(".wasm"));
  const libraries = ["unrolled", "kernels"] as const;
  return [
    ...modules.map((name) => sizeOf(name, readFileSync(join(wasm, name)))),
    ...(await Promise.all(libraries.map((name) => librarySize(name)))),
  ];
}

async function librarySize(name: "unrolled" | "kernels"): Promise<Size> {
  const entry = join(packages, name, "dist/index.js");
  const { output } = await build({
    input: entry,
    write: false,
    logLevel: "silent",
    external: [/^node:/, "unrolled"],
    output: { minify: true },
  });
  return sizeOf(`${name}, minified`, Buffer.from(output.map((part) => ("code" in part ? part.code : "")).join("")));
}
