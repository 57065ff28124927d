// Learning to execute: programs, what they print, curricula; tunes and their MIDI bytes.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { draws } from "unrolled";
import * as k from "unrolled/tasks";

describe("what a program prints", () => {
  it.each([
    ["j=8584\nfor x in range(8):j+=920\nb=(1500+j)\nprint((b+7567))", "25011"], // the paper's figure
    ["i=8827\nc=(i-5347)\nprint((c+8704) if 2641<8500 else 5308)", "12184"],
    ["print(12)", "12"],
    ["a=5;a-=7;print((a*3))", "-6"],
    ["print((1 if 2==3 else 4))", "4"],
    ["for x in range(0):q+=1\nprint(3)", "3"],
    ["print((99999999999999999999*99999999999999999999))", "9999999999999999999800000000000000000001"],
  ])("%#", (program, printed) => expect(k.programOutput(program)).toBe(printed));

  it.each([
    ["", "print(...)"],
    ["print(a)", "a value for a before it is used"],
    ["print(1", '")"'],
    ["print(1)\na=2", "nothing after print"],
    ["print(1)2", "the end of the line"],
    ["for x in range(9999999):a+=1\nprint(1)", "a value for a"],
    ["a=1\nfor x in range(9999999):a+=1\nprint(a)", "at most 1000000 passes"],
    [`print(${"(".repeat(10_000)}1`, "brackets at most 500 deep"],
    ["import os", "=, += or -="],
  ])("refuses what is none (%#)", (program, words) => expect(() => k.programOutput(program)).toThrow(words));

  /** A program without choices, said in JavaScript: its own parser and its BigInt arithmetic. */
  const byJavaScript = (program: string): string => {
    const text = program
      .replace(/\d+/g, "$&n")
      .replace(/for x in range\((\d+)n\):(.*)/g, "for(let x=0;x<$1;x++){$2}")
      .replace(/^print\((.*)\)$/m, "return ($1)")
      .replace(/^(\w)=/gm, "var $1=");
    return String(new Function(text)());
  };

  it("agrees with another evaluator on generated programs", () => {
    const task = k.programTask({ difficulty: { length: 4, nesting: 3 } });
    let compared = 0;
    for (const { source, target } of k.examples(task, "training", 400)) {
      if (/ if /.test(source)) continue;
      expect(`${byJavaScript(k.programText(source))}.`).toBe(target);
      compared++;
    }
    expect(compared).toBeGreaterThan(100);
  });
});

describe("programs", () => {
  const characters = new Set<string>([...k.programCharacters]);
  const answers = new Set<string>([...k.answerCharacters]);

  it("are written in the stated characters, with numbers of the stated length", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 5 }), fc.nat(1e5), (length, nesting, i) => {
        const { source, target } = k.programTask({ difficulty: { length, nesting } }).example("training", i);
        for (const c of source) expect(characters.has(c), c).toBe(true);
        for (const c of target) expect(answers.has(c), c).toBe(true);
        expect(Math.max(...(source.match(/\d+/g) ?? []).map((n) => n.length))).toBeLessThanOrEqual(Math.max(2, length));
        expect(source).toMatch(/print\(.*\)@$/);
      }),
      { numRuns: 60 },
    );
  });
  it("use every operation", () => {
    const text = k
      .examples(k.programTask({ difficulty: { length: 2, nesting: 3 } }), "training", 200)
      .map((e) => e.source)
      .join(); // prettier-ignore
    for (const sign of ["+", "-", "*", "==", "<", ">", "for x in range(", "+=", "-=", "=(", " if ", " else "])
      expect(text).toContain(sign);
  });
  it("addition is of two numbers of so many digits; its chance is the commonest sum's", () => {
    const task = k.programTask({ difficulty: { length: 9, nesting: 1 }, addition: true });
    for (const { source } of k.examples(task, "test", 50))
      expect(source).toMatch(/^print\(\([1-9]\d{8}\+[1-9]\d{8}\)\)@$/); // prettier-ignore
    const sums = new Map<number, number>();
    for (let a = 10; a < 100; a++) for (let b = 10; b < 100; b++) sums.set(a + b, (sums.get(a + b) ?? 0) + 1);
    const two = k.programTask({ difficulty: { length: 2, nesting: 1 }, addition: true });
    expect(two.chance.value).toBe(Math.max(...sums.values()) / 8100);
  });
});

