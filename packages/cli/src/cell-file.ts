// A cell of one's own, from a file: .js or .mjs as it is, .ts where the typescript package is at hand.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { type Cell, isCell } from "unrolled";
import { UsageError } from "./exit.js";

const endings = [".ts", ".mts", ".js", ".mjs"] as const;

/** Whether a --cell names a file. */
export const isCellFile = (name: string): boolean => endings.some((ending) => name.endsWith(ending));

export interface OwnCell {
  readonly cell: Cell;
  /** Its JavaScript, which is kept beside the model. */
  readonly source: Uint8Array;
}

/** The cell of the file that --cell names, where it names one. UsageError for two files. */
export async function ownCell({ cell }: { readonly cell: readonly string[] }): Promise<OwnCell | undefined> {
  const [file, another] = [...new Set(cell.filter(isCellFile))];
  if (another !== undefined)
    throw new UsageError(`--cell: must name one file, was ${file} and ${another}`, { code: "cell-file" });
  return file === undefined ? undefined : readCellFile(file);
}

/** The cell in a file. UsageError where there is none. */
async function readCellFile(path: string): Promise<OwnCell> {
  const text = read(path);
  const script = /\.m?ts$/.test(path) ? await transpiled(path, text) : text;
  const source = new TextEncoder().encode(script);
  return { cell: await cellOfSource(source, path), source };
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`--cell ${path}: must be a file that can be read: ${(error as NodeJS.ErrnoException).code}`, {
      code: "cell-file",
      hint: "a cell is named (lstm, gru ...) or lies in a .ts, .js or .mjs file",
    });
  }
}

/** The part of the typescript package that is used here. */
interface Typescript {
  readonly transpileModule: (text: string, options: object) => { readonly outputText: string };
}

/** TypeScript without its types; nothing is checked. The package is looked for beside the file, then beside this command. */
async function transpiled(path: string, text: string): Promise<string> {
  for (const from of [pathToFileURL(path).href, import.meta.url])
    try {
      const typescript = createRequire(from)("typescript") as Typescript;
      // The numbers of ModuleKind.ESNext and ScriptTarget.ES2022.
      return typescript.transpileModule(text, { compilerOptions: { module: 99, target: 9, removeComments: true } })
        .outputText;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    }
  throw new UsageError(`--cell ${path}: must be JavaScript where there is no typescript package, was TypeScript`, {
    code: "cell-file",
    hint: "npm install typescript, or give a .js or .mjs file",
  });
}

/** The cell that a module's text exports: `export const cell`, or its only export that is one. UsageError where it fails. */
export async function cellOfSource(source: Uint8Array, where: string): Promise<Cell> {
  const library = import.meta.resolve("unrolled");
  const script = new TextDecoder()
    .decode(source)
    .replace(/(\b(?:from|import)\s*\(?\s*)(["'])unrolled\2/g, (_, before) => `${before}${JSON.stringify(library)}`);
  const refuse = (what: string): never => {
    throw new UsageError(`${where}: ${what}`, {
      code: "cell-file",
      hint: 'export const cell = cell({ weights, state, step }); it may import "unrolled" and nothing beside it',
    });
  };
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = await import(`data:text/javascript;base64,${Buffer.from(script).toString("base64")}`);
  } catch (error) {
    return refuse(`must run as a module: ${(error as Error).message.split("\n")[0]}`);
  }
  const found = Object.values(exported).filter(isCell);
  const cell = isCell(exported.cell) ? exported.cell : found[0];
  if (cell === undefined || (found.length > 1 && cell !== exported.cell))
    return refuse(`must export one cell, was ${found.length} of ${Object.keys(exported).length} exports`);
  if (typeof cell.weights !== "function" || typeof cell.state !== "function" || typeof cell.name !== "string")
    return refuse(`${cell.name}: must have weights, state and step`);
  return cell;
}
