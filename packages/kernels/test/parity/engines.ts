// The fast devices as suites see them. Float32 keeps 24 bits: 6e-8 a rounding, times the square root of some hundred roundings
// in the longest sums of these small models, times ten for the worst element.
import { openDevice } from "../../src/index.js";
import type { Engine } from "../../../unrolled/test/laws/engine.js";

const tolerance = 1e-5;

export const engines: readonly Engine[] = [1, 2].flatMap((threads) =>
  (["native", "wasm"] as const).map((name) => ({
    name: `${name}, ${threads} threads`,
    open: (asked = threads) => openDevice(name, { threads: asked }),
    tolerance,
  })),
);
