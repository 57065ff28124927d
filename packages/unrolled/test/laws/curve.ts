// A pinned loss curve: twenty steps of training, with everything on that a training has. A change of it is a change of behaviour.
import { adam, cosine, type Device } from "unrolled";
import { close } from "unrolled/testing";
import { afterAll, beforeAll, describe, it } from "vitest";
import type { Engine } from "./engine.js";
import { cells, tinyCorpus, trained } from "./tiny.js";

/** Loss of step 1 to 20, as the float64 reference first gave it. */
const pinned: Readonly<Record<(typeof cells)[number][0], readonly number[]>> = {
  rnn: [
    2.78527497389328, 2.85525042977816, 2.85909247418277, 2.8380024136647, 2.76890373079159, 2.72542140572876,
    2.66984172106265, 2.78082437557465, 2.72886665311048, 2.67440014933991, 2.7162693824306, 2.65810159891342,
    2.65198522982452, 2.75412514419489, 2.67903271967312, 2.51275180036014, 2.65703807424904, 2.69990238475703,
    2.56863454525959, 2.56857429129369,
  ],
  "gru, reset after": [
    2.72969321355362, 2.77508362730746, 2.80228994596746, 2.72077106741595, 2.75585228712814, 2.76748612828307,
    2.6862701397318, 2.69769814756342, 2.64694431793679, 2.66510656427742, 2.61941765216593, 2.57956247608122,
    2.66228642309867, 2.86817418834641, 2.72862607966748, 2.57505113796761, 2.50404951777048, 2.62600609321397,
    2.59869800920401, 2.52116214563261,
  ],
  "gru, reset before": [
    2.71631643002587, 2.78853264391432, 2.79178582456533, 2.7182842642961, 2.7627539900105, 2.79692437420805,
    2.68328126635565, 2.68714564647222, 2.64232731273111, 2.66970303814149, 2.60751474823623, 2.55056817732853,
    2.67733959710856, 2.93075992572296, 2.7695907601622, 2.57065894613686, 2.49792965725415, 2.63800928551275,
    2.62057715715274, 2.52440680174513,
  ],
  lstm: [
    2.73730937868857, 2.78380791111728, 2.77964111080177, 2.7430791909887, 2.74700284197518, 2.79570586285149,
    2.69079461747061, 2.74290034062558, 2.69155210864763, 2.70969907334213, 2.61057640498869, 2.58430036464671,
    2.71007959946752, 2.93578979266569, 2.82005631776431, 2.59377412595034, 2.52563401227104, 2.65382675729456,
    2.64482341782474, 2.55834146192056,
  ],
};

export function curveSuite(engine: Engine): void {
  describe(`the pinned loss curve on ${engine.name}`, () => {
    let device: Device;
    beforeAll(async () => {
      device = await engine.open();
    });
    afterAll(() => device.close());
    it.each(cells)("%s", async (name, cell) => {
      const options = {
        optimizer: adam({ rate: 0.02 }),
        schedule: cosine({ warmup: 5, floor: 0.1 }),
        clip: { norm: 1 },
        epochs: 1,
      };
      const { steps } = await trained(device, tinyCorpus(), { ...cell, dropout: 0.1 }, options);
      const losses = steps.map(({ loss }) => loss);
      // Twenty steps of adam multiply a rounding of the gradient by up to a hundred: its rate does not fall with the gradient.
      close(losses, pinned[name], { relative: engine.tolerance, absolute: 0, label: name });
    });
  });
}
