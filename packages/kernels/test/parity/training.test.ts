// Laws of training on the fast devices.
import { trainingSuite } from "../../../unrolled/test/laws/training.js";
import { engines } from "./engines.js";

for (const engine of engines) trainingSuite(engine);
