// The storage sources as plain JavaScript in a folder of their own, with only the parts of the library that storage needs:
// child processes of the proofs start in a moment and always run the present sources.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const packages = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true };

function transpile(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, ts.transpileModule(readFileSync(from, "utf8"), { compilerOptions: options }).outputText);
}

/** Fills `folder`; returns the path of the storage module and of the checkpoints that the tests use. */
export function transpileStorage(folder) {
  const library = join(folder, "node_modules", "unrolled");
  const used = ["errors.ts", "limits.ts"];
  for (const part of ["io", "text"]) {
    for (const file of readdirSync(join(packages, "unrolled", "src", part))) used.push(join(part, file));
  }
  const modules = used.filter((file) => file.endsWith(".ts")).map((file) => file.replace(/\.ts$/, ".js"));
  for (const file of modules)
    transpile(join(packages, "unrolled", "src", file.replace(/\.js$/, ".ts")), join(library, file));
  writeFileSync(
    join(library, "index.js"),
    modules.map((file) => `export * from "./${file.replaceAll("\\", "/")}";\n`).join(""),
  );
  writeFileSync(join(library, "package.json"), '{"name":"unrolled","type":"module","exports":"./index.js"}');
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  for (const file of readdirSync(join(packages, "cli", "src", "storage"))) {
    transpile(join(packages, "cli", "src", "storage", file), join(folder, "storage", file.replace(/\.ts$/, ".js")));
  }
  transpile(join(packages, "cli", "test", "storage", "checkpoints.ts"), join(folder, "checkpoints.js"));
  return { storage: join(folder, "storage", "index.js"), checkpoints: join(folder, "checkpoints.js") };
}
