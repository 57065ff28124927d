// Laws of training on the reference device.
import { openReference } from "unrolled";
import { trainingSuite } from "./training.js";

trainingSuite({ name: "reference", open: async () => openReference(), tolerance: 1e-12 });
