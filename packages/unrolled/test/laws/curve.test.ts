// The pinned loss curve on the reference device.
import { openReference } from "unrolled";
import { curveSuite } from "./curve.js";

curveSuite({ name: "reference", open: async () => openReference(), tolerance: 1e-12 });
