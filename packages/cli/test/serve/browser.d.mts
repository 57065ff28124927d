// Types of browser.mjs, which is plain JavaScript: the proof runs it without a build.
import type { Browser, Page } from "playwright-core";

export interface Served {
  readonly url: string;
  /** Asks it to end, as Ctrl-C does; gives the exit code. */
  readonly stop: () => Promise<number | null>;
}

export interface Readings {
  readonly phase: string;
  readonly shared: boolean;
  readonly isolated: boolean;
  readonly loss: number;
  readonly tokensPerSecond: number;
  readonly step: number;
  /** Milliseconds. */
  readonly worstDelay: number;
  readonly status: string;
  readonly note: string;
  readonly sample: string;
}

export const chromiumPath: string | undefined;
export function startServing(args?: readonly string[]): Promise<Served>;
export function launch(): Promise<Browser>;
export function readings(page: Page): Promise<Readings>;
export function until(page: Page, test: (now: Readings) => boolean, seconds?: number): Promise<Readings>;
