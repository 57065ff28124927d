// Bytes that a user loads: the wasm files, and the library minified where a bundler is installed.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
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

interface Bundler {
  readonly build: (options: object) => Promise<{ readonly output: readonly { readonly code?: string }[] }>;
}

async function librarySize(name: "unrolled" | "kernels"): Promise<Size> {
  const entry = join(packages, name, "dist/index.js");
  const bundler = await findBundler();
  if (!bundler)
    return sizeOf(`${name}, all modules as compiled (no bundler installed)`, readModules(join(packages, name, "dist")));
  const { output } = await bundler.build({
    input: entry,
    write: false,
    logLevel: "silent",
    external: [/^node:/, "unrolled"],
    output: { minify: true },
  });
  return sizeOf(`${name}, minified`, Buffer.from(output.map(({ code }) => code ?? "").join("")));
}

/** The bundler that comes with the test runner, if it does: no dependency of ours. */
async function findBundler(): Promise<Bundler | undefined> {
  const name = "rolldown";
  try {
    return (await import(name)) as Bundler;
  } catch {
    return undefined;
  }
}

function readModules(folder: string): Uint8Array {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js"));
  return Buffer.concat(names.map((name) => readFileSync(join(folder, name))));
}
