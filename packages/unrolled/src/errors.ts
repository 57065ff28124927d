// The errors a caller can meet. Each carries a stable code that programs may test and, where a person can mend it, a hint.

export interface ErrorDetail {
  /** Stable, kebab-case; never reworded. */
  readonly code: string;
  readonly hint?: string;
  readonly cause?: unknown;
}

abstract class UnrolledError extends Error {
  readonly code: string;
  readonly hint: string | undefined;

  constructor(name: string, message: string, detail: ErrorDetail) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = name;
    this.code = detail.code;
    this.hint = detail.hint;
  }
}

/** Tensors that do not fit together. */
export class ShapeError extends UnrolledError {
  constructor(message: string, detail: ErrorDetail = { code: "shape" }) {
    super("ShapeError", message, detail);
  }
}

/** Options or a spec.json that do not describe a model; the message names the path in the JSON. */
export class SpecError extends UnrolledError {
  constructor(message: string, detail: ErrorDetail = { code: "spec" }) {
    super("SpecError", message, detail);
  }
}

/** A checkpoint that cannot be trusted; one code per reason. */
export class CheckpointError extends UnrolledError {
  constructor(message: string, detail: ErrorDetail) {
    super("CheckpointError", message, detail);
  }
}

/** An engine that does not load, has no memory left, or was given a program that does not fit it. */
export class DeviceError extends UnrolledError {
  constructor(message: string, detail: ErrorDetail = { code: "device" }) {
    super("DeviceError", message, detail);
  }
}

/** Data that cannot be learnt from or read; the message names file and place. */
export class DataError extends UnrolledError {
  constructor(message: string, detail: ErrorDetail = { code: "data" }) {
    super("DataError", message, detail);
  }
}

/** A computation that left the finite numbers: an exploding learning rate, usually. */
export class NumericError extends UnrolledError {
  constructor(message: string, detail: ErrorDetail = { code: "not-finite" }) {
    super("NumericError", message, detail);
  }
}

/** True for the errors above: their message is meant for people and needs no stack. */
export function isUnrolledError(error: unknown): error is UnrolledError {
  return error instanceof UnrolledError;
}
