// The options of the commands other than train, as the command line gives them.
import type { Products } from "unrolled";
import type { DeviceChoice } from "./choices.js";
import type { SearchOptions } from "./search.js";

export interface SampleOptions extends ModelOptions, SearchOptions {
  /** The token that ends a text of a beam search. */
  readonly end?: string;
  readonly prompt?: string;
  readonly length?: number;
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly greedy?: boolean;
  readonly seed?: number;
  readonly count?: number;
  readonly allowUnknown?: boolean;
}

export interface DeviceOptions {
  readonly device?: DeviceChoice;
  readonly threads?: number;
  readonly json?: boolean;
}

/** Of commands that use a model directory. */
export interface ModelOptions extends DeviceOptions {
  /** A cell of its own may be run. */
  readonly trustCell?: boolean;
}

export interface EvalOptions extends ModelOptions {
  readonly ngram?: boolean;
  readonly allowUnknown?: boolean;
}

export interface ScoreOptions extends ModelOptions {
  readonly tokens?: boolean;
  readonly allowUnknown?: boolean;
}

export interface JsonOptions {
  readonly json?: boolean;
}

export interface ReproduceOptions extends DeviceOptions {
  readonly seed?: number;
  readonly seeds?: number;
  readonly quick?: boolean;
  readonly full?: boolean;
  readonly precision?: Products;
  readonly out?: string;
}

export interface StartOptions extends DeviceOptions {
  readonly out?: string;
  readonly seconds?: number;
}

export interface ServeOptions extends JsonOptions {
  readonly port?: number;
  readonly host?: LoopbackHost;
  /** False: without the headers that allow shared memory. */
  readonly isolation?: boolean;
  readonly hidden?: readonly number[];
  readonly layers?: number;
  readonly batch?: number;
  readonly sequence?: number;
}

export const loopbackHosts = ["127.0.0.1", "::1", "localhost"] as const;
export type LoopbackHost = (typeof loopbackHosts)[number];
