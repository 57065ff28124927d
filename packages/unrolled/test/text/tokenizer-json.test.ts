// Reading a Hugging Face tokenizer.json. The ids expected follow from the files' merges by hand.
import { describe, expect, test } from "vitest";
import { decode } from "../../src/text/decode.js";
import { encode } from "../../src/text/encode.js";
import { readTokenizer } from "../../src/text/tokenizer-json.js";
import { encodeUtf8 } from "../../src/text/utf8.js";
import { decodeVocabulary, encodeVocabulary } from "../../src/text/vocabulary-file.js";

const bytes = (value: unknown): Uint8Array => encodeUtf8(JSON.stringify(value));
const vocab = (tokens: readonly string[]) => Object.fromEntries(tokens.map((token, id) => [token, id]));

const model = (tokens: readonly string[], merges: readonly unknown[], more: object = {}) => ({
  type: "BPE",
  dropout: null,
  unk_token: null,
  continuing_subword_prefix: null,
  end_of_word_suffix: null,
  fuse_unk: false,
  byte_fallback: false,
  vocab: vocab(tokens),
  merges,
  ...more,
});

const added = (id: number, content: string, more: object = {}) => ({
  id,
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: true,
  ...more,
});

const file = (parts: object) => ({
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: [],
  normalizer: null,
  pre_tokenizer: null,
  post_processor: null,
  decoder: null,
  ...parts,
});

// As GPT-2 has it: h e l o Ġ w r d ! and a few merges, with an added end of text.
const letters = ["!", "d", "e", "h", "l", "o", "r", "w", "Ġ", "Ã", "©"];
const gpt2 = file({
  added_tokens: [added(18, "<|endoftext|>")],
  pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
  post_processor: { type: "ByteLevel", add_prefix_space: true, trim_offsets: false },
  decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
  model: model(
    [...letters, "he", "ll", "hell", "hello", "Ġw", "or", "Ã©"],
    ["h e", "l l", "he ll", "hell o", "Ġ w", "o r", "Ã ©"],
  ),
});

const idsOf = (content: object, text: string, allowUnknown = false) => [
  ...encode(readTokenizer(bytes(content)), text, { allowUnknown }),
];

describe("byte level", () => {
  test("merges as the file says; added tokens stand alone", () => {
    expect(idsOf(gpt2, "hello world!")).toEqual([14, 15, 16, 4, 1, 0]);
    expect(idsOf(gpt2, "helo<|endoftext|>é")).toEqual([11, 4, 5, 18, 17]);
    // "lo" at the piece's end is no merge, and nothing merges across the space.
    expect(idsOf(gpt2, "h e")).toEqual([3, 8, 2]);
  });

  test("gives texts back", () => {
    const vocabulary = readTokenizer(bytes(gpt2));
    for (const text of ["hello world!", "hello  hé<|endoftext|> w", ""])
      expect(decode(vocabulary, encode(vocabulary, text))).toBe(text);
    expect(() => encode(vocabulary, "hex")).toThrow(
      expect.objectContaining({ code: "unknown-token", message: expect.stringMatching(/"x"/) }),
    );
  });

  test("survives vocabulary.json", () => {
    const vocabulary = readTokenizer(bytes(gpt2));
    expect(decodeVocabulary(encodeVocabulary(vocabulary), "bpe")).toEqual(vocabulary);
  });

  test("with a prefix space writes it before a text that begins with none", () => {
    const prefixed = { ...gpt2, pre_tokenizer: { type: "ByteLevel", add_prefix_space: true, use_regex: true } };
    expect(idsOf(prefixed, "w")).toEqual([15]);
    expect(idsOf(prefixed, " w")).toEqual([15]);
  });

  test("takes merges as pairs, and whole pieces where merges are ignored", () => {
    const pairs = { ...gpt2, model: model([...letters, "he", "hel", "xx"].slice(0, 13), [["h", "e"]]) };
    const whole = { ...pairs, model: { ...pairs.model, ignore_merges: true }, added_tokens: [] };
    expect(idsOf({ ...pairs, added_tokens: [] }, "hel he")).toEqual([11, 4, 8, 11]);
    expect(idsOf(whole, "hel he")).toEqual([12, 8, 11]);
  });
});

