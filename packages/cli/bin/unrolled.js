#!/usr/bin/env node
// Starts the built command; says what to do where it is not built yet.
import { existsSync } from "node:fs";

const built = new URL("../dist/main.js", import.meta.url);
if (existsSync(built)) await import(built.href);
else {
  process.stderr.write("unrolled: the command is not built yet\nhint: npm run build, in the repository\n");
  process.exitCode = 1;
}
