// Native builds of the kernels: Node addons by the node-gyp that comes with npm. Needs no network where Node's headers
// lie beside its binary.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { commonFlags, fingerprint, isCurrent, packageFolder, replaceFile, sourcesOf, withLock } from "./sources.mjs";

const folder = join(packageFolder, "build");
const noteFile = join(folder, "fingerprint");
const absentFile = join(folder, "native-absent.json");
const names = process.arch === "x64" ? ["plain", "avx2", "avx512"] : ["plain"];
const files = names.map((name) => join(folder, "Release", `${name}.node`));

function wanted(sources = sourcesOf("native")) {
  const recipe = readFileSync(join(packageFolder, "binding.gyp"), "utf8");
  return fingerprint(sources, recipe, commonFlags, process.platform, process.arch);
}

export function isNativeCurrent() {
  return isCurrent(noteFile, wanted(), files);
}

/** Why there is no native build of these very sources, where an attempt was made; otherwise undefined. */
export function nativeAbsence() {
  if (!existsSync(absentFile)) return undefined;
  const note = JSON.parse(readFileSync(absentFile, "utf8"));
  return note.fingerprint === wanted() ? note.reason : undefined;
}

/** Builds the addons. Throws with the reason where that cannot be done, and leaves it in build/native-absent.json. */
export async function buildNative() {
  mkdirSync(folder, { recursive: true });
  await withLock(folder, async () => {
    if (isNativeCurrent()) return;
    const note = wanted();
    try {
      compile();
    } catch (error) {
      replaceFile(absentFile, JSON.stringify({ reason: error.message, fingerprint: note }, null, 2));
      throw error;
    }
    rmSync(absentFile, { force: true });
    replaceFile(noteFile, note);
  });
}

function compile() {
  const compiler = process.env.CXX ?? "c++";
  if (process.platform !== "win32" && spawnSync(compiler.split(" ")[0], ["--version"]).status !== 0) {
    throw new Error(`no C++ compiler: \`${compiler}\` does not run`);
  }
  const gyp = findNodeGyp();
  if (gyp === undefined) throw new Error("no node-gyp: it comes with npm, and no npm was found beside Node");
  const nodedir = process.env.npm_config_nodedir ?? headerFolder();
  const args = ["configure", "build", "--jobs", String(availableParallelism())];
  const result = spawnSync(process.execPath, [gyp, ...args, ...(nodedir ? ["--nodedir", nodedir] : [])], {
    cwd: packageFolder,
    encoding: "utf8",
    maxBuffer: 64 << 20,
  });
  if (result.status !== 0) throw new Error(`node-gyp failed: ${complaint(result)}`);
}

/** The first line that says what is wrong, and the rest of the output as the cause. */
function complaint({ stdout = "", stderr = "", error }) {
  const lines = `${stderr}\n${stdout}`.split("\n");
  const telling =
    lines.find((line) => /error:|ERR! (?!find Python|stack|build|configure error)/.test(line)) ?? lines.at(-1);
  return `${(error?.message ?? telling ?? "").trim()}\n${lines.slice(-60).join("\n")}`.trim();
}

function headerFolder() {
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, "include/node/node_api.h")) ? prefix : undefined;
}

/** npm tells its scripts where its node-gyp lies; otherwise look in the npm beside Node and in the one on the PATH. */
function findNodeGyp() {
  const inside = "node_modules/node-gyp/bin/node-gyp.js";
  const prefix = dirname(dirname(process.execPath));
  const npms = [
    process.env.npm_execpath,
    ...(process.env.PATH ?? "").split(delimiter).map((path) => join(path, "npm")),
  ];
  const folders = [
    ...npms.filter((path) => path && existsSync(path)).map((path) => dirname(dirname(realpathSync(path)))),
    join(prefix, "lib/node_modules/npm"),
    join(dirname(process.execPath), "node_modules/npm"),
  ];
  return [process.env.npm_config_node_gyp, ...folders.map((path) => join(path, inside))].find(
    (path) => path && existsSync(path),
  );
}
