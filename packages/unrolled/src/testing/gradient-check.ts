// Gradient check: analytic gradients of a scalar against central differences, element by element, in float64.
import type { Device } from "../device/device.js";
import { compile, type InputSpec } from "../graph/compile.js";
import { gradient } from "../graph/gradient.js";
import { type Scalar, sizeOf, type Tensor } from "../graph/tensor.js";
import { close } from "./close.js";

export interface CheckedInput {
  readonly spec: InputSpec;
  readonly values: ArrayLike<number>;
}

export interface GradientCheckOptions {
  /** Distance of the two points around each element. */
  readonly step?: number;
  /** Largest relative error allowed (against the larger of 1 and the gradient's size). */
  readonly tolerance?: number;
}

/**
 * Checks d loss / d input for every f32 input at every element. The loss is any scalar graph of the inputs. Throws with the
 * worst element. Use the float64 reference device: float32 has too few digits for differences.
 */
export function gradientCheck<const I extends string>(
  device: Device,
  inputs: Readonly<Record<I, CheckedInput>>,
  loss: (inputs: Readonly<Record<I, Tensor>>) => Scalar,
  options: GradientCheckOptions = {},
): void {
  const { step = 1e-5, tolerance = 1e-6 } = options;
  const entries = Object.entries(inputs) as [I, CheckedInput][];
  const specs = Object.fromEntries(entries.map(([name, { spec }]) => [name, spec])) as Record<I, InputSpec>;
  const checked = entries.filter(([, { spec }]) => spec.dtype === "f32").map(([name]) => name);
  const program = compile(device, specs, (tensors) => {
    const value = loss(tensors);
    const gradients = gradient(
      value,
      checked.map((name) => tensors[name]),
    );
    return { outputs: { value, ...Object.fromEntries(gradients.map((g, i) => [`d ${checked[i]}`, g])) } };
  });
  const forward = compile(device, specs, (tensors) => ({ outputs: { value: loss(tensors) } }));
  const point = Object.fromEntries(entries.map(([name, { values }]) => [name, Float64Array.from(values)])) as Record<
    I,
    Float64Array
  >;
  const analytic = { ...(program.run(point) as Record<string, number | ArrayLike<number>>) };
  for (const name of checked) {
    const given = analytic[`d ${name}`];
    const slope = typeof given === "number" ? [given] : Array.from(given);
    const numeric = Array.from({ length: sizeOf(inputs[name].spec.shape) }, (_, i) => {
      const at = point[name][i];
      const value = (x: number): number => {
        point[name][i] = x;
        return forward.run(point).value as number;
      };
      const difference = (value(at + step) - value(at - step)) / (2 * step);
      point[name][i] = at;
      return difference;
    });
    const scale = Math.max(1, ...numeric.map(Math.abs));
    close(slope, numeric, { relative: 0, absolute: tolerance * scale, label: `gradient of ${name}` });
  }
  program.close();
  forward.close();
}
