// Laws of documents on the fast devices.
import { documentSuite } from "../../../unrolled/test/laws/documents.js";
import { engines } from "./engines.js";

for (const engine of [engines[0], engines[engines.length - 1]]) documentSuite(engine);
