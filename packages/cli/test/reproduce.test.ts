// `unrolled reproduce`: the list, whole experiments in a small size, what is kept of them, and being stopped.
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { close } from "unrolled/testing";
import { paddedLength } from "../src/reproduce/net.js";
import { cellText, markdown, tableText } from "../src/reproduce/render.js";
import { experiments } from "../src/reproduce/index.js";
import { colouredDeclarations, syntaxClasses } from "../src/reproduce/scanner.js";
import { interval } from "../src/reproduce/statistics.js";
import { jsonLines, scratch, startUnrolled, unrolled } from "./command.js";

const folder = scratch();
afterAll(folder.remove);

describe("the numbers of several seeds", () => {
  it("are their mean and Student's interval", () => {
    const { mean, half } = interval([1, 2, 4]);
    close(mean, 7 / 3, { relative: 1e-12 });
    close(half as number, 4.303 * Math.sqrt(7 / 3 / 3), { relative: 1e-12 }); // variance 7/3
    expect(interval([5])).toEqual({ mean: 5, half: undefined, values: [5] });
  });
  it("are shown in their unit", () => {
    expect(cellText(interval([0.5, 0.5, 0.5]), "%")).toBe("50.0 ±0.0");
    expect(cellText(0.12345, "nats")).toBe("0.1235");
    expect(cellText(1 / 6, "mse")).toBe("0.167");
    expect(cellText(undefined, "%")).toBe("-");
    expect(cellText(2046, "")).toBe("2046");
  });
  it("stand in a table for people and one for a page", () => {
    const report = {
      rows: "cell",
      columns: [{ title: "right", unit: "%" as const }],
      claims: () => [],
      notes: ["a note"],
    };
    const rows = [
      { name: "rnn", cells: [0.5] },
      { name: "lstm", cells: [interval([1, 0.9])] },
    ]; // prettier-ignore
    const claims = [{ text: "the lstm wins", holds: false }];
    const machine = { device: "native", threads: 2, cores: 2, node: "v20" };
    const finished = {
      name: "n",
      summary: "s",
      date: "2026-11-20",
      command: "unrolled reproduce n",
      quick: false,
      seed: 1,
      seeds: 2,
      seconds: 61,
      machine,
      report,
      rows,
      claims,
    }; // prettier-ignore
    expect(tableText(finished)).toBe(
      "cell     right, %\nrnn          50.0\nlstm   95.0 ±63.5\n\na note\n\ndoes not hold:  the lstm wins\n",
    );
    expect(markdown(finished)).toContain("| cell | right, % |\n|---|---:|\n| rnn | 50.0 |\n| lstm | 95.0 ±63.5 |\n");
    expect(markdown(finished)).toContain("2 seeds, 1 min 1 s on 2 cores (native, 2 threads)");
  });
});

describe("few lengths serve many", () => {
  it("keeps short and equal ones, and rounds others up by less than an eighth of them", () => {
    expect([paddedLength([3, 9]), paddedLength([37, 37]), paddedLength([17, 2]), paddedLength([100, 109])]).toEqual([
      9, 37, 18, 112,
    ]); // prettier-ignore
    for (let length = 17; length < 300; length++) {
      const padded = paddedLength([length, 1]);
      expect(padded >= length && padded < length * 1.125).toBe(true);
    }
  });
});

describe("the scanner's truth", () => {
  it("colours every character of a declaration file", () => {
    const [{ text, classes }] = colouredDeclarations(["lib.es5.d.ts"]);
    const at = text.indexOf("declare var NaN: number;");
    const shown = Array.from({ length: 24 }, (_, i) => syntaxClasses[classes[at + i]][0]).join("");
    expect(shown).toBe("kkkkkkkskkksnnnsskkkkkks"); // name NaN, sign :, space, keyword number, sign ;
    const comment = text.indexOf("Licensed");
    expect(syntaxClasses[classes[comment]]).toBe("comment");
  });
});

