// --device and --threads as the engines take them.
import { openDevice } from "@unrolled/kernels";
import type { Device } from "unrolled";
import type { DeviceChoice } from "./choices.js";

export interface DeviceRequest {
  readonly device?: DeviceChoice;
  readonly threads?: number;
}

/** Throws DeviceError where the named engine does not load; "auto" takes the fastest that does. */
export function openRequested({ device = "auto", threads }: DeviceRequest): Promise<Device> {
  return openDevice(device, threads === undefined ? {} : { threads });
}
