export type { Device, DeviceName, DType, EncodedProgram, Handle, Region, Words } from "./device/device.js";
export { kernelNames, kernels } from "./device/kernels.js";
export { openReference } from "./device/reference/index.js";
