// The map of docs: which folder may import which, no cycles, nothing of the platform in the library, and the shape of a file.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../packages/", import.meta.url));

interface Source {
  /** From packages/: "unrolled/src/graph/plan.ts". */
  readonly name: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const importPattern =
  /(?:^|\n)\s*(?:import|export)\s(?:[^;"']*?\sfrom\s*)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/g;

/** What a file imports, as written. */
const importsOf = (text: string): string[] => [...text.matchAll(importPattern)].map((m) => m[1] ?? m[2]);

const sources: readonly Source[] = ["unrolled", "kernels", "cli", "studio"].flatMap((name) =>
  readdirSync(path.join(root, name, "src"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => {
      const text = readFileSync(path.join(root, name, "src", file), "utf8");
      return { name: path.posix.join(name, "src", file.split(path.sep).join("/")), text, imports: importsOf(text) };
    }),
);
const library = sources.filter(({ name }) => name.startsWith("unrolled/"));

/** Parts of the library, from what needs nothing to what needs all. Files beside the folders are parts of their own. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  limits: [],
  draws: [],
  "device (seam)": ["errors"],
  "device (reference)": ["device (seam)", "errors"],
  graph: ["device (seam)", "errors"],
  text: ["draws", "errors", "limits"],
  metrics: ["errors"],
  nn: ["graph", "draws", "errors"],
  io: ["text", "errors", "limits"],
  models: ["metrics", "nn", "text", "graph", "io", "device (seam)", "draws", "errors", "limits"],
  decode: ["models", "graph", "text", "device (seam)", "draws", "errors"],
  tasks: ["text", "draws", "errors", "limits"],
  train: ["metrics", "decode", "models", "io", "text", "nn", "graph", "device (seam)", "draws", "errors"],
};

function partOf(name: string): string {
  const inside = name.replace("unrolled/src/", "").replace(/\.ts$/, "");
  const [folder] = inside.split("/");
  if (folder !== "device") return folder;
  return inside.startsWith("device/reference/") ? "device (reference)" : "device (seam)";
}

/** The file an import names, from packages/, or the package. */
function targetOf({ name }: Source, imported: string): string {
  if (!imported.startsWith(".")) return imported;
  return path.posix.join(path.posix.dirname(name), imported).replace(/\.js$/, ".ts");
}

const partsSeen = [...new Set(library.map(({ name }) => partOf(name)))].filter(
  (part) => part !== "index" && part !== "testing",
);

describe("who imports whom", () => {
  it("reads every form of import", () => {
    const text =
      'import a from "./a.js";\nimport {\n  b,\n} from "./b.js";\nexport * from "./c.js";\nimport "./d.js";\nawait import("./e.js");\nconst x = "from ./no.js";';
    expect(importsOf(text)).toEqual(["./a.js", "./b.js", "./c.js", "./d.js", "./e.js"]);
  });

  it("finds the sources", () => {
    expect(library.length).toBeGreaterThan(50);
    expect(partsSeen.filter((part) => !(part in mayImport))).toEqual([]);
  });

  it("every part of the library keeps to the map", () => {
    const broken = library.flatMap((source) => {
      const part = partOf(source.name);
      if (part === "index" || part === "testing") return [];
      return source.imports
        .map((imported) => targetOf(source, imported))
        .filter((target) => target.startsWith("unrolled/src/"))
        .filter((target) => partOf(target) !== part && !mayImport[part].includes(partOf(target)))
        .map((target) => `${source.name} (${part}) imports ${target} (${partOf(target)})`);
    });
    expect(broken).toEqual([]);
  });

  it("nothing imports the tests' part of the library", () => {
    const broken = sources
      .filter(({ name }) => !name.startsWith("unrolled/src/testing/"))
      .filter((source) =>
        source.imports.some(
          (imported) =>
            targetOf(source, imported).startsWith("unrolled/src/testing") || imported === "unrolled/testing",
        ),
      );
    expect(broken.map(({ name }) => name)).toEqual([]);
  });

  it("the library knows no platform and no package", () => {
    const foreign = library.flatMap(({ name, imports }) =>
      imports.filter((i) => !i.startsWith(".")).map((i) => `${name} imports ${i}`),
    );
    expect(foreign).toEqual([]);
  });

  it("kernels know the library, page and command know both, by their names only", () => {
    const allowed: Readonly<Record<string, readonly string[]>> = {
      kernels: ["unrolled"],
      studio: ["unrolled", "@unrolled/kernels"],
      cli: ["unrolled", "unrolled/tasks", "@unrolled/kernels", "commander", "zod"],
    };
    const broken = sources.flatMap((source) => {
      const own = source.name.split("/")[0];
      if (own === "unrolled") return [];
      return source.imports
        .filter(
          (imported) =>
            !imported.startsWith("node:") &&
            !allowed[own].includes(imported) &&
            !targetOf(source, imported).startsWith(`${own}/`),
        )
        .map((imported) => `${source.name} imports ${imported}`);
    });
    expect(broken).toEqual([]);
  });
});

/** A way round through the edges, or undefined. */
function cycleIn(edges: ReadonlyMap<string, ReadonlySet<string>>): string[] | undefined {
  const done = new Set<string>();
  const walk = (at: string, way: readonly string[]): string[] | undefined => {
    if (way.includes(at)) return [...way.slice(way.indexOf(at)), at];
    if (done.has(at)) return undefined;
    for (const next of edges.get(at) ?? []) {
      const found = walk(next, [...way, at]);
      if (found) return found;
    }
    done.add(at);
    return undefined;
  };
  for (const start of edges.keys()) {
    const found = walk(start, []);
    if (found) return found;
  }
  return undefined;
}

describe("no way round", () => {
  const edgesBy = (nameOf: (file: string) => string): Map<string, Set<string>> => {
    const edges = new Map<string, Set<string>>();
    for (const source of sources)
      for (const imported of source.imports) {
        const [from, to] = [nameOf(source.name), nameOf(targetOf(source, imported))];
        if (from !== to) edges.set(from, (edges.get(from) ?? new Set()).add(to));
      }
    return edges;
  };

  it("finds one where there is one", () => {
    const edges = new Map([
      ["a", new Set(["b"])],
      ["b", new Set(["c", "d"])],
      ["d", new Set(["b"])],
    ]);
    expect(cycleIn(edges)).toEqual(["b", "d", "b"]);
  });

  it("between the parts of the library", () => {
    expect(cycleIn(edgesBy((file) => (file.startsWith("unrolled/src/") ? partOf(file) : "")))).toBeUndefined();
  });

  it("between the parts of the command: its folders, and the files beside them", () => {
    const part = (file: string): string => (file.startsWith("cli/src/") ? file.split("/").slice(0, 3).join("/") : "");
    expect(cycleIn(edgesBy(part))).toBeUndefined();
  });
});

/** A source without its comments and the insides of its strings. */
const codeOf = (text: string): string => text.replace(/"(?:[^"\\\n]|\\.)*"|\/\/.*|\/\*[\s\S]*?\*\//g, '""');

describe("the shape of a file", () => {
  const offenders = (test: (text: string) => boolean): string[] =>
    sources.filter(({ text }) => test(text)).map(({ name }) => name);

  it("begins by saying what it is", () => {
    const bare = sources.filter(
      ({ name, text }) => !/(^|\/)index\.ts$/.test(name) && !/^(#![^\n]*\n)?\/\/ \S/.test(text),
    );
    expect(bare.map(({ name }) => name)).toEqual([]);
  });

  it("has no default export", () => expect(offenders((text) => /^export default\b/m.test(text))).toEqual([]));

  it("has no `any`", () => expect(offenders((text) => /(:|\bas|<|\|)\s*any\b(?!\w)/.test(codeOf(text)))).toEqual([]));

  it("has at most 350 lines", () => expect(offenders((text) => text.split("\n").length > 351)).toEqual([]));
});
