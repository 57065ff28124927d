// The laws of the labelled writer on the reference device.
import { openReference } from "unrolled";
import { labelledWriterSuite } from "./labelled-writer.js";

labelledWriterSuite({ name: "reference", open: async () => openReference(), tolerance: 1e-12 });
