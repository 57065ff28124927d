// Laws of documents on the reference device.
import { openReference } from "unrolled";
import { documentSuite } from "./documents.js";

documentSuite({ name: "reference", open: async () => openReference(), tolerance: 1e-12 });