describe("a file of GPT-2's shape: its 256 bytes, its first merges, its end of text", () => {
  // A byte is written as the character of its own code where that can be seen, else as one from U+0100 on; in this order.
  const [from, to] = [
    (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i),
    256,
  ];
  const seen = [...from(33, 126), ...from(161, 172), ...from(174, 255)];
  const unseen = from(0, to - 1).filter((byte) => !seen.includes(byte));
  const letters256 = [
    ...seen.map((byte) => String.fromCharCode(byte)),
    ...unseen.map((_, i) => String.fromCharCode(to + i)),
  ]; // prettier-ignore
  const merges = ["Ġ t", "Ġ a", "h e", "i n", "r e", "o n", "Ġt he", "e r", "Ġ s", "a t"];
  const end = "<|endoftext|>";
  const tokens = [...letters256, ...merges.map((merge) => merge.replace(" ", "")), end];
  const content = (written: readonly unknown[]) =>
    file({ ...gpt2, added_tokens: [added(266, end)], model: model(tokens, written) });

  // The ids are GPT-2's own as long as only these merges apply: " the" is 262 and a new line 198 in its vocabulary.
  test.each([
    ["texts", content(merges)],
    ["pairs", content(merges.map((merge) => merge.split(" ")))],
  ])("merges as %s", (_, gpt) => {
    expect(idsOf(gpt, "there on the!\n")).toEqual([83, 258, 260, 220, 261, 262, 0, 198]);
    expect(idsOf(gpt, "it's  a 😀é")).toEqual([72, 83, 6, 82, 220, 257, 220, 172, 253, 246, 222, 127, 102]);
    expect(idsOf(gpt, `at${end}\n${end}`)).toEqual([265, 266, 198, 266]);
  });

  test("any text comes back, control characters and half of what it ends with too", () => {
    const vocabulary = readTokenizer(bytes(content(merges)));
    expect(vocabulary.tokens.length).toBe(267);
    const every = Array.from({ length: 0x250 }, (_, code) => String.fromCharCode(code)).join("");
    for (const text of [every, ` the\r\n\tin ${end} 中文 👩‍🚀`])
      expect(decode(vocabulary, encode(vocabulary, text))).toBe(text);
  });
});

describe("signs for spaces", () => {
  const tokens = ["<unk>", "<s>", "<0xC3>", "<0xA9>", "▁", "a", "b", "▁a", "ab", "▁ab"];
  const merges = ["▁ a", "a b", "▁a b"];
  const more = { unk_token: "<unk>", byte_fallback: true, fuse_unk: true };
  const newer = file({
    added_tokens: [added(0, "<unk>"), added(1, "<s>")],
    pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true },
    decoder: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true },
    model: model(tokens, merges, more),
  });
  // As older SentencePiece models are saved.
  const older = file({
    ...newer,
    pre_tokenizer: null,
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "Prepend", prepend: "▁" },
        { type: "Replace", pattern: { String: " " }, content: "▁" },
      ],
    },
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: "▁" }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        { type: "Strip", content: " ", start: 1, stop: 0 },
      ],
    },
  });

  test.each([
    ["Metaspace", newer],
    ["a normalizer", older],
  ])("by %s", (_, content) => {
    expect(idsOf(content, "ab a")).toEqual([9, 7]);
    expect(idsOf(content, "a é")).toEqual([7, 4, 2, 3]);
    const vocabulary = readTokenizer(bytes(content));
    for (const text of ["ab a", "a é b", "b  a"])
      expect(decode(vocabulary, encode(vocabulary, text, { allowUnknown: true }))).toBe(text);
  });

  test("unknown characters in a row are one", () => {
    expect(idsOf(newer, "zza", true)).toEqual([4, 0, 5]);
    const apart = { ...newer, model: model(tokens, merges, { ...more, fuse_unk: false }) };
    expect(idsOf(apart, "zza", true)).toEqual([4, 0, 0, 5]);
    expect(() => idsOf(newer, "az")).toThrow(expect.objectContaining({ code: "unknown-token" }));
  });
});

describe("words", () => {
  test("with a suffix, by the decoder that knows it", () => {
    const content = file({
      pre_tokenizer: { type: "Whitespace" },
      decoder: { type: "BPEDecoder", suffix: "</w>" },
      model: model(["a", "b", "a</w>", "b</w>", "ab</w>"], ["a b</w>"], { end_of_word_suffix: "</w>" }),
    });
    expect(idsOf(content, "ab  a\nbb")).toEqual([4, 2, 1, 3]);
    const vocabulary = readTokenizer(bytes(content));
    expect(decode(vocabulary, encode(vocabulary, "ab a bb"))).toBe("ab a bb");
  });

  test("between white space, joined with spaces where no decoder is named", () => {
    const content = file({ pre_tokenizer: { type: "WhitespaceSplit" }, model: model(["a", ","], []) });
    const vocabulary = readTokenizer(bytes(content));
    expect(decode(vocabulary, encode(vocabulary, "a,  a"))).toBe("a , a");
  });
});

