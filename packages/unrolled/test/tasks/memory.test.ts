// The tasks of the literature on long memory hold what their definitions say.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as k from "unrolled/tasks";
import { close } from "unrolled/testing";

const training = <E>(task: k.GeneratedTask<E>, count = 200): E[] => k.examples(task, "training", count);

describe("adding", () => {
  it("the answer is the sum of the two marked numbers, one in each half", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 60 }), fc.nat(1000), (T, i) => {
        const { x, y } = k.addingTask({ length: T }).example("test", i);
        const marked = Array.from({ length: T }, (_, t) => t).filter((t) => x[2 * t + 1] === 1);
        expect(marked.length).toBe(2);
        expect(marked[0]).toBeLessThan(Math.floor(T / 2));
        expect(marked[1]).toBeGreaterThanOrEqual(Math.floor(T / 2));
        close(y[0], x[2 * marked[0]] + x[2 * marked[1]], { relative: 1e-6 });
      }),
      { numRuns: 50 },
    );
  });
});

describe("copy memory", () => {
  it("has the published chance levels", () => {
    for (const [delay, nats] of [
      [100, 0.1733],
      [200, 0.0945],
      [500, 0.04],
      [1000, 0.0204],
    ] as const) // prettier-ignore
      close(k.copyMemoryTask({ delay }).chance.value, nats, { absolute: 6e-5 });
  });
  it("asks for the first symbols after the mark", () => {
    for (const { tokens, tags } of training(k.copyMemoryTask({ delay: 7 }), 20)) {
      expect(tags.slice(-10)).toEqual(tokens.slice(0, 10));
      expect(tokens[16]).toBe(":");
      expect(tokens.length).toBe(27);
      expect(new Set(tags.slice(0, 17))).toEqual(new Set(["_"]));
    }
  });
});

describe("parity", () => {
  it("counts the ones", () => {
    for (const { tokens, tags } of training(k.parityTask({ minimum: 5, length: 30 })))
      tags.forEach((tag, t) => {
        expect(tag).toBe(String(tokens.slice(0, t + 1).filter((bit) => bit === "1").length % 2));
      });
  });
});

describe("dyck", () => {
  it("is balanced, within its depth, and the tag closes the innermost bracket", () => {
    const partner: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}", "<": ">" };
    for (const { tokens, tags } of training(k.dyckTask({ kinds: 4, depth: 3, length: 20 }))) {
      const open: string[] = [];
      tokens.forEach((token, t) => {
        if (partner[token]) open.push(partner[token]);
        else expect(open.pop()).toBe(token);
        expect(open.length).toBeLessThanOrEqual(3);
        expect(tags[t]).toBe(open.at(-1) ?? "-");
      });
      expect(open).toEqual([]);
    }
  });
});

describe("reber", () => {
  it("every symbol is one that the grammar allows", () => {
    for (const { tokens, tags } of training(k.reberTask({ words: 4 }), 100))
      for (const word of [...tokens, tags.at(-1)].join("").split(/(?<=E)/))
        for (let t = 0; t < word.length; t++) expect(k.reberContinuations([...word.slice(0, t)])).toContain(word[t]);
    expect(k.reberContinuations([..."BX"])).toBeUndefined();
    expect(k.reberContinuations([..."BTXSE"])).toEqual([]);
  });
  it("its floor is what one who knows the grammar pays", () => {
    const task = k.reberTask({ words: 6 });
    let [nats, steps] = [0, 0];
    for (const { tokens, tags } of training(task, 1500)) {
      let word = ["B"];
      for (const [t, tag] of tags.entries()) {
        if (tokens[t] === "E") word = [];
        nats += Math.log((k.reberContinuations(word) as readonly string[]).length);
        word.push(tag);
      }
      steps += tags.length;
    }
    close(nats / steps, task.floor, { relative: 0.02 });
    expect(task.floor).toBeLessThan(task.chance.value / 2);
  });
  it("the embedded one asks for its second symbol at the last but one", () => {
    for (const { tokens, tags, measured } of training(k.embeddedReberTask())) {
      expect(measured).toEqual([tokens.length - 2]);
      expect(tags[measured[0]]).toBe(tokens[1]);
      expect(tags.at(-1)).toBe("E");
    }
  });
});

describe("temporal order", () => {
  it("the label is the two signals in their order, at the published places", () => {
    for (const { tokens, label } of training(k.temporalOrderTask({ length: 100 }))) {
      const places = tokens.flatMap((token, t) => (token === "X" || token === "Y" ? [t] : []));
      expect(places.map((t) => tokens[t]).join("")).toBe(label);
      expect(places[0] >= 10 && places[0] <= 20 && places[1] >= 50 && places[1] <= 60).toBe(true);
      expect(tokens.length >= 100 && tokens.length <= 110 && tokens[0] === "E" && tokens.at(-1) === "B").toBe(true);
    }
  });
});

describe("counting", () => {
  it("writes as many of each, and the end is where counting puts it", () => {
    for (const part of k.parts)
      for (const { tokens, tags, measured } of k.examples(k.countingTask({ letters: 3, maximum: 10 }), part, 50)) {
        const n = tokens.length / 3;
        expect(tokens.join("")).toBe("a".repeat(n) + "b".repeat(n) + "c".repeat(n));
        expect(tags.join("")).toBe(`${tokens.slice(1).join("")}$`);
        expect(measured[0]).toBe(n);
        expect(n > 10).toBe(part === "test");
        expect(new Set(measured.map((t) => tags[t])).size).toBeGreaterThan(1); // a constant is never wholly right
      }
  });
});

describe("series", () => {
  it("a wave of known period is foretold down to the noise", () => {
    const task = k.seriesTask({ length: 200, waves: [{ period: 8, height: 1 }], noise: 0.05 });
    const errors = training(task, 50).flatMap(
      ({ x, y }) => [...y].slice(8).map((value, i) => (value - x[i + 1]) ** 2), // a period ago
    ); // prettier-ignore
    close(errors.reduce((a, b) => a + b) / errors.length, 2 * task.floor, { relative: 0.1 });
  });
});
