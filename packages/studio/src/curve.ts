// The loss curve, drawn by hand on one canvas: bits per character over steps.
import { type Point, smooth } from "./history.js";

export interface Curve {
  readonly training: readonly Point[];
  readonly heldOut: readonly Point[];
  /** Bits per character of guessing: log2 V. */
  readonly guessing: number | undefined;
}

interface Frame {
  readonly context: CanvasRenderingContext2D;
  readonly x: (step: number) => number;
  readonly y: (bits: number) => number;
  readonly width: number;
  readonly height: number;
  readonly steps: number;
  readonly top: number;
  readonly colour: (name: string) => string;
}

const margin = { left: 34, right: 8, top: 20, bottom: 24 } as const;

/** Draws at the canvas' size on the page, in its style's colours: --ink, --faint, --line, --accent, --second. */
export function drawCurve(canvas: HTMLCanvasElement, curve: Curve): void {
  const context = canvas.getContext("2d");
  if (context === null) return;
  const frame = measure(canvas, context, curve);
  context.clearRect(0, 0, frame.width, frame.height);
  const style = getComputedStyle(canvas);
  context.font = `12px ${style.fontFamily}`;
  drawGrid(frame);
  if (curve.guessing !== undefined) drawGuessing(frame, curve.guessing);
  drawLine(frame, curve.training, "--faint", 1);
  drawLine(frame, smooth(curve.training, 20), "--accent", 2);
  drawDots(frame, curve.heldOut);
}

function measure(canvas: HTMLCanvasElement, context: CanvasRenderingContext2D, curve: Curve): Frame {
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = globalThis.devicePixelRatio;
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  context.setTransform(scale, 0, 0, scale, 0, 0);
  const style = getComputedStyle(canvas);
  const steps = Math.max(50, curve.training.at(-1)?.step ?? 0);
  const highest = curve.training.reduce((most, { bits }) => Math.max(most, bits), curve.guessing ?? 6);
  const top = Math.ceil(highest + 0.3);
  const [innerWidth, innerHeight] = [width - margin.left - margin.right, height - margin.top - margin.bottom];
  return {
    context,
    width,
    height,
    steps,
    top,
    x: (step) => margin.left + (step / steps) * innerWidth,
    y: (bits) => margin.top + (1 - bits / top) * innerHeight,
    colour: (name) => style.getPropertyValue(name).trim(),
  };
}

/** 1, 2 or 5 times a power of ten, so that at most `most` of them fit. */
function pace(extent: number, most: number): number {
  const rough = extent / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 5, 10].find((step) => step * power >= rough) ?? 10);
}

function drawGrid({ context, x, y, width, height, steps, top, colour }: Frame): void {
  context.lineWidth = 1;
  context.strokeStyle = colour("--line");
  context.fillStyle = colour("--quiet");
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (let bits = 0; bits <= top; bits += Math.max(1, pace(top, 6))) {
    const at = Math.round(y(bits)) + 0.5;
    context.beginPath();
    context.moveTo(margin.left, at);
    context.lineTo(width - margin.right, at);
    context.stroke();
    context.fillText(String(bits), margin.left - 8, at);
  }
  context.textBaseline = "alphabetic";
  context.textAlign = "center";
  const stride = Math.max(10, pace(steps, width < 500 ? 3 : 6));
  for (let step = stride; step <= steps * 0.96; step += stride)
    context.fillText(step.toLocaleString("en"), x(step), height - 6);
  context.textAlign = "left";
  context.fillText("bits per character", 0, 11);
}

function drawGuessing({ context, y, width, colour }: Frame, bits: number): void {
  const at = Math.round(y(bits)) + 0.5;
  context.save();
  context.setLineDash([3, 4]);
  context.strokeStyle = colour("--quiet");
  context.beginPath();
  context.moveTo(margin.left, at);
  context.lineTo(width - margin.right, at);
  context.stroke();
  context.restore();
  context.fillStyle = colour("--quiet");
  context.textAlign = "right";
  context.fillText("guessing", width - margin.right, at - 5);
}

function drawLine({ context, x, y, colour }: Frame, points: readonly Point[], name: string, width: number): void {
  context.strokeStyle = colour(name);
  context.lineWidth = width;
  context.lineJoin = "round";
  context.beginPath();
  for (const { step, bits } of points) context.lineTo(x(step), y(bits));
  context.stroke();
}

function drawDots({ context, x, y, colour }: Frame, points: readonly Point[]): void {
  context.fillStyle = colour("--second");
  for (const { step, bits } of points) {
    context.beginPath();
    context.arc(x(step), y(bits), 3, 0, 2 * Math.PI);
    context.fill();
  }
}
