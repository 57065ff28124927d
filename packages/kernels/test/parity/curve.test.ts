// The pinned loss curve on the fast devices.
import { curveSuite } from "../../../unrolled/test/laws/curve.js";
import { engines } from "./engines.js";

for (const engine of engines) curveSuite(engine);
