// Labelled and tagged rows: what is read, and what is refused with file and line.
import fc from "fast-check";
import { DataError, parseLabelled, parseTable, parseTagged } from "unrolled";
import { describe, expect, it } from "vitest";

const refusal = (work: () => unknown): { readonly message: string; readonly code: string } => {
  try {
    work();
  } catch (error) {
    if (error instanceof DataError) return { message: error.message, code: error.code };
    throw error;
  }
  return { message: "taken", code: "taken" };
};

describe("tables", () => {
  const csv = (text: string) => parseTable(text, { where: "a.csv", separator: "," });
  const quote = (field: string): string => `"${field.replaceAll('"', '""')}"`;

  it("reads the examples of RFC 4180, section 2", () => {
    const fieldsOf = (text: string) => csv(text).map(({ fields }) => fields);
    const two = [
      ["aaa", "bbb", "ccc"],
      ["zzz", "yyy", "xxx"],
    ];
    expect(fieldsOf("aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n")).toEqual(two);
    expect(fieldsOf("aaa,bbb,ccc\r\nzzz,yyy,xxx")).toEqual(two);
    expect(fieldsOf('"aaa","bbb","ccc"\r\nzzz,yyy,xxx')).toEqual(two);
    expect(fieldsOf('"aaa","b\r\nbb","ccc"\r\nzzz,yyy,xxx')).toEqual([["aaa", "b\r\nbb", "ccc"], two[1]]);
    expect(fieldsOf('"aaa","b""bb","ccc"')).toEqual([["aaa", 'b"bb', "ccc"]]);
  });

  it("any fields come back as they were written, with the lines they began at", () => {
    const field = fc.string({ unit: fc.constantFrom("a", "b", ",", '"', "\n", "\r\n", " ", "é") });
    const row = fc
      .array(field, { minLength: 1, maxLength: 4 })
      .filter((fields) => fields.length > 1 || fields[0] !== "");
    fc.assert(
      fc.property(fc.array(row), fc.constantFrom("\n", "\r\n"), (rows, newline) => {
        const read = csv(rows.map((fields) => fields.map(quote).join(",") + newline).join(""));
        expect(read.map(({ fields }) => fields)).toEqual(rows);
        let line = 1;
        for (const [i, fields] of rows.entries()) {
          expect(read[i].line).toBe(line);
          line += 1 + fields.join("").split("\n").length - 1;
        }
      }),
      { numRuns: 300 },
    );
  });

  it("keeps empty lines and empty fields apart", () => {
    expect(csv('a,\n\n,\n""\nb').map(({ fields }) => fields)).toEqual([["a", ""], [], ["", ""], [""], ["b"]]);
    expect(parseTable('a "b"\tc\n', { where: "a.tsv", separator: "\t" })).toEqual([
      { fields: ['a "b"', "c"], line: 1 },
    ]);
  });

  it.each([
    ['a,b\nc,"d', "a.csv, line 2: must close the quote", "table-quote"],
    ['a,b\n"c\nx" d,e', "a.csv, line 3: a closing quote must end its field", "table-quote"],
    ['a,b\nc,d "e"', "a.csv, line 2: a quote must begin its field", "table-quote"],
  ])("refuses %j", (text, message, code) => {
    const refused = refusal(() => csv(text));
    expect(refused.code).toBe(code);
    expect(refused.message).toContain(message);
  });

  it("reads any half million characters in seconds, where a quadratic reader would take an hour", () => {
    const began = performance.now();
    for (const piece of ['"', '""', ",", "\n", '"a\n"', "a\r"])
      refusal(() => csv(piece.repeat(500_000 / piece.length)));
    expect(performance.now() - began).toBeLessThan(20_000);
  });
});

