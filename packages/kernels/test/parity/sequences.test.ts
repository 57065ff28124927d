// Laws of sequences on the fast devices.
import { sequenceSuite } from "../../../unrolled/test/laws/sequences.js";
import { engines } from "./engines.js";

for (const engine of engines) sequenceSuite(engine);
