export { type DeviceReport, describeDevices, type OpenOptions, openDevice } from "./devices.js";
export { type InstructionSet, type NativeOptions, openNative } from "./native.js";
export { openWasm, type WasmOptions } from "./wasm.js";
