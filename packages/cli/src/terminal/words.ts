// The sentences of a training run, shared by plain lines and the live block.
import { availableParallelism } from "node:os";
import type { StartEvent, StepEvent } from "unrolled";
import { count, duration, plural, whole } from "../format.js";
import {
  type Baseline,
  bitsUnit,
  isEvaluation,
  type Measured,
  metricsOf,
  type RunEvent,
  type RunFacts,
} from "../reporter.js";
import type { Style } from "./style.js";
import { harmless } from "./style.js";

export function startLines(event: StartEvent, facts: RunFacts): string[] {
  const held = event.validationTokens > 0 ? `, ${count(event.validationTokens)} held out` : "";
  const lines = [
    facts.tokens === undefined
      ? `${count(event.tokens)} ${event.vocabulary > 0 ? "tokens" : "steps"} to learn from${held}`
      : `${count(event.tokens)} ${facts.tokens} tokens to learn from${held}, vocabulary of ${whole(event.vocabulary)}`,
    `${count(event.parameters)} parameters on ${event.device}, ${plural(event.threads, "thread")}${event.threads > availableParallelism() ? ` (more than the ${availableParallelism()} cores: slower)` : ""}; ${facts.timed ? "" : `${whole(event.totalSteps)} steps, `}${whole(event.stepsPerEpoch)} ${facts.timed ? "steps " : ""}an epoch`,
  ];
  if (event.firstStep > 0) lines.push(`going on after step ${whole(event.firstStep)}`);
  return lines;
}

/** Where a run stands, most important first. */
export function placeParts(event: StepEvent, start: StartEvent | undefined, facts: RunFacts): string[] {
  const total = start === undefined || facts.timed ? "" : `/${whole(start.totalSteps)}`;
  const left = facts.remaining(event);
  return [
    `epoch ${event.epoch}${facts.timed ? "" : `/${facts.epochs}`}`,
    `step ${whole(event.step)}${total}`,
    ...(Number.isFinite(left) ? [`${duration(left)} left`] : []),
  ];
}

/** How well it does, most important first. */
export function lossParts(event: StepEvent, facts: RunFacts, style: Style): string[] {
  return [
    `loss ${style.bold(event.loss.toFixed(3))}`,
    ...(facts.tokens === undefined ? [] : [`${(event.loss / Math.LN2).toFixed(3)} ${bitsUnit(facts.tokens)}`]),
    ...(event.tokensPerSecond > 0 ? [`${count(event.tokensPerSecond)} tokens/s`] : []),
  ];
}

export function validationLines(event: Measured, facts: RunFacts, style: Style): string[] {
  if (!isEvaluation(event) || facts.tokens === undefined)
    return [`epoch ${event.epoch}: validation ${metricParts(event, style).join(", ")}`];
  const better = event.ngram === undefined ? same : event.nats < event.ngram.nats ? style.good : same;
  return [
    `epoch ${event.epoch}: validation ${better(`${event.nats.toFixed(4)} nats`)}, ${event.bitsPerToken.toFixed(3)} ${bitsUnit(facts.tokens)}, perplexity ${perplexity(event.perplexity)}`,
    ...(event.ngram === undefined ? [] : [`         ${baselineLine(event.ngram)}`]),
  ];
}

/** "accuracy 0.9120": the watched metric stands out where it is the best so far. */
const metricParts = (event: Measured, style: Style): string[] =>
  Object.entries(metricsOf(event)).map(([name, value]) => {
    const text = `${name} ${Number.isInteger(value) ? whole(value) : value.toFixed(4)}`;
    return name === event.watched && event.best ? style.good(text) : text;
  });

const same = (text: string): string => text;

/** The line that keeps everybody honest. */
export const baselineLine = (baseline: Baseline): string =>
  `a ${baseline.n}-gram model of ${countedPart(baseline)}: ${baseline.nats.toFixed(4)} nats, perplexity ${perplexity(baseline.perplexity)}`;

const countedPart = ({ countedOn, tokens }: Baseline): string =>
  countedOn === undefined
    ? "the same text"
    : `the text's first ${count(countedOn)} tokens, on the first ${count(tokens)} held out`;

export const perplexity = (value: number): string => (value < 100 ? value.toFixed(2) : count(value));

/** A sample between rules of its own, so that it cannot be taken for a message. */
export function sampleLines(event: { readonly step: number; readonly text: string }, style: Style): string[] {
  const title =
    event.step === 0 ? "before it has learnt anything, it writes" : `after step ${whole(event.step)}, it writes`;
  return [
    "",
    style.dim(`${title}:`),
    ...harmless(event.text)
      .trimEnd()
      .split("\n")
      .map((line) => `${style.dim("|")} ${line}`.trimEnd()),
  ];
}

export function doneLine(event: Extract<RunEvent, { type: "done" }>, facts: RunFacts): string {
  if (event.reason === "early")
    return `no gain for as many validations as allowed: stopped after step ${whole(event.step)}, the best weights are kept`;
  return event.reason === "finished" || facts.timed
    ? `finished: ${plural(event.step, "step")}${facts.timed ? " in all" : ` in ${duration(event.seconds)}`}`
    : `stopped after step ${whole(event.step)}`;
}
