// The start is quick: told by what is loaded, which no other load of the machine changes. Times are in bench/results.
import { cpSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasBundler, isBundleCurrent } from "../scripts/bundle.mjs";
import { scratch, startNode, tiny, unrolled, writeText } from "./command.js";

const folder = scratch();
const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const ways = { modules: file("../dist/main.js"), bundle: file("../dist/bundle/main.js") };
const model = folder.path("model");
const text = folder.path("text.txt");

beforeAll(async () => {
  writeText(text);
  writeFileSync(
    folder.path("hooks.mjs"),
    `import { appendFileSync } from "node:fs";
    export const load = (url, context, next) => {
      if (url.startsWith("file:")) appendFileSync(process.env.LOADED, url + "\\n");
      return next(url, context);
    };`,
  );
  writeFileSync(
    folder.path("trace.mjs"),
    `import { register } from "node:module"; register("./hooks.mjs", import.meta.url);`,
  );
  expect((await unrolled(["train", text, "--out", model, ...tiny, "--max-steps", "1"])).code).toBe(0);
});
afterAll(folder.remove);

let traces = 0;

/** The files that a command loads, from packages/ or node_modules/ on. */
async function loaded(main: string, args: readonly string[]): Promise<readonly string[]> {
  const trace = folder.path(`loaded-${traces++}`);
  const env = { NODE_OPTIONS: `--import=${pathToFileURL(folder.path("trace.mjs"))}`, LOADED: trace };
  const { code, stderr } = await startNode([main, ...args], { env }).ended;
  expect(code, stderr).toBe(0);
  const urls = readFileSync(trace, "utf8").trim().split("\n");
  return urls.map((url) => url.replace(/^.*\/(node_modules|packages)\//, ""));
}

const beginning = (names: readonly string[], ...parts: string[]): readonly string[] =>
  names.filter((name) => parts.some((part) => name.startsWith(part)));

/** What neither a language model's training nor its writing has a use for. */
const others = [
  "rows/run",
  "rows/sample",
  "rows/record",
  "translate/run",
  "translate/translate",
  "reproduce",
  "serve",
].map((name) => `cli/dist/${name}`);
const train = (): string[] => {
  const options = ["--max-steps", "1", "--sample-every", "0", "--json"];
  return ["train", text, "--out", folder.path(`run-${traces}`), ...tiny, ...options];
};

describe("module by module", () => {
  it.each(["--version", "--help", "train --help"])("%s loads the commands' words and no library", async (line) => {
    const files = await loaded(ways.modules, line.split(" "));
    expect(beginning(files, "unrolled/", "kernels/", "zod/")).toEqual([]);
    expect(files.length).toBeLessThanOrEqual(22);
  });

  it("sample loads nothing of checks, trainings and other models", async () => {
    const files = await loaded(ways.modules, ["sample", model, "--length", "1"]);
    expect(beginning(files, "unrolled/dist/index.js")).toHaveLength(1);
    expect(beginning(files, "zod/", "cli/dist/run.js", "cli/dist/session.js", ...others)).toEqual([]);
  });

  it("train loads nothing of checks and other models", async () => {
    const files = await loaded(ways.modules, train());
    expect(beginning(files, "cli/dist/run.js")).toHaveLength(1);
    expect(beginning(files, "zod/", "cli/dist/seeds", "cli/dist/find-rate", ...others)).toEqual([]);
  });
});

describe.runIf(hasBundler())("the bundle", () => {
  beforeAll(async () => {
    if (!isBundleCurrent()) expect((await startNode([file("../scripts/bundle.mjs")]).ended).code).toBe(0);
    expect(isBundleCurrent()).toBe(true);
  });

  it("gives the version from one file", async () => {
    expect(await loaded(ways.bundle, ["--version"])).toEqual(["cli/dist/bundle/main.js"]);
  });

  it.each([
    ["sample", (): string[] => ["sample", model, "--length", "1"], 14],
    ["train", train, 20],
  ] as const)("reads few files to %s, all its own, one library", async (_, args, most) => {
    const files = await loaded(ways.bundle, args());
    expect(files.filter((name) => !name.startsWith("cli/dist/bundle/"))).toEqual([]);
    expect(files.filter((name) => /library|zod/.test(name))).toHaveLength(1);
    expect(files.length).toBeLessThanOrEqual(most);
  });
});

describe("what is started", () => {
  /** A checkout with a command of either kind that only says its name; ages in seconds. */
  function checkout(name: string, ages: Readonly<Record<string, number>>): string {
    const root = folder.path(name, "packages");
    cpSync(file("../bin"), join(root, "cli/bin"), { recursive: true });
    writeFileSync(join(root, "package.json"), '{"type":"module"}');
    for (const [path, age] of Object.entries(ages)) {
      mkdirSync(join(root, path, ".."), { recursive: true });
      writeFileSync(join(root, path), `console.log("${path.includes("bundle") ? "bundle" : "modules"}")`);
      utimesSync(join(root, path), Date.now() / 1000 - age, Date.now() / 1000 - age);
    }
    return join(root, "cli/bin/unrolled.js");
  }
  const said = async (main: string): Promise<string> => (await startNode([main]).ended).stdout.trim();
  const both = { "cli/dist/main.js": 50, "cli/dist/bundle/main.js": 10 };

  it.each([
    ["installed", "bundle", both],
    ["built", "bundle", { ...both, "unrolled/tsconfig.tsbuildinfo": 20, "cli/tsconfig.tsbuildinfo": 20 }],
    ["library-newer", "modules", { ...both, "unrolled/tsconfig.tsbuildinfo": 5, "cli/tsconfig.tsbuildinfo": 20 }],
    ["kernels-newer", "modules", { ...both, "kernels/tsconfig.tsbuildinfo": 5 }],
    ["command-newer", "modules", { ...both, "cli/tsconfig.tsbuildinfo": 5 }],
    ["no-bundler", "modules", { "cli/dist/main.js": 50 }],
  ])("%s: the %s", async (name, expected, ages) => {
    expect(await said(checkout(name, ages))).toBe(expected);
  });

  it("says what to do where nothing is built", async () => {
    const { code, stderr } = await startNode([checkout("bare", {})]).ended;
    expect(stderr).toBe("unrolled: the command is not built yet\nhint: npm run build, in the repository\n");
    expect(code).toBe(1);
    rmSync(folder.path("bare"), { recursive: true });
  });
});
