// The pinned loss curve on the fast devices.
import { methodSuite } from "../../../unrolled/test/laws/methods.js";
import { engines } from "./engines.js";

for (const engine of engines) methodSuite(engine);
