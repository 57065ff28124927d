// The reference device against values of PyTorch: 13 digits are in the fixtures, all must agree but the last.
import { openReference } from "unrolled";
import { goldenSuite } from "./golden.js";

goldenSuite({ name: "reference", open: async () => openReference(), tolerance: 2e-12 });
