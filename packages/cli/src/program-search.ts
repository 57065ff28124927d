// Options of beam search and of drawing, as the commands describe them.
import { Option } from "commander";
import { choice, integer, real } from "./parse.js";
import { option } from "./program-parts.js";

/** How a search goes. */
export const searchOptions = (beam: string): Option[] => [
  option("--beam <n>", beam, (o) => integer(o, 1, 100)),
  option("--normalization <how>", "gnmt, average or none: how lengths are made comparable (default: gnmt)", (o) =>
    choice(o, ["none", "gnmt", "average"] as const),
  ),
  option("--alpha <x>", "strength of the normalization (default: 0.6 for gnmt, 1 for average)", (o) =>
    real(o, { from: 0 }),
  ),
  option("--groups <n>", "parts of the beam that are kept apart", (o) => integer(o, 1, 100)),
  option("--diversity <x>", "what a token costs that an earlier group has just taken", (o) => real(o, { from: 0 })),
  option("--min-length <n>", "tokens at least", (o) => integer(o, 0, 10_000)),
];

export const beamOptions = (beam: string): Option[] => [
  ...searchOptions(beam),
  option("--n-best <n>", "so many of the results, with their scores", (o) => integer(o, 1, 100)),
  new Option("--prefix <text>", "what every result begins with"),
];

export const drawOptions = (): Option[] => [
  option("--temperature <t>", "below 1 bolder in what is likely, above 1 wilder (default: 1)", (o) =>
    real(o, { above: 0 }),
  ),
  option("--top-k <n>", "only the n likeliest tokens", (o) => integer(o, 1)),
  option("--top-p <p>", "only the likeliest tokens that make up p", (o) => real(o, { above: 0, upTo: 1 })),
];