describe("labelled texts", () => {
  const read = (text: string, more = {}) => parseLabelled(text, { where: "f.csv", format: "csv", ...more });

  it.each([
    ["text first, without a header", "ann,girl\nbob,boy\n", {}],
    ["with a header", "text,label\nann,girl\nbob,boy\n", {}],
    ["with a header, the other way round", "label,text\ngirl,ann\nboy,bob\n", {}],
    ["by name", "kind,name,age\ngirl,ann,3\nboy,bob,4\n", { textColumn: "name", labelColumn: "kind" }],
    ["by number", "girl,ann\nboy,bob\n", { textColumn: "2", labelColumn: "1" }],
    ["by one number", "girl,ann\nboy,bob\n", { labelColumn: "1" }],
    ["by one name", "kind,name\ngirl,ann\nboy,bob\n", { textColumn: "name" }],
    ["tabs", "ann\tgirl\nbob\tboy", { format: "tsv" }],
    ["JSON", '{"text":"ann","label":"girl"}\n\n{"label":"boy","text":"bob"}', { format: "jsonl" }],
    [
      "JSON by name",
      '{"n":"ann","l":"girl"}\n{"l":"boy","n":"bob"}',
      { format: "jsonl", textColumn: "n", labelColumn: "l" },
    ],
  ])("reads %s", (_, text, options) => {
    expect(read(text, options).map(({ text, label }) => [text, label])).toEqual([
      ["ann", "girl"],
      ["bob", "boy"],
    ]);
  });

  it("keeps hostile names as text", () => {
    const rows = read("__proto__,constructor\nthen,__proto__\n");
    expect(rows.map(({ text, label }) => `${text}:${label}`)).toEqual(["__proto__:constructor", "then:__proto__"]);
    const json = read('{"__proto__":"a","constructor":"b"}', {
      format: "jsonl",
      textColumn: "__proto__",
      labelColumn: "constructor",
    });
    expect(json).toEqual([{ text: "a", label: "b", line: 1 }]);
  });

  it.each<[string, string, object, string, string]>([
    ["one field", "ann\n", {}, "f.csv, line 1: must have two fields", "row-fields"],
    [
      "a row too long",
      "ann,girl\nbob,boy,3\n",
      {},
      "f.csv, line 2: must have 2 fields like line 1, has 3",
      "row-fields",
    ],
    ["three columns, none named", "ann,girl,3\n", {}, "f.csv, line 1: must have two fields", "row-fields"],
    ["an empty text", "ann,girl\n,boy\n", {}, "f.csv, line 2: the text must not be empty", "row-text"],
    ["an empty label", 'ann,girl\n"b\nob",\n', {}, "f.csv, line 2: the label must not be empty", "row-label"],
    ["a header alone", "text,label\n", {}, "f.csv: must hold rows", "no-rows"],
    ["nothing", "", {}, "f.csv: must hold rows", "no-rows"],
    ["no such column", "a,b\nx,y\n", { textColumn: "c", labelColumn: "b" }, 'one of "a", "b", was "c"', "table-column"],
    ["no such number", "a,b\nx,y\n", { labelColumn: "3" }, "a number from 1 to 2, was", "table-column"],
    ["a column twice", "a,a,b\nx,y,z\n", { textColumn: "a", labelColumn: "b" }, "comes twice", "table-column"],
    ["one column for both", "a,b\nx,y\n", { textColumn: "1", labelColumn: "1" }, "must be two columns", "table-column"],
    [
      "broken JSON",
      '{"text":"a","label":"b"}\n{"text":',
      { format: "jsonl" },
      "f.csv, line 2: must be JSON",
      "row-json",
    ],
    ["JSON that is no object", "[1]", { format: "jsonl" }, "line 1: must be a JSON object", "row-json"],
    ["JSON without a label", '{"text":"a"}', { format: "jsonl" }, 'line 1: must have "label"', "row-json"],
    ["JSON whose text is a number", '{"text":1,"label":"b"}', { format: "jsonl" }, '"text" must be text', "row-json"],
  ])("refuses %s", (_, text, options, message, code) => {
    const refused = refusal(() => read(text, options));
    expect(refused.code).toBe(code);
    expect(refused.message).toContain(message);
  });
});

describe("tagged sequences", () => {
  const read = (text: string, format: "conll" | "jsonl" = "conll") => parseTagged(text, { where: "f.txt", format });
  const teddy = [
    { tokens: ["Teddy", "Roosevelt"], tags: ["B-PER", "I-PER"], line: 1 },
    { tokens: ["bears"], tags: ["O"], line: 4 },
  ];

  it("reads lines, by tabs or spaces, with fields between", () => {
    expect(read("Teddy B-PER\nRoosevelt  I-PER\n\nbears O\n")).toEqual(teddy);
    expect(read("Teddy\tNNP\tB-PER\r\nRoosevelt\tNNP\tI-PER\r\n\r\nbears\tNNS\tO")).toEqual(teddy);
    expect(read("-DOCSTART- O\na b B-X\n\n\n\nc d O")).toEqual(
      [
        { tokens: ["a"], tags: ["B-X"], line: 2 },
        { tokens: ["c"], tags: ["O"], line: 6 },
      ].map((each) => each),
    ); // prettier-ignore
  });

  it("reads JSON: tokens, the characters of a text, several tags", () => {
    expect(read('{"tokens":["Teddy","bears"],"tags":["O","O"]}', "jsonl")).toEqual([
      { tokens: ["Teddy", "bears"], tags: ["O", "O"], line: 1 },
    ]);
    expect(read('\n{"text":"a😀","tags":["x",["x","y"]]}', "jsonl")).toEqual([
      { tokens: ["a", "😀"], tags: ["x", "x|y"], line: 2 },
    ]);
  });

  it.each<[string, string, "conll" | "jsonl", string, string]>([
    ["a token alone", "Teddy B-PER\nbears\n", "conll", "f.txt, line 2: must be a token and its tag", "tag-count"],
    ["another number of fields", "a X O\nb O\n", "conll", "f.txt, line 2: must have 3 fields", "tag-count"],
    [
      "too few tags",
      '{"tokens":["a","b"],"tags":["O"]}',
      "jsonl",
      "line 1: must have a tag for every token, has 2 tokens and 1 tags",
      "tag-count",
    ],
    [
      "too many tags",
      '\n{"text":"ab","tags":["O","O","O"]}',
      "jsonl",
      "line 2: must have a tag for every token",
      "tag-count",
    ],
    ["no tags", '{"tokens":["a"]}', "jsonl", 'line 1: must have "tags"', "row-json"],
    ["a tag that is none", '{"tokens":["a"],"tags":[null]}', "jsonl", "a tag must be text, was null", "tag-empty"],
    ["an empty tag", "a\tO\nb\t\n", "conll", "line 2: token and tag must not be empty", "tag-empty"],
    ["nothing", "\n\n", "conll", "f.txt: must hold tokens and their tags", "no-rows"],
  ])("refuses %s", (_, text, format, message, code) => {
    const refused = refusal(() => read(text, format));
    expect(refused.code).toBe(code);
    expect(refused.message).toContain(message);
  });
});
