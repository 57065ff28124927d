// Learning to execute: networks read a program, character by character, and write what it prints. Four curricula; and for
// additions, what reading the input from its end or twice is worth. Source: Zaremba & Sutskever 2014.
import { curricula } from "unrolled/tasks";
import { type Column, type Experiment, meanOf, type Row, rowOf } from "../experiment.js";
import { type Execution, type ExecutionSize, executionContender } from "../lessons.js";
import { comparePairs } from "../pair-rows.js";

const small: ExecutionSize = {
  cell: "lstm",
  layers: 1,
  hidden: 128,
  embedding: 32,
  batch: 32,
  rate: 4e-3,
  steps: 12_000,
  every: 100,
};
/** The paper's network. */
const large: ExecutionSize = {
  cell: "lstm",
  layers: 2,
  hidden: 400,
  embedding: 64,
  batch: 100,
  rate: 2e-3,
  steps: 400_000,
  every: 500,
};
/** Nine digits in minutes. */
const attending: ExecutionSize = {
  cell: "gru",
  layers: 1,
  hidden: 128,
  embedding: 32,
  batch: 32,
  rate: 4e-3,
  steps: 24_000,
  every: 200,
};
const sizeOf = (quick: boolean, full: boolean): ExecutionSize =>
  full ? large : quick ? { ...small, steps: 24, every: 8, batch: 32 } : small;

const columnsFor = (nesting: boolean): readonly Column[] => [
  { title: "characters right", unit: "%" },
  { title: "answers right", unit: "%" },
  { title: "digits reached", unit: "" },
  ...(nesting ? [{ title: "nesting reached", unit: "" } as const] : []),
  { title: "minutes to learn", unit: "value" },
];
const charactersOf = (rows: readonly Row[], name: string): number => meanOf(rowOf(rows, name).cells[0]);
const answersOf = (rows: readonly Row[], name: string): number => meanOf(rowOf(rows, name).cells[1]);

const readings = {
  plain: "combined",
  reversed: "combined, reversed",
  doubled: "combined, doubled",
  both: "combined, reversed and doubled",
} as const; // prettier-ignore
const attended = "combined, attention";

function additions({ quick, full }: { readonly quick: boolean; readonly full: boolean }): readonly Execution[] {
  const common = {
    goal: { length: full ? 9 : 3, nesting: 1 },
    addition: true,
    size: sizeOf(quick, full),
    tested: quick ? 100 : 1000,
  };
  const combined = { ...common, curriculum: "combined" } as const;
  if (full) return [{ ...combined, name: readings.plain }];
  return [
    ...curricula.map((curriculum) => ({ ...common, curriculum, name: curriculum })),
    { ...combined, name: readings.reversed, reversed: true },
    { ...combined, name: readings.doubled, doubled: true },
    { ...combined, name: readings.both, reversed: true, doubled: true },
    { ...combined, name: attended, attention: true },
  ];
}

const networkNote = (size: ExecutionSize): string =>
  `two stacks of ${size.layers} x ${size.hidden} ${size.cell.toUpperCase()} units with weights of their own, one reads and hands its states to the one that writes (the paper's single stack does both); ${lessonNote(size)}`;
const lessonNote = ({ embedding, steps, batch, rate, every }: ExecutionSize): string =>
  `characters, embedding ${embedding}; ${steps} steps of ${batch} fresh programs, Adam ${rate}, cosine; a curriculum may go on every ${every} steps`;
const measureNote =
  "characters right: each with the true ones before it, as in the paper, the end among them; answers right: written freely, all characters right; both at the goal, on programs held out";

export const addition: Experiment = {
  name: "addition",
  summary:
    "learning to execute: adding two numbers of three digits (--full: nine), curricula, reversed and doubled input",
  minutes: 60,
  full: "days",
  open: ({ quick, full }) => ({
    rows: "curriculum",
    columns: columnsFor(false),
    claims: (rows) => {
      if (full)
        return [
          {
            text: "combined: at least 99 % of the characters of nine-digit sums are right",
            holds: charactersOf(rows, readings.plain) >= 0.99,
          },
        ];
      const of = (name: string): number => charactersOf(rows, name);
      return [
        {
          text: "combined: at least 99 % of the characters of three-digit sums are right",
          holds: of(readings.plain) >= 0.99,
        },
        {
          text: "mix and combined beat baseline and naive",
          holds: Math.min(of("mix"), of("combined")) > Math.max(of("baseline"), of("naive")),
        },
        { text: "reversing the input helps", holds: of(readings.reversed) > of(readings.plain) },
        { text: "doubling the input helps", holds: of(readings.doubled) > of(readings.plain) },
      ];
    },
    notes: [
      networkNote(sizeOf(quick, full)),
      measureNote,
      "with attention (Bahdanau's) the reading stack reads both ways",
    ],
  }),
  run: (bench) => comparePairs(bench, additions(bench).map(executionContender)),
};

