#!/usr/bin/env node
// Starts the built command: the bundle, which is read in a moment, where no module is newer than it; else module by module.
import { statSync } from "node:fs";

const changed = (path) => statSync(new URL(path, import.meta.url), { throwIfNoEntry: false })?.mtimeMs;
/** What a checkout's compiler writes last; installed packages lack it. */
const compiled = ["..", "../../unrolled", "../../kernels"].map(
  (folder) => changed(`${folder}/tsconfig.tsbuildinfo`) ?? 0,
);
const bundled = changed("../dist/bundle/main.js");

if (bundled !== undefined && compiled.every((time) => time <= bundled)) await import("../dist/bundle/main.js");
else if (changed("../dist/main.js") !== undefined) await import("../dist/main.js");
else {
  process.stderr.write("unrolled: the command is not built yet\nhint: npm run build, in the repository\n");
  process.exitCode = 1;
}
