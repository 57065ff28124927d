// Puts the built command into few files (dist/bundle): reading hundreds of modules is most of what its start would take.
// Needs the development dependencies; without them the command runs from its modules, only slower to start.
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(import.meta.url);
const packages = fileURLToPath(new URL("../../", import.meta.url));
const folder = join(packages, "cli/dist/bundle");
/** What the compiler writes last, when any module of a package has changed. */
const compiled = ["unrolled", "kernels", "cli"].map((name) => join(packages, name, "tsconfig.tsbuildinfo"));
/** By then no run is left that was begun with an older bundle and may still load one of its files. */
const keptDays = 30;

const changed = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

export function isBundleCurrent() {
  const made = changed(join(folder, "main.js"));
  return made > 0 && [...compiled, script].every((path) => changed(path) <= made);
}

export function hasBundler() {
  try {
    return createRequire(script).resolve("rolldown") !== "";
  } catch {
    return false;
  }
}

const slashed = (path) => path.replaceAll("\\", "/");

/** Modules that ask where they lie: bundled they lie elsewhere, and the library that they name is the bundle's own. */
const placed = {
  name: "placed",
  transform(code, id) {
    if (slashed(id).includes("/kernels/dist/"))
      return code.replaceAll("import.meta.url", 'import.meta.resolve("@unrolled/kernels")');
    if (slashed(id).endsWith("/cli/dist/cell-file.js"))
      return code.replaceAll('import.meta.resolve("unrolled")', 'new URL("./unrolled.js", import.meta.url).href');
    return undefined;
  },
};

const part = (name, place) => ({ name, test: (id) => slashed(id).includes(place) });

async function bundle() {
  const { build } = await import("rolldown");
  const { output } = await build({
    input: { main: join(packages, "cli/dist/main.js"), unrolled: join(packages, "unrolled/dist/index.js") },
    platform: "node",
    logLevel: "warn",
    write: false,
    plugins: [placed],
    output: {
      minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
      codeSplitting: {
        groups: [
          part("tasks", "/unrolled/dist/tasks/"),
          part("library", "/unrolled/dist/"),
          part("kernels", "/kernels/dist/"),
          part("zod", "/node_modules/zod/"),
        ],
      },
    },
  });
  mkdirSync(folder, { recursive: true });
  // What others load comes first, the way in last: whoever starts meanwhile finds the old files or the new ones.
  const inOrder = output.toSorted((a, b) => Number(a.isEntry) - Number(b.isEntry));
  for (const { fileName, code } of inOrder) {
    writeFileSync(join(folder, `${fileName}.new`), code);
    renameSync(join(folder, `${fileName}.new`), join(folder, fileName));
  }
  const oldest = Date.now() - keptDays * 86_400_000;
  for (const name of readdirSync(folder)) if (changed(join(folder, name)) < oldest) rmSync(join(folder, name));
}

if (process.argv[1] === script) {
  if (!hasBundler()) console.log("command: not bundled, there is no bundler; it runs from its modules");
  else if (isBundleCurrent()) console.log("command: its bundle is current");
  else await bundle();
}
