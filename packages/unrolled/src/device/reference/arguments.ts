// What a reference kernel is given: its row's parameters by name, buffers as float64 arrays of exactly the stated extent.
import type { KernelName, Kind, kernels, NumberKind } from "../kernels.js";

type Value<K extends Kind> = K extends NumberKind
  ? number
  : K extends `optional${string}`
    ? Float64Array | null
    : Float64Array;

export type Arguments<K extends KernelName> = {
  readonly [N in keyof (typeof kernels)[K]["parameters"]]: (typeof kernels)[K]["parameters"][N] extends Kind
    ? Value<(typeof kernels)[K]["parameters"][N]>
    : never;
};

export type ReferenceKernel<K extends KernelName> = (args: Arguments<K>, tail: readonly number[]) => void;
