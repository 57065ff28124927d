// The tasks made of words: agreement, names, dates, Pig Latin.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as k from "unrolled/tasks";

describe("agreement", () => {
  it("stands exactly `gap` words from noun to verb, every gap from 0 to 60", () => {
    for (let gap = 0; gap <= 60; gap++)
      for (const e of k.examples(k.agreementTask({ gap }), "training", 5)) {
        expect(e.tokens.length).toBe(gap + 2);
        expect(k.agreementSentence(e).split(" ")[gap + 2]).toBe(e.verb);
        for (const word of e.tokens) expect(k.agreementWords).toContain(word);
      }
  });
  it("the noun and its verb agree, and the wrong verb does not", () => {
    const many = new Set(["were", "are", "have"]);
    const plurals = /^(\w+s|children|mice|women|geese|wolves|ponies)$/;
    for (const { tokens, label, verb, wrong } of k.examples(k.agreementTask({ gap: [0, 20] }), "test", 300)) {
      expect(many.has(verb)).toBe(label === "many");
      expect(many.has(wrong)).toBe(label === "one");
      expect(plurals.test(tokens[1]) && !/^(mouse|goose|horse)$/.test(tokens[1])).toBe(label === "many");
    }
  });
  it("the clause knows nothing of the number: its last noun agrees half of the time", () => {
    const sample = k.examples(k.agreementTask({ gap: [8, 20] }), "training", 2000);
    const many = (word: string): boolean => /(s|children|mice|women|geese)$/.test(word);
    const nouns = new Set(sample.map(({ tokens }) => tokens[1]));
    const agrees = sample.map(
      ({ tokens }) => many(tokens.findLast((word, t) => t > 1 && nouns.has(word)) ?? "") === many(tokens[1]),
    ); // prettier-ignore
    const share = agrees.filter(Boolean).length / agrees.length;
    expect(share > 0.46 && share < 0.54).toBe(true);
  });
});

describe("teddy", () => {
  it("both readings of a beginning are in the same part", () => {
    const task = k.teddyTask();
    const readings = new Map<string, Set<string>>();
    for (const e of k.examples(task, "test", 3000)) {
      const key = task.key(e);
      readings.set(key, (readings.get(key) ?? new Set()).add(e.tags[e.measured[0]]));
    }
    expect([...readings.values()].filter(({ size }) => size === 2).length).toBeGreaterThan(0.9 * readings.size);
  });
  it("tags both words of a name and nothing else", () => {
    for (const { tokens, tags, measured } of k.examples(k.teddyTask(), "training", 200)) {
      const named = tags.flatMap((tag, t) => (tag === "name" ? [t] : []));
      expect([[], [measured[0], measured[0] + 1]]).toContainEqual(named);
      if (named.length > 0) expect(tokens[measured[0] + 1]).toMatch(/^[A-Z]/);
    }
  });
});

describe("names", () => {
  it("splits each name of at least ten languages into one part, with one language", () => {
    const set = k.namesTask();
    const names = k.parts.flatMap((part) => set[part].map(({ tokens }) => tokens.join("")));
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(set.test.map(({ label }) => label)).size).toBeGreaterThanOrEqual(10);
    expect(set.training.length).toBeGreaterThan(4000);
    expect(set.training).toContainEqual({ tokens: [..."Spojené arabské emiráty"], label: "cs" });
  });
  it("chance is the share of the language that is likeliest in training", () => {
    const set = k.namesTask({ languages: ["fi", "de", "fr"] });
    const best = set.chance.predictor.replace("always ", "");
    const counts = set.languages.map((l) => set.training.filter(({ label }) => label === l).length);
    expect(set.languages[counts.indexOf(Math.max(...counts))]).toBe(best);
    expect(set.chance.value).toBe(set.test.filter(({ label }) => label === best).length / set.test.length);
  });
});

