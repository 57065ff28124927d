// The pinned loss curve on the reference device.
import { openReference } from "unrolled";
import { methodSuite } from "./methods.js";

methodSuite({ name: "reference", open: async () => openReference(), tolerance: 1e-12 });
