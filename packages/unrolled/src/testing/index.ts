export { type CloseOptions, close, identical } from "./close.js";
