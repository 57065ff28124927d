// Who is measured: this library's builds, the bare multiply loop, and the peers that are installed here.
import { existsSync, readdirSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Workload } from "../workloads.js";
import type { Command } from "./child.js";

export const families = ["native", "wasm", "wasm-simd", "torch", "numpy", "tfjs", "brain", "jax"] as const;
export type Family = (typeof families)[number];

/** One program with its threads. */
export interface Configuration {
  readonly name: string;
  readonly family: Family;
  readonly threads: number;
  readonly ours: boolean;
  readonly command: Command;
}

/** Why a family is not measured. */
export interface Absence {
  readonly family: Family;
  readonly reason: string;
}

const here = dirname(fileURLToPath(import.meta.url));
export const benchFolder = join(here, "../..");
const peersFolder = join(benchFolder, "peers");
const source = (name: string): string => join(benchFolder, "peers-src", name);
const child = (name: string): string => join(here, "../child", name);
const threadCounts = [1, 2] as const;

const ours = (family: "native" | "wasm" | "wasm-simd", threads: number): Configuration => ({
  name: `${family}, ${threads} ${threads === 1 ? "thread" : "threads"}`,
  family,
  threads,
  ours: true,
  command: {
    file: process.execPath,
    args: [child("ours.js"), { native: "native", wasm: "relaxed", "wasm-simd": "simd" }[family], String(threads)],
  },
});

export const ourConfigurations = (family: "native" | "wasm" | "wasm-simd"): Configuration[] =>
  threadCounts.map((threads) => ours(family, threads));

/** The bare multiply loop of a build, on one thread. */
export const peakCommand = (family: "native" | "wasm" | "wasm-simd"): Command => ({
  file: process.execPath,
  args: [child("peak.js"), { native: "native", wasm: "relaxed", "wasm-simd": "simd" }[family]],
});

/** Debian's Python, which sees Debian's packages; BENCH_PYTHON names another. */
export const python = (): string =>
  process.env.BENCH_PYTHON ?? (existsSync("/usr/bin/python3") ? "/usr/bin/python3" : "python3");

/** Where `npm run bench:setup` has unpacked OpenBLAS, for a PyTorch that would find only the reference BLAS. */
export function openBlasFolder(): string | undefined {
  const libraries = join(peersFolder, "openblas/usr/lib");
  if (!existsSync(libraries)) return undefined;
  return readdirSync(libraries)
    .map((machine) => join(libraries, machine, "openblas-pthread"))
    .find((folder) => existsSync(folder));
}

/** Environment of a Python peer whose BLAS uses `blasThreads`. */
export function pythonEnvironment(blasThreads: number): Readonly<Record<string, string>> {
  const folder = openBlasFolder();
  const path = [folder, process.env.LD_LIBRARY_PATH].filter((part) => part).join(delimiter);
  return { OPENBLAS_NUM_THREADS: String(blasThreads), ...(path ? { LD_LIBRARY_PATH: path } : {}) };
}

/** PyTorch's own threads times OpenBLAS's: which pair is best differs from workload to workload. */
export const torchSettings = threadCounts.flatMap((own) => threadCounts.map((blas) => ({ own, blas })));

interface TorchSetting {
  readonly own: number;
  readonly blas: number;
}

const torchScript = (file: string, { own, blas }: TorchSetting, ...rest: string[]): Command => ({
  file: python(),
  args: [source(file), String(own), ...rest],
  env: { ...pythonEnvironment(blas), OMP_NUM_THREADS: String(own) },
});

export const torchCommand = (setting: TorchSetting, ...rest: string[]): Command =>
  torchScript("torch_peer.py", setting, ...rest);

/** Scripts of the kinds that torch_peer.py does not know. */
const torchScripts: Partial<Record<Workload["kind"], string>> = { "beam-search": "torch_translate.py" };

function torch({ kind }: Workload): Configuration[] {
  return torchSettings.map(({ own, blas }) => ({
    name: `PyTorch, ${own} + ${blas} BLAS`,
    family: "torch" as const,
    threads: Math.max(own, blas),
    ours: false,
    command: torchScript(torchScripts[kind] ?? "torch_peer.py", { own, blas }),
  }));
}

function numpy(): Configuration[] {
  return threadCounts.map((threads) => ({
    name: `numpy, ${threads} BLAS`,
    family: "numpy" as const,
    threads,
    ours: false,
    command: { file: python(), args: [source("numpy_peer.py")], env: pythonEnvironment(threads) },
  }));
}

function script(family: "tfjs" | "brain" | "jax", name: string, file: string, node = process.execPath): Configuration {
  return { name, family, threads: 1, ours: false, command: { file: node, args: [source(file)] } };
}

/** The Node that `npm run bench:setup` has installed for jax-js, which runs on no older one. */
const newerNode = (): string => join(peersFolder, "node_modules", nodePackage, "bin/node");
export const nodePackage = `node-${process.platform}-${process.arch}`;

/** The peers that can measure this kind of workload; whether they are installed shows when they start. */
export function peerConfigurations(family: Family, w: Workload): Configuration[] {
  const isMinChar = w.kind === "training" && w.cell === "rnn" && w.batch === 1 && w.layers === 1;
  // JavaScript peers are 10 to 200 times slower: a step of the larger workloads takes minutes.
  const isSmall = w.hidden <= 128 && w.vocabulary <= 1000;
  if (family === "torch") return torch(w);
  if (family === "numpy") return isMinChar ? numpy() : [];
  if (family === "tfjs")
    return isSmall && (w.kind === "training" || w.kind === "forward") ? [script("tfjs", "tfjs", "tfjs-peer.mjs")] : [];
  if (family === "brain")
    return isSmall && w.kind === "training" ? [script("brain", "brain.js, batch 1", "brain-peer.mjs")] : [];
  if (family === "jax")
    return isSmall && w.kind === "training" && w.cell === "lstm"
      ? [script("jax", "jax-js, no update", "jax-peer.mjs", newerNode())]
      : [];
  return [];
}

/** How to get a peer that is not here. */
export function howToInstall(family: Family): string {
  if (family === "torch") return "apt install python3-torch, then npm run bench:setup";
  if (family === "numpy") return "apt install python3-numpy";
  return "npm run bench:setup";
}
