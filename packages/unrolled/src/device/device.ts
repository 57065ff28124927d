// The device seam: everything the layers above may ask of an engine.
// A word is one number in device memory: 4 bytes on wasm and native, 8 on the float64 reference.

export type DType = "f32" | "i32";
export type DeviceName = "reference" | "wasm" | "native";
export type Words = Float32Array | Float64Array | Int32Array;

/**
 * Numbers as they enter a matrix product. bf16: rounded to bfloat16 (8 bits of precision), two products at a time added to
 * a float32 sum; everything else, weights among it, stays float32. For processors that have it; others refuse to load.
 */
export type Products = "f32" | "bf16";

/** A span of device memory. Offsets and lengths count words; offsets are multiples of 16 words. */
export interface Region {
  readonly offset: number;
  readonly words: number;
}

/**
 * A list of kernel calls, each `[kernel index, count, ...count numbers]`. Integers are exact (below 2^53).
 * A buffer argument is two numbers: offset in words and length in words; an absent buffer is `0, 0`.
 */
export interface EncodedProgram {
  readonly code: Float64Array;
  readonly calls: number;
  /** Estimated multiply-adds of one run; a device keeps small programs on one thread. */
  readonly work: number;
  /** How matrices are multiplied; float32 where left out. */
  readonly products?: Products;
}

/** A loaded program. Only the device that made it knows what the number means. */
export type Handle = number & { readonly handle: unique symbol };

/** Executes Programs. Complete or absent: every device implements every row of the kernel table. */
export interface Device {
  readonly name: DeviceName;
  readonly threads: number;
  readonly precision: "f32" | "f64";
  /** Which build is running and why, for people: "avx512, 2 threads". */
  readonly detail: string;
  /** What lives on this device: the regions of storages, kept here so that no module holds state. */
  readonly resident: WeakMap<object, Region>;
  /** Memory filled with zeros. Throws DeviceError with the size when it cannot be had. */
  allocate(words: number): Region;
  /** A loaded program with a buffer in it does not run any more (DeviceError, code "region"). */
  free(region: Region): void;
  /** Device memory as an array. Never keep it across a call that may allocate. On the reference device both are Float64Array. */
  view(region: Region, dtype: DType): Words;
  /**
   * Checks every buffer of the program against device memory (DeviceError) and keeps a copy of it. DeviceError "precision"
   * for products this device cannot make.
   */
  load(program: EncodedProgram): Handle;
  unload(handle: Handle): void;
  /** Runs the whole program, all threads, `times` times over (default 1), and returns when it is done. */
  run(handle: Handle, times?: number): void;
  /** Ends threads and gives memory back. The device is unusable afterwards. */
  close(): void;
}