describe("unrolled reproduce", () => {
  it("lists all experiments", async () => {
    const { code, stdout } = await unrolled(["reproduce"]);
    expect(code).toBe(0);
    const lines = stdout.split("\n");
    for (const { name, summary } of experiments)
      expect(lines.some((line) => line.startsWith(`${name} `) && line.includes(summary))).toBe(true);
    for (const name of [
      "agreement",
      "adding",
      "tagging",
      "syntax",
      "names",
      "hello",
      "hand-set",
      "memory-baselines",
      "copy",
      "parity",
      "dyck",
      "reber",
      "order",
      "counting",
      "min-char",
    ])
      expect(stdout).toContain(`${name} `); // prettier-ignore
  });

  it("runs the hand-set networks, judges them and keeps the table", async () => {
    mkdirSync(folder.path("kept"));
    const { code, stdout, stderr } = await unrolled(["reproduce", "hand-set", "--json", "--out", folder.path("kept")]);
    expect([code, stderr.includes("written: ")]).toEqual([0, true]);
    const lines = jsonLines(stdout);
    expect(lines.map(({ type }) => type)).toEqual([...Array(5).fill("row"), "experiment"]);
    expect(lines[5].claims).toEqual([{ text: "every sequence is right, to three decimals", holds: true }]);
    const [json, page] = readdirSync(folder.path("kept")).sort();
    expect(json).toMatch(/^\d{4}-\d\d-\d\d-hand-set\.json$/);
    const kept = JSON.parse(readFileSync(folder.path("kept", json), "utf8"));
    expect(kept.rows[2]).toMatchObject({ name: "parity (Jordan)", sequences: 2046, right: 1 });
    expect(readFileSync(folder.path("kept", page), "utf8")).toContain("| adder | 4096 | 100.0 | 0.00 |");
  });

  it("a quick look judges nothing, and learns the ambiguous word", async () => {
    const { code, stdout } = await unrolled(["reproduce", "hello", "--quick", "--seeds", "1"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/the slide's weights +1\.3974 +0\.0\n/);
    expect(stdout).not.toContain("holds");
  });

  it("takes seeds from another one on, and keeps them apart", async () => {
    mkdirSync(folder.path("fresh"));
    const args = ["reproduce", "hello", "--quick", "--seeds", "2", "--json", "--seed"];
    const [first, second] = await Promise.all([
      unrolled([...args, "1"]),
      unrolled([...args, "2", "--out", folder.path("fresh")]),
    ]);
    const values = (stdout: string): readonly number[] => {
      const row = jsonLines(stdout).find(({ name }) => name === "gru") as
        | { cells?: { values: number[] }[] }
        | undefined;
      return row?.cells?.[0].values ?? [];
    };
    expect(values(second.stdout)[0]).toBe(values(first.stdout)[1]);
    expect(new Set([...values(first.stdout), ...values(second.stdout)]).size).toBe(3);
    expect(jsonLines(second.stdout).at(-1)).toMatchObject({
      seed: 2,
      seeds: 2,
      command: expect.stringContaining("--seed 2"),
    });
    expect(readdirSync(folder.path("fresh")).sort()[0]).toMatch(/-hello-from-seed-2\.json$/);
  });

  it("ends cleanly when it is asked to", async () => {
    const running = startUnrolled(["reproduce", "adding", "--seeds", "1"]);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    running.child.kill("SIGINT");
    const { code, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).toContain("stopped: the rows above are what was finished; nothing was written");
    expect(stderr).not.toContain("    at ");
  });

  it.each([
    [["agrement"], "did you mean agreement?"],
    [["agreement", "--seeds", "0"], "--seeds: must be an integer from 1 to 100"],
    [["agreement", "--out", "/nowhere/at/all"], "--out: must be an existing directory"],
    [["a", "b"], "too many arguments"],
  ])("refuses %j in one line", async (args, words) => {
    const { code, stdout, stderr } = await unrolled(["reproduce", ...args]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(words);
    expect(stderr.trim().split("\n").length).toBeLessThanOrEqual(2);
  });
});
