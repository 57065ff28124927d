// The laws of networks over rows on the reference device.
import { openReference } from "unrolled";
import { networkSuite } from "./networks.js";

networkSuite({ name: "reference", open: async () => openReference(), tolerance: 1e-12 });
