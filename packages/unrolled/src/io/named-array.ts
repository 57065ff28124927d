// A tensor's values outside a device: what models, optimizers and files exchange.

/** Row-major values of a named tensor; float32 for weights and states, int32 for counters and ids. */
export interface NamedArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Int32Array;
}
