// Numbers as people read them: "1.2 M", "98.4 k", "3 min 20 s", "15.6 GB", "10^45".

const suffixes = ["", " k", " M", " G", " T", " P", " E"] as const;

/** Three digits and a suffix: 312, "98.4 k", "1.20 M". */
export function count(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) < 1000) return digits(value);
  return scaled(value, suffixes);
}

/** "512 B", "4.20 MB", "16.0 EB"; powers of 1000. */
export function bytes(value: number): string {
  if (value < 1000) return `${value} B`;
  return scaled(value, [" B", " kB", " MB", " GB", " TB", " PB", " EB"]);
}

function scaled(value: number, units: readonly string[]): string {
  let power = 0;
  let rest = value;
  while (Math.abs(rest) >= 999.5 && power < units.length - 1) {
    rest /= 1000;
    power++;
  }
  return `${digits(rest)}${units[power]}`;
}

/** Three significant digits, never in exponent form below a million. */
function digits(value: number): string {
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e6) return String(value);
  return size >= 99.95 ? value.toFixed(0) : size >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

/** 1240 as "1,240". */
export function whole(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** "45 s", "3 min 20 s", "2 h 5 min", "3 d 4 h". */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  const minutes = Math.floor(s / 60);
  if (minutes < 60) return pair(minutes, "min", s % 60, "s");
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return pair(hours, "h", minutes % 60, "min");
  return pair(Math.floor(hours / 24), "d", hours % 24, "h");
}

const pair = (a: number, unitA: string, b: number, unitB: string): string =>
  b === 0 ? `${a} ${unitA}` : `${a} ${unitA} ${b} ${unitB}`;

/** exp(x) for people, also where it does not fit a number: "3.20", "1.7 million", "9.8 x 10^44", "10^2171". */
export function exponential(x: number): string {
  if (!Number.isFinite(x)) return x > 0 ? "infinitely" : String(Math.exp(x));
  if (x < Math.log(999.5)) return digits(Math.exp(x));
  if (x < Math.log(1e6)) return whole(Math.exp(x));
  if (x < Math.log(1e9)) return `${(Math.exp(x) / 1e6).toFixed(1)} million`;
  const power = Math.floor(x / Math.LN10);
  return power < 1000 ? `${(10 ** (x / Math.LN10 - power)).toFixed(1)} x 10^${power}` : `10^${power}`;
}

/** "1 sample", "3 samples". */
export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${whole(value)} ${value === 1 ? one : many}`;

/** A piece of text on one line, in quotes, cut to a length: the way tokens and sentences are shown. */
export function quoted(text: string, longest = 60): string {
  const points = [...text];
  return JSON.stringify(points.length > longest ? `${points.slice(0, longest - 3).join("")}...` : text);
}

/** A word that a shell reads back as it is. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replace(/'/g, "'\\''")}'`;