describe("dates", () => {
  it("what is written means one date only, in all locales and forms together", () => {
    const meaning = new Map<string, string>();
    const task = k.datesTask({ forms: "all", years: [2000, 2003] });
    for (const { source, target } of k.examples(task, "training", 12_000)) {
      expect(meaning.get(source) ?? target, source).toBe(target);
      meaning.set(source, target);
    }
    expect(meaning.size).toBeGreaterThan(8_000);
  });
  it("writes the lecture's forms", () => {
    const forms = k.examples(k.datesTask({ forms: "all", locales: ["en-GB"], years: [1979, 1979] }), "training", 9000);
    const written = new Set(forms.map(({ source }) => source));
    const third = ["January", "May", "October"].flatMap((month) => [`3 ${month} 1979`, `the 3rd of ${month}, 79`]);
    expect(third.filter((text) => written.has(text)).length).toBeGreaterThan(1);
    const first = forms.filter(({ form }) => form === "May 3rd, 1979").map(({ source }) => source);
    for (const text of first) expect(text).toMatch(/^[A-Z][a-z]+ (1?1th|12th|13th|\d?1st|\d?2nd|\d?3rd|\d*th), 1979$/);
    expect(first).not.toContainEqual(expect.stringMatching(/ (11st|12nd|13rd)/));
  });
  it("says where its fields stand", () => {
    const pairs = k.examples(k.datesTask({ forms: "all" }), "training", 2_000);
    for (const { source, target, fields } of pairs) {
      const [year, month, day] = (["year", "month", "day"] as const).map((field) => source.slice(...fields[field]));
      expect([year, year.padStart(4, target.slice(0, 2)), Number.parseInt(day, 10)], source).toEqual([
        year,
        target.slice(0, 4),
        Number(target.slice(8)),
      ]);
      expect(month.trim(), source).not.toBe("");
      const places = Object.values(fields).flat();
      expect(new Set(places).size === 6 || places.every((at) => at <= source.length), source).toBe(true);
    }
    const german = pairs.filter(({ locale, form }) => locale === "de" && form === "weekday");
    const months = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split(" ");
    expect(german.length).toBeGreaterThan(2);
    for (const { source, target, fields } of german)
      expect(source.slice(...fields.month)).toBe(months[Number(target.slice(5, 7)) - 1]);
  });
  it("forms that are held out are never drawn for training", () => {
    const kept = k.examples(k.datesTask(), "training", 3000).map(({ locale, form }) => `${locale}/${form}`);
    const held = new Set(
      k.examples(k.datesTask({ forms: "held out" }), "test", 500).map((e) => `${e.locale}/${e.form}`),
    ); // prettier-ignore
    expect(held.size).toBeGreaterThan(10);
    expect(kept.filter((form) => held.has(form))).toEqual([]);
  });
  it("each form is held out in exactly one of eight folds", () => {
    const folds = Array.from({ length: 8 }, (_, fold) => k.dateForms({ forms: "held out", fold }));
    expect(folds.flat().sort()).toEqual([...k.dateForms({ forms: "all" })].sort());
    for (const [fold, held] of folds.entries()) {
      const kept = k.dateForms({ fold });
      expect(held.length).toBeGreaterThan(10);
      expect(kept.filter((form) => held.includes(form))).toEqual([]);
      const drawn = k.examples(k.datesTask({ fold }), "training", 300).map((e) => `${e.locale} ${e.form}`);
      expect(drawn.filter((form) => !kept.includes(form))).toEqual([]);
    }
    expect(() => k.datesTask({ fold: 8 })).toThrow("dates.fold: must be an integer from 0 to 7, was 8");
  });

  it("separators vary, but never to what a held-out form writes; the fields stay where they are said to be", () => {
    const plain = new Set(k.examples(k.datesTask(), "training", 3000).map(({ source, form }) => `${form}: ${source}`));
    const varied = k.examples(k.datesTask({ separators: "varied" }), "training", 3000);
    const others = varied.filter(({ form, source }) => !plain.has(`${form}: ${source}`));
    expect(others.some(({ source }) => source.includes("/"))).toBe(true);
    for (const { source, target, fields } of varied) {
      expect(source.slice(...fields.year), source).toMatch(new RegExp(`${target.slice(2, 4)}$`));
      expect(Number.parseInt(source.slice(...fields.day), 10), source).toBe(Number(target.slice(8)));
    }
    const english = { locales: ["en-US"], years: [1979, 1979], separators: "varied" } as const;
    const held = k.dateTexts({ locales: ["en-US"], forms: "held out" });
    const drawn = k.examples(k.datesTask(english), "training", 8_000);
    const lower = (text: string): string => text.toLowerCase();
    const shown = drawn.filter(({ source, target }) => held(target).map(lower).includes(lower(source)));
    expect(shown.map(({ source }) => source)).toEqual([]);
    expect(held("1979-05-03")).toContain("May 3 1979");
    const lithuanian = { locales: ["lt", "zh"], years: [1979, 1979], separators: "varied" } as const;
    const numbers = k.examples(k.datesTask(lithuanian), "training", 4_000).map(({ source }) => source);
    expect(k.dateTexts({ locales: ["lt"], forms: "held out" })("1979-11-03")).toContain("1979-11-03");
    expect(numbers.filter((text) => /^1979-\d\d-\d\d$/.test(text))).toEqual([]);
    expect(numbers.some((text) => /^1979\/0\d\/0\d$/.test(text))).toBe(true);
    expect(numbers.some((text) => /^1979\/\d-\d$/.test(text))).toBe(true);
    expect(drawn.some(({ source }) => /^May[-/]\d\d? 1979$/.test(source))).toBe(true);
  });
  it("days of the week come and go, from whatever language", () => {
    const locales = ["de", "fr"];
    const drawn = k.examples(k.datesTask({ locales, weekdays: "varied", fold: 3 }), "training", 2000);
    const german = drawn.filter(({ locale }) => locale === "de");
    const named = /Montag|Dienstag|Mittwoch|Donnerstag|Freitag|Samstag|Sonntag/;
    const weekdays = german.filter(({ form }) => form === "weekday").map(({ source }) => source);
    expect(weekdays.some((source) => named.test(source))).toBe(true);
    expect(weekdays.some((source) => /^\d/.test(source) && !named.test(source))).toBe(true);
    expect(german.some(({ source }) => /^\d\d?\. \p{L}+ \d{4},? lundi$/u.test(source))).toBe(true);
    expect(german.some(({ source }) => /^lundi,? \d\d?\. \p{L}+ \d{4}$/u.test(source))).toBe(true);
    expect(german.some(({ source }) => /^lundi [1-7],? \d\d?\. \p{L}+ \d{4}$/u.test(source))).toBe(true);
    for (const { source, target, fields } of drawn)
      expect(source.slice(...fields.day).padStart(2, "0"), source).toBe(target.slice(8));
  });
  it("months are cut where no other month begins like that", () => {
    const drawn = k.examples(k.datesTask({ locales: ["fr"], months: "varied", fold: 3 }), "training", 2000);
    const whole = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split(" ");
    const months = new Set(drawn.map(({ source, fields }) => source.slice(...fields.month)));
    const texts = ["septe", "sept.", "jan", "octo.", "juill", "août", "mrs", "fvr.", "dcmb"];
    for (const text of texts) expect(months, text).toContain(text);
    for (const { source, target, fields } of drawn) {
      const start = source.slice(...fields.month).replace(".", "");
      const bare = (month: string) => month[0] + month.slice(1).replace(/[aeiouéû]/g, "");
      const meant = whole.filter((month) => month.startsWith(start) || bare(month).startsWith(start));
      expect(meant, source).toContain(whole[Number(target.slice(5, 7)) - 1]);
      expect(meant.length, source).toBe(1);
    }
  });
  it("nothing that varies writes what a held-out form of any language writes for the day, unless a kept one does", () => {
    const varied = { separators: "varied", weekdays: "varied", months: "varied" } as const;
    const lower = (text: string): string => text.toLowerCase();
    for (const [fold, locales] of [
      [0, ["de", "nb"]],
      [1, ["lt", "hu"]],
      [2, ["en-GB", "en-US"]],
      [6, k.dateLocales],
    ] as const) {
      const options = { locales, years: [1979, 1980], fold } as const;
      const held = k.dateTexts({ locales, forms: "held out", fold });
      const kept = k.dateTexts({ locales, fold });
      const drawn = k
        .examples(k.datesTask({ ...options, ...varied }), "training", 3000)
        .filter(({ source, target }) => !kept(target).includes(source));
      expect(drawn.length).toBeGreaterThan(1000);
      const shown = drawn.filter(({ source, target }) => held(target).map(lower).includes(lower(source)));
      expect(shown.map(({ source }) => source)).toEqual([]);
      expect(held("1979-05-03").length).toBeGreaterThan(0);
    }
  }, 30_000);
  it("covers forty languages", () => {
    expect(new Set(k.dateLocales.map((locale) => locale.split("-")[0])).size).toBe(40);
  });
});

describe("pig latin", () => {
  it("has the assignment's three examples and its rules", () => {
    const known = { team: "eamtay", impress: "impressway", shopping: "oppingshay", quick: "ickquay", sky: "yskay" };
    for (const [word, translation] of Object.entries({ ...known, street: "reetstay", a: "away", brr: "rbray" }))
      expect(k.pigLatin(word), word).toBe(translation);
    expect(k.pigLatin("street", true)).toBe("eetstray");
    expect(k.pigLatin("squeeze", true)).toBe("eezesquay");
    expect(k.pigLatin("rhythm", true)).toBe("ythmrhay");
  });
  it("keeps every letter", () => {
    const letters = (text: string): string => [...text].sort().join("");
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{1,12}$/), fc.boolean(), (word, cluster) => {
        const ending = "aeiou".includes(word[0]) ? "way" : "ay";
        expect(letters(k.pigLatin(word, cluster))).toBe(letters(word + ending));
      }),
    );
  });
});
