// Options of the commands that use models over rows.
import type { ModelOptions, SampleOptions } from "../options.js";

/** Which columns of a table are meant. */
export interface ColumnOptions {
  readonly textColumn?: string;
  readonly labelColumn?: string;
  readonly idColumn?: string;
}

export interface PredictOptions extends ModelOptions, ColumnOptions {
  readonly file?: readonly string[];
}

export interface RowEvalOptions extends ModelOptions, ColumnOptions {
  readonly ngram?: boolean;
  readonly allowUnknown?: boolean;
}

export interface LabelledSampleOptions extends SampleOptions {
  readonly label?: string;
  /** The numbers that start a text. */
  readonly vector?: readonly number[];
}