const nineSize = (quick: boolean): ExecutionSize => (quick ? { ...attending, steps: 24, every: 8 } : attending);

export const additionNine: Experiment = {
  name: "addition-nine",
  summary: "learning to execute: adding two numbers of nine digits, combined curriculum, with attention",
  minutes: 30,
  open: ({ quick }) => ({
    rows: "curriculum",
    columns: columnsFor(false),
    claims: (rows) => [
      {
        text: "combined: at least 99 % of the characters of nine-digit sums are right",
        holds: charactersOf(rows, attended) >= 0.99,
      },
    ],
    notes: [
      `a layer of ${attending.hidden} GRU units reads both ways, one writes and looks back at it (Bahdanau's attention); the program as it is, neither reversed nor doubled; ${lessonNote(nineSize(quick))}`,
      measureNote,
      "another network than the paper's, which reads once and keeps nothing but its state: that one is `reproduce addition --full`, which takes days",
    ],
  }),
  run: (bench) => {
    const goal = { length: 9, nesting: 1 };
    const size = nineSize(bench.quick);
    const tested = bench.quick ? 100 : 1000;
    const contender = {
      name: attended,
      curriculum: "combined",
      goal,
      addition: true,
      attention: true,
      size,
      tested,
    } as const;
    return comparePairs(bench, [executionContender(contender)]);
  },
};

/** A quarter of the lesson that teaches sums of three digits: what a reading is worth shows before all are perfect. */
const readingSize = (quick: boolean): ExecutionSize => (quick ? sizeOf(true, false) : { ...small, steps: 3000 });

export const additionReadings: Experiment = {
  name: "addition-readings",
  summary: "learning to execute: what reading a sum from its end, or twice, is worth in a short lesson",
  minutes: 15,
  open: ({ quick }) => ({
    rows: "reading",
    columns: columnsFor(false),
    claims: (rows) => {
      const of = (name: string): number => charactersOf(rows, name);
      return [
        { text: "reversing the input helps", holds: of(readings.reversed) > of(readings.plain) },
        { text: "doubling the input helps", holds: of(readings.doubled) > of(readings.plain) },
        {
          text: "both together help more than either",
          holds: of(readings.both) > Math.max(of(readings.reversed), of(readings.doubled)),
        },
      ];
    },
    notes: [networkNote(readingSize(quick)), measureNote],
  }),
  run: (bench) => {
    const common = {
      curriculum: "combined",
      goal: { length: 3, nesting: 1 },
      addition: true,
      size: readingSize(bench.quick),
      tested: bench.quick ? 100 : 1000,
    } as const;
    const ways = [
      { ...common, name: readings.plain },
      { ...common, name: readings.reversed, reversed: true },
      { ...common, name: readings.doubled, doubled: true },
      { ...common, name: readings.both, reversed: true, doubled: true },
    ];
    return comparePairs(bench, ways.map(executionContender));
  },
};

const goalOf = (full: boolean) => (full ? { length: 4, nesting: 3 } : { length: 2, nesting: 2 });

export const execute: Experiment = {
  name: "execute",
  summary: "learning to execute: programs of loops, choices and variables, four curricula",
  minutes: 40,
  full: "days",
  open: ({ quick, full }) => ({
    rows: "curriculum",
    columns: columnsFor(true),
    claims: (rows) => [
      {
        text: "mix and combined write more answers right than baseline and naive",
        holds:
          Math.min(answersOf(rows, "mix"), answersOf(rows, "combined")) >
          Math.max(answersOf(rows, "baseline"), answersOf(rows, "naive")),
      },
    ],
    notes: [
      `goal: numbers of up to ${goalOf(full).length} digits, nesting ${goalOf(full).nesting}`,
      networkNote(sizeOf(quick, full)),
      measureNote,
    ],
  }),
  run: (bench) =>
    comparePairs(
      bench,
      curricula.map((curriculum) =>
        executionContender({
          name: curriculum,
          curriculum,
          goal: goalOf(bench.full),
          addition: false,
          size: sizeOf(bench.quick, bench.full),
          tested: bench.quick ? 100 : 1000,
        }),
      ),
    ),
};
