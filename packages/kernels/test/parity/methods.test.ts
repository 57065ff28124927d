// The laws of training methods on a fast device; the others differ from it in kernels, which have laws of their own.
import { methodSuite } from "../../../unrolled/test/laws/methods.js";
import { engines } from "./engines.js";

methodSuite(engines[0]);
