// The package must load in a browser: no module of Node's is imported anywhere.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const folder = new URL("../src/", import.meta.url);

describe("sources", () => {
  it.each([...readdirSync(folder), "../worker.js", "../watch.js"])("%s imports nothing of Node", (file) => {
    const text = readFileSync(new URL(file, folder), "utf8").replaceAll("typeof import(", "type(");
    expect(text).not.toMatch(/(?:from|import\(|require\()\s*["']node:/);
    expect(text.length).toBeGreaterThan(0);
  });
});
