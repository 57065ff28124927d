// Everything the page may ask for: a closed list of addresses, made before the server listens. No address becomes a path.
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { UsageError } from "../exit.js";

export interface Asset {
  readonly type: string;
  /** Read anew for each request: a rebuilt file shows at the next reload. */
  readonly read: () => Promise<string | Uint8Array>;
}

export type Assets = ReadonlyMap<string, Asset>;

/** The packages whose files are served, as folders. */
interface Packages {
  readonly studio: URL;
  readonly unrolled: URL;
  readonly kernels: URL;
}

const types: ReadonlyMap<string, string> = new Map([
  ["html", "text/html; charset=utf-8"],
  ["css", "text/css; charset=utf-8"],
  ["js", "text/javascript; charset=utf-8"],
  ["svg", "image/svg+xml"],
  ["wasm", "application/wasm"],
]);

const installed = (): Packages => ({
  studio: new URL("../", import.meta.resolve("@unrolled/studio/index.html")),
  unrolled: new URL("../", import.meta.resolve("unrolled")),
  kernels: new URL("../", import.meta.resolve("@unrolled/kernels")),
});

/** The page, its scripts, the library and the wasm kernels. Throws UsageError where something is not built. */
export function pageAssets(packages: Packages = installed()): Map<string, Asset> {
  const { studio, unrolled, kernels } = packages;
  const assets = new Map<string, Asset>([
    ["/", file(new URL("web/index.html", studio))],
    ["/style.css", file(new URL("web/style.css", studio))],
    ["/favicon.svg", file(new URL("web/favicon.svg", studio))],
    ["/kernels/worker.js", file(new URL("worker.js", kernels))],
    ["/kernels/watch.js", file(new URL("watch.js", kernels))],
  ]);
  addFolder(assets, "/studio/", new URL("dist/", studio), "js");
  addFolder(assets, "/unrolled/", new URL("dist/", unrolled), "js");
  addFolder(assets, "/kernels/dist/", new URL("dist/", kernels), "js");
  addFolder(assets, "/kernels/wasm/", new URL("wasm/", kernels), "wasm");
  return assets;
}

function addFolder(assets: Map<string, Asset>, address: string, folder: URL, extension: string): void {
  const names = listed(folder).filter((name) => name.endsWith(`.${extension}`));
  if (names.length === 0)
    throw new UsageError(`serve: must have the built files of ${address}, found none`, { hint: "run: npm run build" });
  for (const name of names) assets.set(address + name, file(new URL(name, folder)));
}

function listed(folder: URL): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => name.replaceAll("\\", "/"));
  } catch {
    return [];
  }
}

function file(url: URL): Asset {
  const extension = url.pathname.slice(url.pathname.lastIndexOf(".") + 1);
  const type = types.get(extension) ?? "application/octet-stream";
  if (extension !== "js") return { type, read: () => readFile(url) };
  return { type, read: async () => withAddresses(await readFile(url, "utf8")) };
}

const addresses: ReadonlyMap<string, string> = new Map([
  ["unrolled", "/unrolled/index.js"],
  ["@unrolled/kernels", "/kernels/dist/index.js"],
]);

/** Names of packages as addresses: an import map would do it for the page, but not for its workers. */
export const withAddresses = (script: string): string =>
  script.replace(/^((?:import|export)\b[^"';]*)"((?:@unrolled\/)?[a-z]+)";$/gm, (line, start: string, name: string) =>
    addresses.has(name) ? `${start}"${addresses.get(name)}";` : line,
  );

/** An asset of words made here. */
export const words = (type: string, text: string): Asset => ({ type, read: async () => text });
