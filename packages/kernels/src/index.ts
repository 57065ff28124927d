export { type DeviceReport, describeDevices, type OpenOptions, openDevice } from "./devices.js";
export { type InstructionSet, type NativeOptions, nativeMultiplyLoop, openNative } from "./native.js";
export { openWasm, type WasmOptions, wasmMultiplyLoop } from "./wasm.js";
