// R10 on the reference device.
import { openReference } from "unrolled";
import { numericSuite } from "./numeric.js";

numericSuite({ name: "reference", open: async () => openReference(), tolerance: 0 });
