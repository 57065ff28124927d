// Tunes, note by note: networks learn what comes next and then write tunes of their own, at two temperatures, as MIDI and as scores.
// T notes, N tunes side by side.
import { chooseToken, compile, type Device, draws, i32, type Network } from "unrolled";
import { abcScore, examples, melodyEnd, melodyStart, melodyTask, midiFile, type Note, noteOf } from "unrolled/tasks";
import { threeCells } from "../compare.js";
import { tagEncoder } from "../encode.js";
import { type Experiment, meanOf, type Row, type RowFile, rowOf, seedsOf } from "../experiment.js";
import { type Learned, learn } from "../learn.js";
import { scoresOf } from "../net.js";
import { interval } from "../statistics.js";

const size = { embedding: 24, hidden: 96, batch: 32, rate: 5e-3 };
const bars = 8;
/** No tune of eight bars has more notes. */
const longest = 5 * bars + 1;
const stepsOf = (quick: boolean): number => (quick ? 40 : 1200);
const sampled = 64;
const temperatures = [1, 0.5] as const;
const task = (seed: number) => melodyTask({ bars, seed });

/** Tunes that a network writes, each up to its end or as many notes as fit. */
export function writeTunes(
  device: Device,
  net: Network,
  options: { readonly count: number; readonly temperature: number; readonly seed: number },
): readonly (readonly string[])[] {
  const { count: N, temperature, seed } = options;
  const { tokens, answers } = task(1);
  const program = compile(device, { x: i32(longest, N), lengths: i32(N) }, (inputs) => ({
    outputs: { scores: scoresOf(net, inputs) },
  }));
  const random = draws(seed);
  const x = new Int32Array(longest * N).fill(-1);
  const tunes = Array.from({ length: N }, (): string[] => []);
  const ended = new Set<number>();
  for (let t = 0; t < longest && ended.size < N; t++) {
    for (let n = 0; n < N; n++)
      x[t * N + n] = tokens.indexOf(ended.has(n) ? melodyStart : (tunes[n].at(-1) ?? melodyStart));
    const { scores } = program.run({ x, lengths: new Int32Array(N).fill(t + 1) });
    for (let n = 0; n < N; n++) {
      if (ended.has(n)) continue;
      const C = answers.length;
      const from = (t * N + n) * C;
      const token = answers[chooseToken(scores.slice(from, from + C), { temperature }, random.uniform())];
      if (token === melodyEnd) ended.add(n);
      else tunes[n].push(token);
    }
  }
  program.close();
  return tunes;
}

const notesOf = (tokens: readonly string[]): Note[] => tokens.flatMap((token) => noteOf(token) ?? []);

/** Whether a tune fills its bars: no note crosses a bar line, and there are as many bars as were learnt. */
export function fillsBars(notes: readonly Note[], wanted: number): boolean {
  let at = 0;
  for (const { beats } of notes) {
    if (Math.floor(at / 4) !== Math.ceil((at + beats) / 4) - 1) return false;
    at += beats;
  }
  return at === 4 * wanted;
}

function measure(device: Device, learned: Learned, seed: number): { cells: number[]; tunes: readonly Note[][] } {
  const encode = tagEncoder(task(seed));
  const nats = learned.measure(examples(task(9), "test", 300).map(encode)).loss;
  const written = temperatures.map((temperature) =>
    writeTunes(device, learned.net, { count: sampled, temperature, seed }).map(notesOf),
  );
  const shares = written.map((tunes) => tunes.filter((notes) => fillsBars(notes, bars)).length / sampled);
  return { cells: [nats, ...shares], tunes: written[0] };
}

/** The first tune that fills its bars, else the first, as files. */
function filesOf(name: string, tunes: readonly Note[][]): RowFile[] {
  const tune = tunes.find((notes) => fillsBars(notes, bars)) ?? tunes[0];
  const title = `A tune of the ${name}'s`;
  return [
    { name: `${name}.mid`, bytes: midiFile(tune) },
    { name: `${name}.abc`, bytes: new TextEncoder().encode(abcScore(tune, { title })) },
  ];
}

export const melodies: Experiment = {
  name: "melodies",
  summary: "tunes note by note, learnt and then written at two temperatures; --out keeps one as MIDI and as a score",
  minutes: 5,
  open: ({ quick }) => {
    const { chance } = task(1);
    return {
      rows: "cell",
      columns: [
        { title: "nats a note", unit: "nats" },
        ...temperatures.map((each) => ({ title: `whole bars at ${each}`, unit: "%" }) as const),
      ],
      claims: (rows) =>
        ["gru", "lstm"].map((cell) => ({
          text: `${cell}: a note costs less than where only the notes' frequencies are known`,
          holds: meanOf(rowOf(rows, cell).cells[0]) < chance.value,
        })),
      notes: [
        `tunes of ${bars} bars of a small grammar; chance (${chance.predictor}): ${chance.value.toFixed(4)} nats; 300 tunes held out`,
        `whole bars: of ${sampled} tunes written at a temperature, how many are ${bars} bars and no note crosses a bar line, which no step was told`,
        `one layer of ${size.hidden} units, ${stepsOf(quick)} steps of ${size.batch} fresh tunes, Adam ${size.rate}, clip 1`,
      ],
    };
  },
  async *run(bench) {
    for (const { name, layers } of threeCells(size.hidden)) {
      const measured: number[][] = [];
      let files: readonly RowFile[] | undefined;
      for (const seed of seedsOf(bench)) {
        const own = task(seed);
        const encode = tagEncoder(own);
        const learned = await learn(bench, {
          net: {
            input: { tokens: own.tokens, embedding: size.embedding },
            layers,
            output: own.answers,
            read: "each",
          },
          seed,
          steps: stepsOf(bench.quick),
          batch: size.batch,
          rate: size.rate,
          training: (i) => encode(own.example("training", i)),
          validation: examples(own, "validation", 64).map(encode),
          what: `${name}, seed ${seed}`,
        });
        const { cells, tunes } = measure(bench.device, learned, seed);
        measured.push(cells);
        files ??= filesOf(name, tunes);
        learned.close();
      }
      const row: Row = { name, cells: measured[0].map((_, i) => interval(measured.map((cells) => cells[i]))) };
      yield { ...row, ...(files && { files }) };
    }
  },
};
