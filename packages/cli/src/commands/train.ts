// `unrolled train`: a new run, or the going on of an old one.
import type { Context } from "../context.js";
import { UsageError } from "../exit.js";
import { findRateOf } from "../find-rate.js";
import { newRun, type RunRequest, resumedRun } from "../run.js";
import { newRowRun, resumedRowRun } from "../rows/run.js";
import { rowTaskOf } from "../rows/model.js";
import { isTranslator } from "../translate/model.js";
import { pairFiles } from "../translate/data.js";
import { newPairRun, resumedPairRun } from "../translate/run.js";
import {
  pairSettings,
  refusePairOptions,
  resumedPairSettings,
  type TranslateTrainOptions,
} from "../translate/settings.js";
import { refuseRowOptions, resumedRowSettings, type RowOptions, rowSettings } from "../rows/settings.js";
import { seededRuns } from "../seeds.js";
import { resumedSettings, runSettings, type TrainOptions } from "../settings.js";

export async function trainFiles(
  files: readonly string[],
  options: TrainOptions & RowOptions & TranslateTrainOptions,
  context: Context,
): Promise<number> {
  const request: RunRequest = {
    ...(options.device === undefined ? {} : { device: options.device }),
    ...(options.threads === undefined ? {} : { threads: options.threads }),
    ...(options.json === undefined ? {} : { json: options.json }),
  };
  if (options.resume !== undefined) {
    if (files.length > 0)
      throw new UsageError(`${files[0]}: must not be named with --resume, which reads the files of the run`, {
        hint: "leave the files out, or start a new run with --out",
      });
    if ((await rowTaskOf(options.resume)) !== undefined)
      return resumedRowRun(options.resume, (recorded) => resumedRowSettings(recorded, options), request, context);
    if (await isTranslator(options.resume))
      return resumedPairRun(options.resume, (recorded) => resumedPairSettings(recorded, options), request, context);
    return resumedRun(options.resume, (recorded) => resumedSettings(recorded, options), request, context);
  }
  const paired = options.task === "translate";
  if (!paired) refusePairOptions(options);
  if (files.length === 0 && !paired)
    throw new UsageError("train: must be given a text file to learn, was given none", {
      hint: "unrolled train text.txt --out model; npm start learns a text that is already here",
    });
  if (options.findRate) {
    refuseRowOptions(options);
    return findRateOf(files, runSettings(options), request, context);
  }
  if (options.out === undefined)
    throw new UsageError("--out: must name the directory to keep the model in, was left out", {
      hint: "add --out model, or go on with a run: --resume model",
    });
  const { task = "language-model", validationFile } = options;
  if (task === "translate") {
    const { source, target, validationSource, validationTarget } = options;
    const held = validationSource ?? validationTarget;
    return newPairRun(
      pairFiles(files, source, target),
      held === undefined ? undefined : pairFiles([], validationSource, validationTarget),
      options.out,
      pairSettings(options),
      request,
      context,
    );
  }
  if (task !== "language-model")
    return newRowRun(files, validationFile, options.out, rowSettings({ ...options, task }), request, context);
  refuseRowOptions(options);
  const settings = runSettings(options);
  if (options.seeds !== undefined) return seededRuns(files, options.out, settings, options.seeds, request, context);
  return newRun(files, options.out, settings, request, context);
}
