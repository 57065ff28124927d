// Prints the compiler flags that all builds share, for binding.gyp.
import { commonFlags } from "./sources.mjs";

console.log(commonFlags.join(" "));
