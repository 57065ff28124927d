// What each character of a TypeScript source is, by the compiler's own scanner: the truth of syntax colouring.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { bundledTexts } from "../bundled-texts.js";

/** The part of the compiler that is used; it is loaded only where it is installed. */
interface Scanner {
  scan(): number;
  getTokenPos?(): number;
  getTokenStart(): number;
  getTokenEnd(): number;
}
interface Compiler {
  readonly ScriptTarget: { readonly Latest: number };
  readonly SyntaxKind: Readonly<Record<string, number>>;
  createScanner(target: number, skipTrivia: boolean, variant: number, text: string): Scanner;
}

export const syntaxClasses = ["space", "keyword", "name", "string", "number", "comment", "sign"] as const;
export type SyntaxClass = (typeof syntaxClasses)[number];

export interface Coloured {
  readonly text: string;
  /** Index into `syntaxClasses` of each UTF-16 unit. */
  readonly classes: Uint8Array;
}

/** TypeScript's own declaration files, coloured. Throws UsageError where the compiler is not installed. */
export function colouredDeclarations(names: readonly string[]): readonly Coloured[] {
  const paths = bundledTexts(names, "reproduce syntax");
  const compiler = createRequire(paths[0])(join(paths[0], "..", "typescript.js")) as Compiler;
  return paths.map((path) => colour(compiler, readFileSync(path, "utf8")));
}

function colour(compiler: Compiler, text: string): Coloured {
  const scanner = compiler.createScanner(compiler.ScriptTarget.Latest, false, 0, text);
  const classOf = classifier(compiler.SyntaxKind);
  const classes = new Uint8Array(text.length);
  for (let kind = scanner.scan(); kind !== compiler.SyntaxKind.EndOfFileToken; kind = scanner.scan())
    classes.fill(syntaxClasses.indexOf(classOf(kind)), scanner.getTokenStart(), scanner.getTokenEnd());
  return { text, classes };
}

function classifier(kinds: Readonly<Record<string, number>>): (kind: number) => SyntaxClass {
  const between = (kind: number, first: string, last: string): boolean => kind >= kinds[first] && kind <= kinds[last];
  return (kind) => {
    if (kind === kinds.WhitespaceTrivia || kind === kinds.NewLineTrivia) return "space";
    if (between(kind, "FirstTriviaToken", "LastTriviaToken")) return "comment";
    if (between(kind, "FirstKeyword", "LastKeyword")) return "keyword";
    if (kind === kinds.Identifier || kind === kinds.PrivateIdentifier) return "name";
    if (kind === kinds.NumericLiteral || kind === kinds.BigIntLiteral) return "number";
    if (
      between(kind, "FirstLiteralToken", "LastLiteralToken") ||
      between(kind, "FirstTemplateToken", "LastTemplateToken")
    )
      return "string"; // prettier-ignore
    return "sign";
  };
}