describe("curricula", () => {
  const goal = { length: 4, nesting: 3 };
  const stage = { ...k.firstStage, now: { length: 2, nesting: 1 } };
  const drawn = (curriculum: k.Curriculum): k.Difficulty[] => {
    const random = draws(1);
    return Array.from({ length: 4000 }, () => k.drawDifficulty(curriculum, goal, stage, random));
  };
  const share = (list: readonly k.Difficulty[], d: k.Difficulty): number =>
    list.filter(({ length, nesting }) => length === d.length && nesting === d.nesting).length / list.length;

  it("baseline is the goal, naive the stage, mix anything up to the goal, combined a fifth of it", () => {
    expect(share(drawn("baseline"), goal)).toBe(1);
    expect(share(drawn("naive"), stage.now)).toBe(1);
    const mix = drawn("mix");
    for (let length = 1; length <= 4; length++)
      for (let nesting = 1; nesting <= 3; nesting++)
        expect(Math.abs(share(mix, { length, nesting }) - 1 / 12)).toBeLessThan(0.02);
    expect(Math.abs(share(drawn("combined"), stage.now) - (0.8 + 0.2 / 12))).toBeLessThan(0.03);
  });
  it("goes on above .95 or when it stalls, longer first, then deeper, and stays at the goal", () => {
    const levels: string[] = [];
    let at = k.firstStage;
    for (let i = 0; i < 14; i++) {
      levels.push(`${at.now.length}/${at.now.nesting}`);
      at = k.nextStage(at, goal, 0.96);
    }
    expect(levels.join(" ")).toBe("1/1 2/1 3/1 4/1 1/2 2/2 3/2 4/2 1/3 2/3 3/3 4/3 4/3 4/3");
    let waiting = k.firstStage;
    for (const accuracy of [0.5, 0.4, 0.5, 0.6, 0.6, 0.5]) waiting = k.nextStage(waiting, goal, accuracy);
    expect(waiting.now).toEqual({ length: 1, nesting: 1 });
    expect(k.nextStage(waiting, goal, 0.6).now).toEqual({ length: 2, nesting: 1 });
  });
});

