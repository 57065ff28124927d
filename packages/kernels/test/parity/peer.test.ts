// The peers' cases on the fast devices.
import { peerSuite } from "../../../unrolled/test/peer/suite.js";
import { engines } from "./engines.js";

for (const engine of engines.filter(({ name }) => name.includes("2 threads"))) peerSuite(engine);