describe("refuses", () => {
  const tokens = ["a", "b", "ab"];
  const plain = file({ model: model(tokens, ["a b"]) });
  const withModel = (more: object) => ({ ...plain, model: model(tokens, ["a b"], more) });
  const byName: readonly (readonly [string, string, unknown])[] = [
    ["model WordPiece", "unsupported", withModel({ type: "WordPiece" })],
    ["model Unigram", "unsupported", { ...plain, model: { type: "Unigram", vocab: [["a", -1.5]] } }],
    ["dropout", "unsupported", withModel({ dropout: 0.1 })],
    ["continuing_subword_prefix", "unsupported", withModel({ continuing_subword_prefix: "##" })],
    ["normalizer NFC", "unsupported", { ...plain, normalizer: { type: "NFC" } }],
    [
      "normalizer Lowercase",
      "unsupported",
      { ...plain, normalizer: { type: "Sequence", normalizers: [{ type: "Lowercase" }] } },
    ],
    ["pre_tokenizer BertPreTokenizer", "unsupported", { ...plain, pre_tokenizer: { type: "BertPreTokenizer" } }],
    ["pre_tokenizer Split", "unsupported", { ...plain, pre_tokenizer: { type: "Split", pattern: { Regex: "\\w" } } }],
    [
      "several pre_tokenizers",
      "unsupported",
      { ...plain, pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "Digits" }, { type: "ByteLevel" }] } },
    ],
    ["replacement other than", "unsupported", { ...plain, pre_tokenizer: { type: "Metaspace", replacement: "_" } }],
    ["prepend_scheme", "unsupported", { ...plain, pre_tokenizer: { type: "Metaspace", prepend_scheme: "twice" } }],
    ["decoder WordPiece", "unsupported", { ...plain, decoder: { type: "WordPiece" } }],
    ["decoder ByteLevel", "unsupported", { ...plain, decoder: { type: "ByteLevel" } }],
    ["added token with lstrip", "unsupported", { ...plain, added_tokens: [added(3, "<m>", { lstrip: true })] }],
    [
      "added token with single_word",
      "unsupported",
      { ...plain, added_tokens: [added(3, "<m>", { single_word: true })] },
    ],
    ["must hold a model", "shape", file({})],
    ["must be an object", "shape", ["a"]],
    ["model must be an object", "shape", { ...plain, model: "BPE" }],
    ["vocab of model must be an object", "shape", withModel({ vocab: ["a"] })],
    ["merges of model must be a list", "shape", withModel({ merges: {} })],
    ["type of model must be a text", "shape", withModel({ type: 1 })],
    ["fuse_unk of model must be true or false", "shape", withModel({ fuse_unk: "no" })],
    ["added_tokens of the file must be an object", "shape", { ...plain, added_tokens: ["<s>"] }],
    ["added token must have an id", "shape", { ...plain, added_tokens: [{ content: "<s>" }] }],
    ["at least one token", "ids", withModel({ vocab: {}, merges: [] })],
    ["holes", "ids", withModel({ vocab: { a: 0, b: 2 }, merges: [] })],
    ["its own", "ids", withModel({ vocab: { a: 0, b: 0 }, merges: [] })],
    ["whole number below", "ids", withModel({ vocab: { a: -1 }, merges: [] })],
    ["whole number below", "ids", withModel({ vocab: { a: 0.5 }, merges: [] })],
    ["whole number below", "ids", withModel({ vocab: { a: "0" }, merges: [] })],
    ["whole number below", "ids", withModel({ vocab: { a: 1e15 }, merges: [] })],
    ["units", "ids", withModel({ vocab: { ["a".repeat(2000)]: 0 }, merges: [] })],
    ["unk_token", "ids", withModel({ unk_token: "[UNK]" })],
    ["its own", "ids", { ...plain, added_tokens: [added(0, "<s>")] }],
    ["merge 0", "merge", withModel({ merges: ["a a"] })],
    ["merge 0", "merge", withModel({ merges: ["a c"] })],
    ["merge 0", "merge", withModel({ merges: ["ab"] })],
    ["merge 0", "merge", withModel({ merges: ["a b c"] })],
    ["merge 0", "merge", withModel({ merges: [["a", 1]] })],
    ["merge 0", "merge", withModel({ merges: [7] })],
    ["merge 0", "merge", withModel({ merges: [" ab"] })],
  ];

  test.each(byName)("%s: %s", (named, code, content) => {
    expect(() => readTokenizer(bytes(content), "t.json")).toThrow(
      expect.objectContaining({
        name: "DataError",
        code: `tokenizer-${code}`,
        message: expect.stringContaining(named),
      }),
    );
  });

  test.each([
    ["json-syntax", () => encodeUtf8("{")],
    ["json-syntax", () => encodeUtf8("")],
    ["json-duplicate-key", () => encodeUtf8('{"model":{},"model":{}}')],
    ["json-duplicate-key", () => encodeUtf8('{"model":{"type":"BPE","vocab":{"a":0,"a":1}}}')],
    ["json-depth", () => encodeUtf8("[".repeat(1_000_000))],
    ["json-lone-surrogate", () => encodeUtf8('{"a":"\\ud800"}')],
    ["utf8", () => Uint8Array.of(0x7b, 0xff)],
    ["bytes", () => new Uint8Array((64 << 20) + 1)],
  ] as const)("what is no such file: %s", (code, make) => {
    expect(() => readTokenizer(make())).toThrow(
      expect.objectContaining({ name: "DataError", code: `tokenizer-${code}` }),
    );
  });

  test("no name that every object has", () => {
    const names = '{"__proto__":0,"constructor":1,"then":2}';
    const vocabulary = readTokenizer(encodeUtf8(`{"model":{"type":"BPE","vocab":${names},"merges":[]}}`));
    expect(vocabulary.tokens).toEqual(["__proto__", "constructor", "then"]);
  });
});
