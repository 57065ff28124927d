// The peers' own test cases (14 projects) on a device: single layers, stacks, and training. They lie beside the repository and are
// skipped where they do not.
import { existsSync, readFileSync } from "node:fs";
import type { Device } from "unrolled";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine } from "../laws/engine.js";
import { asStacked, type CanonicalCase, runCase, type StackedCase } from "./run.js";
import { runTraining, type TrainingCase } from "./training.js";

const places = ["../../../../../shared/peer-cases/", "../../../../shared/peer-cases/"];
const folder = places.map((place) => new URL(place, import.meta.url)).find((url) => existsSync(url));
export const peerCasesAreHere = folder !== undefined;

/** The cases of a file; none where the folder is absent. */
export function peerCases<C>(file: string): readonly C[] {
  if (!folder) return [];
  return (JSON.parse(readFileSync(new URL(file, folder), "utf8")) as { readonly cases: readonly C[] }).cases;
}

export const canonicalCases = (): readonly StackedCase[] => peerCases<CanonicalCase>("canonical.json").map(asStacked);

/** Canonical cases whose layers all run fused; the others have an option that no kernel knows. */
const fusedOf421 = 421;

export function peerSuite(engine: Engine): void {
  describe.skipIf(!folder)(
    `peers' cases on ${engine.name} (skipped: no shared/peer-cases beside the repository)`,
    () => {
      let device: Device;
      beforeAll(async () => {
        device = await engine.open();
      });
      afterAll(() => device.close());

      it("single layers", () => {
        const cases = canonicalCases();
        expect(cases).toHaveLength(421);
        const { failures, fused } = attempt(cases, (one) => runCase(device, one));
        expect(failures).toEqual([]);
        expect(fused).toBe(fusedOf421);
      });

      it("stacks", () => {
        const cases = peerCases<StackedCase>("canonical-stacked.json");
        expect(cases).toHaveLength(9);
        const { failures } = attempt(cases, (one) => runCase(device, one));
        expect(failures).toEqual([]);
      });

      it("training", () => {
        const cases = peerCases<TrainingCase>("training.json");
        expect(cases).toHaveLength(11);
        const { failures } = attempt(cases, (one) => {
          runTraining(device, one);
          return true;
        });
        expect(failures).toEqual([]);
      });
    },
  );
}

/** Runs every case; messages of those that fail, and how many ran fused. */
export function attempt<C>(cases: readonly C[], run: (one: C) => boolean): { failures: string[]; fused: number } {
  const failures: string[] = [];
  let fused = 0;
  for (const one of cases)
    try {
      if (run(one)) fused++;
    } catch (error) {
      failures.push(String(error));
    }
  return { failures, fused };
}
