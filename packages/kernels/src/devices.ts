// Opens devices by name and says what this machine has.

import { type Device, DeviceError, type DeviceName, openReference } from "unrolled";
import { openNative } from "./native.js";
import { openWasm } from "./wasm.js";

export interface OpenOptions {
  /** Threads that compute. Default: one per core. The reference device has always one. */
  readonly threads?: number;
}

export interface DeviceReport {
  readonly name: DeviceName;
  readonly available: boolean;
  /** Which build runs, for people; empty where none does. */
  readonly detail: string;
  /** Why it is not available. */
  readonly reason?: string;
}

/** Opens a device by name; "auto" is native where it loads, else wasm. Throws DeviceError. */
export async function openDevice(name: DeviceName | "auto" = "auto", options: OpenOptions = {}): Promise<Device> {
  switch (name) {
    case "auto":
      return openBest(options);
    case "native":
      return openNative(options);
    case "wasm":
      return openWasm(options);
    case "reference":
      return openReference();
    default:
      throw new DeviceError(`device: must be auto, native, wasm or reference, was ${String(name satisfies never)}`, {
        code: "device",
        hint: "`unrolled devices` shows what this machine has",
      });
  }
}

async function openBest(options: OpenOptions): Promise<Device> {
  try {
    return await openNative(options);
  } catch (error) {
    if (error instanceof DeviceError && error.code === "absent") return openWasm(options);
    throw error;
  }
}

/** Opens and closes every device: what each is, or why it is not there. */
export async function describeDevices(options: OpenOptions = {}): Promise<DeviceReport[]> {
  const names: readonly DeviceName[] = ["native", "wasm", "reference"];
  return Promise.all(names.map((name) => describe(name, options)));
}

async function describe(name: DeviceName, options: OpenOptions): Promise<DeviceReport> {
  try {
    const device = await openDevice(name, options);
    device.close();
    return { name, available: true, detail: device.detail };
  } catch (error) {
    return { name, available: false, detail: "", reason: error instanceof Error ? error.message : String(error) };
  }
}
