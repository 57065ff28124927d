// The fast devices against values of PyTorch.
import { goldenSuite } from "../../../unrolled/test/nn/golden.js";
import { engines } from "./engines.js";

for (const engine of engines) goldenSuite(engine);
