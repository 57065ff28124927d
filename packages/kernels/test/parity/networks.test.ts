// The laws of networks over rows and of the labelled writer on the fast devices.
import { labelledWriterSuite } from "../../../unrolled/test/laws/labelled-writer.js";
import { networkSuite } from "../../../unrolled/test/laws/networks.js";
import { engines } from "./engines.js";

networkSuite(engines[0]);
networkSuite(engines[3]);
labelledWriterSuite(engines[3]);
