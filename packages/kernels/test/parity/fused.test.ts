// Laws of the fused layers with options on the fast devices.
import { fusedSuite } from "../../../unrolled/test/laws/fused.js";
import { engines } from "./engines.js";

for (const engine of engines.filter(({ name }) => name.includes("2 threads"))) fusedSuite(engine);
