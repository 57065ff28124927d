// `unrolled train`: a new run, or the going on of an old one. What only some runs need is loaded by those.
import type { Context } from "../context.js";
import { isCellFile, ownCell } from "../cell-file.js";
import { UsageError } from "../exit.js";
import { newRun, type RunRequest, resumedRun } from "../run.js";
import {
  pairSettings,
  refusePairOptions,
  resumedPairSettings,
  type TranslateTrainOptions,
} from "../translate/settings.js";
import { refuseRowOptions, resumedRowSettings, type RowOptions, rowSettings } from "../rows/settings.js";
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
    ...(options.trustCell === undefined ? {} : { trustCell: options.trustCell }),
  };
  if (options.resume !== undefined) {
    if (files.length > 0)
      throw new UsageError(`${files[0]}: must not be named with --resume, which reads the files of the run`, {
        hint: "leave the files out, or start a new run with --out",
      });
    return resumeRun(options.resume, options, request, context);
  }
  if (options.trustCell)
    throw new UsageError("--trust-cell: must come with --resume, which is not given", {
      hint: "a cell that --cell names is run because it is named",
    });
  const paired = options.task === "translate";
  if (!paired) refusePairOptions(options);
  if (files.length === 0 && !paired)
    throw new UsageError("train: must be given a text file to learn, was given none", {
      hint: "unrolled train text.txt --out model; npm start learns a text that is already here",
    });
  if (options.findRate) {
    refuseRowOptions(options);
    const { findRateOf } = await import("../find-rate.js");
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
    const { pairFiles } = await import("../translate/data.js");
    const { newPairRun } = await import("../translate/run.js");
    return newPairRun(
      pairFiles(files, source, target),
      held === undefined ? undefined : pairFiles([], validationSource, validationTarget),
      options.out,
      pairSettings(options),
      request,
      context,
    );
  }
  if (task !== "language-model") {
    const own = await ownCell({ cell: options.cell ?? [] });
    const settings = rowSettings({ ...options, task }, own?.cell);
    const { newRowRun } = await import("../rows/run.js");
    const wanted = own === undefined ? request : { ...request, own };
    return newRowRun(files, validationFile, options.out, settings, wanted, context);
  }
  refuseRowOptions(options);
  const settings = runSettings(options);
  if (options.seeds !== undefined) {
    const { seededRuns } = await import("../seeds.js");
    return seededRuns(files, options.out, settings, options.seeds, request, context);
  }
  return newRun(files, options.out, settings, request, context);
}

/** Goes on with a run. A cell that --cell names changes nothing: it says that the directory's, if it is the same, may be run. */
async function resumeRun(
  directory: string,
  given: TrainOptions & RowOptions & TranslateTrainOptions,
  plain: RunRequest,
  context: Context,
): Promise<number> {
  const { cell = [], ...rest } = given;
  const own = cell.every(isCellFile) ? await ownCell({ cell }) : undefined;
  const options = own === undefined ? given : rest;
  const request = own === undefined ? plain : { ...plain, own };
  const { rowTaskOf } = await import("../rows/model.js");
  if ((await rowTaskOf(directory)) !== undefined) {
    const { resumedRowRun } = await import("../rows/run.js");
    return resumedRowRun(directory, (recorded) => resumedRowSettings(recorded, options), request, context);
  }
  const { isTranslator } = await import("../translate/model.js");
  if (await isTranslator(directory)) {
    const { resumedPairRun } = await import("../translate/run.js");
    return resumedPairRun(directory, (recorded) => resumedPairSettings(recorded, options), request, context);
  }
  return resumedRun(directory, (recorded) => resumedSettings(recorded, options), request, context);
}
