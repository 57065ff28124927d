// R10 on the fast devices.
import { numericSuite } from "../../../unrolled/test/laws/numeric.js";
import { engines } from "./engines.js";

for (const engine of engines) numericSuite(engine);