describe("tunes", () => {
  it("fill their bars and survive their tokens", () => {
    for (const { tokens, tags } of k.examples(k.melodyTask({ bars: 8 }), "training", 50)) {
      expect([tokens[0], tags.at(-1)]).toEqual([k.melodyStart, k.melodyEnd]);
      const notes = tokens.slice(1).map((token) => k.noteOf(token) as k.Note);
      expect(notes.reduce((sum, { beats }) => sum + beats, 0)).toBe(32);
      expect(notes.map(k.noteToken)).toEqual(tokens.slice(1));
    }
    expect(["$", "^", "200/1", "60", "60/"].map(k.noteOf)).toEqual(Array(5).fill(undefined));
  });

  /** The notes of a format 0 file, read back by the standard's rules. */
  function readMidi(file: Uint8Array): { notes: k.Note[]; tempo: number } {
    const view = new DataView(file.buffer);
    const text = (at: number): string => String.fromCharCode(...file.subarray(at, at + 4));
    expect([text(0), view.getUint32(4), view.getUint16(8), view.getUint16(10), text(14)]).toEqual([
      "MThd",
      6,
      0,
      1,
      "MTrk",
    ]); // prettier-ignore
    expect(view.getUint32(18)).toBe(file.length - 22);
    const division = view.getUint16(12);
    const notes: k.Note[] = [];
    let [at, now, started, tempo] = [22, 0, 0, 0];
    for (let ended = false; !ended; ) {
      let delta = 0;
      do delta = delta * 128 + (file[at] & 127);
      while (file[at++] >= 128);
      now += delta;
      const status = file[at++];
      if (status === 0xff) {
        const [type, length] = [file[at], file[at + 1]];
        if (type === 0x51) tempo = 6e7 / (file[at + 2] * 65536 + file[at + 3] * 256 + file[at + 4]);
        ended = type === 0x2f;
        at += 2 + length;
      } else if (status === 0xc0) at += 1;
      else {
        if (status === 0x90) started = now;
        else notes.push({ pitch: file[at], beats: (now - started) / division });
        at += 2;
      }
    }
    expect(at).toBe(file.length);
    return { notes, tempo };
  }

  /** The notes of an ABC score in C major, read back by the standard's rules. */
  function readAbc(score: string): { notes: k.Note[]; bars: number[] } {
    const semitones: Record<string, number> = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };
    const notes: k.Note[] = [];
    const bars: number[] = [];
    let [filled, tied, sharp] = [0, false, new Set<string>()];
    const body = score.slice(score.indexOf("K:C\n") + 4);
    for (const word of body.split(/\s+/).filter((each) => each !== "")) {
      if (word === "|" || word === "|]") {
        bars.push(filled);
        [filled, sharp] = [0, new Set()];
        continue;
      }
      const [, mark, letter, octave, over, under, tie] = word.match(
        /^([\^=]?)([A-Ga-g])([,']*)(\d*)(?:\/(\d+))?(-?)$/,
      ) as RegExpMatchArray;
      const place = letter + octave;
      if (mark === "^") sharp.add(place);
      if (mark === "=") sharp.delete(place);
      const high = letter === letter.toLowerCase() ? 1 : 0;
      const octaves = 5 + high + (octave.startsWith(",") ? -octave.length : octave.length);
      const pitch = 12 * octaves + semitones[letter.toUpperCase()] + Number(sharp.has(place));
      const beats = (over === "" ? 1 : Number(over)) / (under === undefined ? 1 : Number(under)) / 2;
      filled += beats;
      if (tied) notes[notes.length - 1] = { pitch, beats: notes[notes.length - 1].beats + beats };
      else notes.push({ pitch, beats });
      tied = tie === "-";
    }
    return { notes, bars };
  }

  it("a score read back is the notes, in whole bars", () => {
    const note = fc.record({ pitch: fc.nat(127), beats: fc.integer({ min: 1, max: 40 }).map((n) => n / 4) });
    fc.assert(
      fc.property(fc.array(note, { minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 6 }), (notes, bar) => {
        const { notes: read, bars } = readAbc(k.abcScore(notes, { bar }));
        expect(read).toEqual(notes);
        expect(bars.slice(0, -1)).toEqual(Array(bars.length - 1).fill(bar));
        expect(bars.at(-1)).toBeLessThanOrEqual(bar);
      }),
    );
    expect(
      k.abcScore([
        { pitch: 66, beats: 1 },
        { pitch: 65, beats: 4 },
        { pitch: 72, beats: 0.75 },
      ]),
    ).toBe("X:1\nT:Tune\nM:4/4\nL:1/8\nQ:1/4=108\nK:C\n^F2 =F6- | F2 c3/2 |]\n");
  });
  it.each([
    [[{ pitch: 128, beats: 1 }], {}, "notes[0] must have a pitch"],
    [[{ pitch: 60, beats: 0 }], {}, "notes[0] must have a pitch"],
    [[], { bar: 0 }, "bar must be"],
    [[], { title: "a\nK:G" }, "title must be one line"],
    [[], { tempo: 1 }, "tempo must be"],
  ])("refuses %j %j", (notes, options, words) => {
    expect(() => k.abcScore(notes, options)).toThrow(words);
  });

  it("MIDI bytes read back are the notes", () => {
    const note = fc.record({ pitch: fc.nat(127), beats: fc.integer({ min: 1, max: 400 }).map((n) => n / 4) });
    fc.assert(
      fc.property(fc.array(note, { maxLength: 20 }), fc.integer({ min: 30, max: 300 }), (notes, tempo) => {
        const read = readMidi(k.midiFile(notes, { tempo }));
        expect(read.notes).toEqual(notes);
        expect(Math.abs(read.tempo - tempo)).toBeLessThan(0.01);
      }),
    );
    expect(() => k.midiFile([{ pitch: 128, beats: 1 }])).toThrow("notes[0].pitch must be from 0 to 127, was 128");
    expect(() => k.midiFile([], { tempo: 1 })).toThrow("tempo must be from 4");
  });
});
