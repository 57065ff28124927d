// Products that a translator which writes by beams makes once: those of the places of a source with the weights that would read the
// context. The context is a weighted mean of places, so that its product is the same mean of the places' products.
// N sentences, S source steps, C width of a place, G*H gates of the first layer, P readout.
import { concat, matmul, slice, zeros } from "../graph/ops/index.js";
import type { Tensor } from "../graph/tensor.js";
import { runStack, stackWidth } from "../nn/stack.js";
import { type ContextProducts, decoderStates, type Sight, stackOf } from "./translator-graph.js";
import type { Translator } from "./translator.js";
import { inputWidth, placeWidth, readWidth, seesBefore } from "./translator-spec.js";

/** The products that stand for the context; undefined for a translator of which something reads the context itself. */
export function contextProducts(model: Translator): ContextProducts | undefined {
  const { spec, weights } = model;
  if (spec.attention === "none") return undefined;
  const isRead = spec.readout !== "state";
  if (isRead && spec.readoutUnits === 0) return undefined;
  if (seesBefore(spec) && !takesProduct(model)) return undefined;
  const input = seesBefore(spec) ? weights["decoder.weight_ih_l0"].shape[0] : 0;
  const readout = isRead ? spec.readoutUnits : 0;
  return input + readout > 0 ? { input, readout } : undefined;
}

/** Whether the decoder's first layer makes do with the product of its input: it is run to see. */
function takesProduct(model: Translator): boolean {
  const { spec, weights } = model;
  const W = weights["decoder.weight_ih_l0"];
  if (!W) return false;
  let asked = false;
  const sequence = (): Tensor => {
    asked = true;
    return zeros([1, 1, inputWidth(spec)]);
  };
  const states = Object.fromEntries([...decoderStates(spec, 1)].map(([name, shape]) => [name, zeros(shape)]));
  const input = { product: zeros([1, 1, W.shape[0]]), of: W, sequence };
  runStack(spec.decoder, stackOf(model, "decoder"), input, states, { name: "decoder" });
  return !asked;
}

/** The same sight with products in place of places: values [N,S,input+readout]. */
export function seenByProducts(model: Translator, sight: Sight, products: ContextProducts | undefined): Sight {
  if (!products || !sight.attended) return sight;
  const { spec, weights } = model;
  const C = placeWidth(spec);
  const { values } = sight.attended;
  const part = (name: string, from: number): Tensor =>
    matmul(values, slice(weights[name], 1, from, from + C), { transposeB: true });
  const parts = [
    ...(products.input > 0 ? [part("decoder.weight_ih_l0", spec.reads ? readWidth(spec.target) : 0)] : []),
    ...(products.readout > 0 ? [part("readout.weight", stackWidth(spec.decoder))] : []),
  ];
  return { ...sight, attended: { ...sight.attended, values: concat(parts) }, products };
}
