// Laws of the fused layers with options on the reference device.
import { openReference } from "unrolled";
import { fusedSuite } from "./fused.js";

fusedSuite({ name: "reference", open: async () => openReference(), tolerance: 1e-12 });
