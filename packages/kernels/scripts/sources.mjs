// The C++ sources of the kernels and the fingerprint that tells whether a build was made from them.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const packageFolder = fileURLToPath(new URL("..", import.meta.url));

/** Compiler flags of every build. No -ffast-math: it deletes the checks for NaN. */
export const commonFlags = ["-std=c++20", "-O3", "-ffp-contract=fast", "-fno-math-errno"];

/** Paths under cpp/ with their text, sorted: what both targets share and the folder of this one ("native", "wasm"). */
export function sourcesOf(target) {
  const paths = ["", "kernels/", `${target}/`].flatMap((folder) =>
    readdirSync(join(packageFolder, "cpp", folder))
      .filter((name) => /\.(h|cpp)$/.test(name))
      .map((name) => folder + name),
  );
  return new Map(paths.sort().map((path) => [path, readFileSync(join(packageFolder, "cpp", path), "utf8")]));
}

export function fingerprint(sources, ...more) {
  const hash = createHash("sha256");
  for (const [path, text] of sources) hash.update(`${path}\0${text}\0`);
  return hash.update(JSON.stringify(more)).digest("hex");
}

/** True where every file exists and the note beside them says that they came from this fingerprint. */
export function isCurrent(noteFile, wanted, files) {
  if (!files.every((file) => existsSync(file)) || !existsSync(noteFile)) return false;
  return readFileSync(noteFile, "utf8").trim() === wanted;
}

/** Writes through a temporary name, so that whoever has the old file open keeps a whole one. */
export function replaceFile(file, content) {
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, content);
  renameSync(temporary, file);
}

/** Runs `build` while no other process builds in this folder. */
export async function withLock(folder, build) {
  mkdirSync(folder, { recursive: true });
  const lock = join(folder, "building");
  while (!tryLock(lock)) await new Promise((resolve) => setTimeout(resolve, 100));
  try {
    return await build();
  } finally {
    rmSync(lock, { force: true });
  }
}

function tryLock(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    if (!isHeld(lock)) rmSync(lock, { force: true });
    return false;
  }
}

function isHeld(lock) {
  try {
    const pid = Number(readFileSync(lock, "utf8"));
    if (pid > 0) process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code !== "ESRCH" && error.code !== "ENOENT";
  }
}
