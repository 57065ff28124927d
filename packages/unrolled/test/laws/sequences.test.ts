// Laws of sequences on the reference device.
import { openReference } from "unrolled";
import { sequenceSuite } from "./sequences.js";

sequenceSuite({ name: "reference", open: async () => openReference(), tolerance: 1e-12 });
