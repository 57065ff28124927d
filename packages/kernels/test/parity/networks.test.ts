// The laws of networks over rows on the fast devices.
import { networkSuite } from "../../../unrolled/test/laws/networks.js";
import { engines } from "./engines.js";

for (const engine of [engines[0], engines[3]]) networkSuite(engine);
