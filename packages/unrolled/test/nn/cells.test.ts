// Every cell and every option of every cell: gradients against central differences in float64, fused against unrolled, options
// that change something, specs that are refused, first values. T time, N batch, D input, H hidden.
import {
  type CellChoice,
  cellOf,
  cellOptions,
  cellSpec,
  compile,
  draws,
  f32,
  gradient,
  mul,
  openReference,
  readCellSpec,
  runLayer,
  sum,
  type Tensor,
  unroll,
  zeros,
} from "unrolled";
import { close, gradientCheck, numbers } from "unrolled/testing";
import { describe, expect, it } from "vitest";
import { alternatives, cellNames, H, inputWidth, named, optioned, type Row, trial } from "./cells.js";

const device = openReference();

/** What a layer gives, by name. */
function valuesOf(r: Row, run: typeof unroll, T = 3, options = { reverse: true, lengths: [3, 2] }) {
  const { inputs, results } = trial(r, T, options);
  const specs = Object.fromEntries(Object.entries(inputs).map(([name, { spec }]) => [name, spec]));
  const program = compile(device, specs, (given) => ({ outputs: results(given, run) }));
  const out = program.run(Object.fromEntries(Object.entries(inputs).map(([name, { values }]) => [name, values])));
  const copied = Object.entries(out).map(([name, t]) => [name, Array.from(t as ArrayLike<number>)]);
  program.close();
  return Object.fromEntries(copied) as Readonly<Record<string, number[]>>;
}

describe("gradients, unrolled", () => {
  it.each(named)("$name", (r) => {
    for (const [T, options] of [
      [1, {}],
      [2, { lengths: [1, 2] }],
    ] as const) {
      const { inputs, loss } = trial(r, T, options);
      gradientCheck(device, inputs, (given) => loss(given, unroll));
    }
    slopeCheck(r, 5, { reverse: true, lengths: [5, 3] });
  });
  it.each(optioned)("$name", (r) => {
    slopeCheck(r, 3, { reverse: true, lengths: [3, 2] });
  });
});

/** Each input moved along one random direction: its slope against the gradient there. One number for an input of any size. */
function slopeCheck(
  r: Row,
  T: number,
  options: { readonly reverse: boolean; readonly lengths: readonly number[] },
): void {
  const { inputs, loss } = trial(r, T, options);
  const names = Object.entries(inputs).flatMap(([name, { spec }]) => (spec.dtype === "f32" ? [name] : []));
  const specs = Object.fromEntries(Object.entries(inputs).map(([name, { spec }]) => [name, spec]));
  const at = Object.fromEntries(Object.entries(inputs).map(([name, { values }]) => [name, Float64Array.from(values)]));
  const program = compile(device, specs, (given: Readonly<Record<string, Tensor>>) => {
    const value = loss(given, unroll);
    const slopes = gradient(
      value,
      names.map((name) => given[name]),
    );
    return { outputs: { value, ...Object.fromEntries(slopes.map((g, i) => [`d ${names[i]}`, g])) } };
  });
  const run = (point: Readonly<Record<string, Float64Array>>) =>
    program.run(point) as Readonly<Record<string, ArrayLike<number>>> & { readonly value: number };
  const analytic = Object.fromEntries(
    Object.entries(run(at)).map(([name, g]) => [name, Array.from(g as ArrayLike<number>)]),
  );
  for (const [k, name] of names.entries()) {
    const direction = numbers(k + 1).normal(at[name].length);
    const value = (step: number): number =>
      run({ ...at, [name]: at[name].map((v, i) => v + step * direction[i]) }).value;
    const slope = analytic[`d ${name}`].reduce((total, g, i) => total + g * direction[i], 0);
    const numeric = (value(1e-5) - value(-1e-5)) / 2e-5;
    close(slope, numeric, { relative: 1e-6, absolute: 1e-6, label: `${r.name}: slope by ${name}` });
  }
  program.close();
}

describe("a layer, fused where it can be = unrolled: all that it gives and shows, and every gradient", () => {
  it.each([...named, ...optioned])("$name", (r) => {
    const options = { reverse: true, lengths: [0, 3] };
    const [made, expected] = [valuesOf(r, runLayer, 3, options), valuesOf(r, unroll, 3, options)];
    expect(Object.keys(made).sort()).toEqual(Object.keys(expected).sort());
    for (const [name, values] of Object.entries(expected))
      close(made[name], values, { relative: 1e-12, absolute: 1e-13, label: name });
    const { inputs, loss } = trial(r, 3, { lengths: [2, 3] });
    const names = Object.entries(inputs).flatMap(([name, { spec }]) => (spec.dtype === "f32" ? [name] : []));
    const gradients = (run: typeof unroll) => {
      const specs = Object.fromEntries(Object.entries(inputs).map(([name, { spec }]) => [name, spec]));
      const program = compile(device, specs, (given: Readonly<Record<string, Tensor>>) => {
        const slopes = gradient(
          loss(given, run),
          names.map((name) => given[name]),
        );
        return { outputs: Object.fromEntries(slopes.map((g, i) => [names[i], g])) };
      });
      const out = program.run(Object.fromEntries(Object.entries(inputs).map(([name, { values }]) => [name, values])));
      return out as Readonly<Record<string, ArrayLike<number>>>;
    };
    const [fast, slow] = [gradients(runLayer), gradients(unroll)];
    for (const name of names)
      close(fast[name], slow[name], { relative: 1e-11, absolute: 1e-12, label: `gradient of ${name}` });
  });
});

describe("options", () => {
  it("each is tried", () => {
    for (const name of cellNames)
      expect(Object.keys(alternatives[name]).sort()).toEqual(Object.keys(cellOptions(name)).sort());
  });

  const ofFirstValues = ["recurrentInitial", "forgetBias"];
  it.each(
    Object.entries(alternatives).flatMap(([name, options]) =>
      Object.keys(options).map((key) => ({ name: name as (typeof cellNames)[number], key })),
    ),
  )("$name: $key changes something", ({ name, key }) => {
    const cell = { name, [key]: alternatives[name][key] } as CellChoice;
    if (ofFirstValues.includes(key)) {
      const first = (choice: CellChoice): number[] => {
        const made = cellOf(cellSpec(choice));
        return ["weight_hh", "bias_ih"].flatMap((w) =>
          Array.from(made.initial?.(w, { D: 2, H }, draws(1).uniform) ?? []),
        );
      };
      expect(first(cell)).not.toEqual(first(name));
      return;
    }
    const [plain, other] = [name, cell].map((choice) => valuesOf({ name, cell: choice, training: true }, unroll));
    expect(other.y).not.toEqual(plain.y);
  });

  it("noise is drawn with a key only; zoneout then moves every unit by its expected share", () => {
    for (const key of ["recurrentDropout", "weightDrop", "candidateDropout"])
      expect(
        valuesOf({ name: key, cell: { name: "lstm", [key]: 0.5 } as CellChoice, training: false }, unroll),
      ).toEqual(valuesOf({ name: "lstm", cell: "lstm", training: false }, unroll));
    const once = { reverse: false, lengths: [1, 1] };
    const states = (zoneout: number) =>
      valuesOf({ name: "", cell: { name: "rnn", zoneout }, training: false }, unroll, 1, once)["last h"];
    const start = Array.from(trial({ name: "", cell: "rnn", training: false }, 1, {}).inputs["state h"].values);
    const plain = states(0);
    close(
      states(0.25),
      plain.map((h, i) => 0.75 * h + 0.25 * start[i]),
      { relative: 1e-14 },
    );
    const drawn = valuesOf({ name: "", cell: { name: "rnn", zoneout: 0.5 }, training: true }, unroll, 1, once)[
      "last h"
    ];
    const kept = drawn.map((h, i) => (h === start[i] ? 1 : h === plain[i] ? 0 : Number.NaN));
    expect(new Set(kept)).toEqual(new Set([0, 1]));
  });

  it("a hard threshold runs forward and refuses a gradient", () => {
    const r: Row = { name: "", cell: { name: "rnn", activation: "hard-threshold" }, training: false };
    expect(new Set(valuesOf(r, runLayer).y)).toEqual(new Set([0, 1]));
    const { inputs, loss } = trial(r, 2, {});
    expect(() => gradientCheck(device, inputs, (given) => loss(given))).toThrow(/hard threshold has none/);
  });

  it("clip bounds what goes into the output activation, not the cell that is carried", () => {
    const cell = cellOf(cellSpec("lstm", { clip: 0.5, inputGate: false, outputGate: false, forgetGate: false }));
    const values = { x: [100, 0], weight_ih: [1], weight_hh: [0], bias_ih: [0], bias_hh: [0] };
    const specs = { x: f32(2, 1, 1), weight_ih: f32(1, 1), weight_hh: f32(1, 1), bias_ih: f32(1), bias_hh: f32(1) };
    const program = compile(device, specs, (w) => {
      const { y, trace } = unroll(cell, w, w.x, { h: zeros([1, 1]), c: zeros([1, 1]) }, { trace: true });
      return { outputs: { y, c: (trace as Readonly<Record<string, Tensor>>).c } };
    });
    const out = program.run(values);
    const added = Math.tanh(0.5);
    close(out.c, [added, added], { relative: 1e-14 });
    close(out.y, [Math.tanh(added), Math.tanh(added)], { relative: 1e-14 });
    const again = program.run({ ...values, x: [100, 100] });
    close(again.c, [added, 2 * added], { relative: 1e-14 });
    close(again.y, [Math.tanh(added), Math.tanh(0.5)], { relative: 1e-14 });
    program.close();
  });
});

describe("specs", () => {
  it("say everything, and a variant is written out", () => {
    expect(cellSpec("cifg")).toEqual(cellSpec("lstm", { peephole: "gers", coupled: "f=1-i" }));
    expect(cellSpec("irnn")).toMatchObject({ name: "rnn", activation: "relu", recurrentInitial: "identity" });
    for (const { cell } of [...named, ...optioned]) {
      const spec = cellSpec(cell);
      expect(readCellSpec(JSON.parse(JSON.stringify(spec)), "cell")).toEqual(spec);
    }
  });

  it.each([
    [{ name: "lstn" }, "cell.name: must be one of rnn, jordan, gru"],
    [{ name: "__proto__" }, "cell.name: must be one of"],
    [{ name: "lstm", peepholes: "gers" }, "cell.peepholes: must be an option of lstm cells"],
    [{ name: "gru", projection: 4 }, "cell.projection: must be an option of gru cells"],
    [{ name: "lstm", peephole: "both" }, 'cell.peephole: must be "none" or "gers" or "ng", was "both"'],
    [{ name: "lstm", clip: 0 }, "cell.clip: must be a number above 0"],
    [{ name: "lstm", clip: Number.NaN }, "cell.clip: must be a number above 0"],
    [{ name: "lstm", projection: 1.5 }, "cell.projection: must be an integer from 1"],
    [{ name: "lstm", zoneout: 1 }, "cell.zoneout: must be a number from 0 up to but not including 1"],
    [{ name: "lstm", layerNorm: "yes" }, "cell.layerNorm: must be true or false"],
    [{ name: "lstm", coupled: "f=1-i", inputGate: false }, 'cell.coupled: must be "none" without both gates'],
    [{ name: "nfg", gateRecurrence: true }, "cell.gateRecurrence: must be false without all gates"],
    [{ name: "mlstm", layerNorm: true }, "cell.multiplicative: must be false with layerNorm"],
    [{ name: "rnn", activation: "swish" }, "cell.activation: must be one of tanh, sigmoid"],
    [{ name: "rnn", activation: { name: "tanh", alpha: 1 } }, "cell.activation.alpha: must be absent for tanh"],
    [{ name: "rnn", activation: { name: "elu", alpha: "1" } }, "cell.activation.alpha: must be a finite number"],
  ])("%j is refused", (asked, message) => {
    expect(() => readCellSpec(asked, "cell")).toThrow(message);
  });

  it("MUT1 and MUT2 refuse an input of another width than theirs", () => {
    for (const name of ["mut1", "mut2"] as const)
      expect(() => cellOf(cellSpec(name)).weights({ D: 2, H: 3 })).toThrow(
        `${name}: input must be as wide as the 3 hidden`,
      );
  });
});

describe("first values", () => {
  const initial = (choice: CellChoice, weight: string, [D, units]: readonly [number, number] = [4, 5]) => {
    const made = cellOf(cellSpec(choice));
    return {
      values: Array.from(made.initial?.(weight, { D, H: units }, draws(3).uniform) ?? []),
      shape: made.weights({ D, H: units })[weight],
    };
  };
  const gram = (block: readonly number[], rows: number, columns: number): number[] =>
    Array.from({ length: rows * rows }, (_, k) => {
      const [i, j] = [Math.floor(k / rows), k % rows];
      let total = 0;
      for (let c = 0; c < columns; c++) total += block[i * columns + c] * block[j * columns + c];
      return total;
    });
  const identity = (n: number): number[] => Array.from({ length: n * n }, (_, k) => (k % (n + 1) === 0 ? 1 : 0));

  it("every weight of every cell has its shape and is finite", () => {
    for (const { cell } of [...named, ...optioned]) {
      const spec = cellSpec(cell);
      const made = cellOf(spec);
      const sizes = { D: inputWidth(spec), H };
      for (const [name, shape] of Object.entries(made.weights(sizes))) {
        if (!made.initial) continue;
        const values = made.initial(name, sizes, draws(1).uniform);
        expect(values.length).toBe(shape.reduce((a, b) => a * b, 1));
        expect(values.every(Number.isFinite)).toBe(true);
      }
    }
  });

  it("the IRNN begins with the identity", () =>
    close(initial("irnn", "weight_hh").values, identity(5), { absolute: 0 }));

  it("orthogonal: each gate's block is a rotation, and no two are the same", () => {
    const { values } = initial({ name: "lstm", recurrentInitial: "orthogonal" }, "weight_hh");
    const blocks = [0, 1, 2, 3].map((k) => values.slice(25 * k, 25 * k + 25));
    for (const block of blocks) close(gram(block, 5, 5), identity(5), { relative: 0, absolute: 1e-6 });
    expect(blocks[0]).not.toEqual(blocks[1]);
  });

  it("orthogonal with a projection: the columns that are left are orthonormal", () => {
    const { values, shape } = initial({ name: "lstm", recurrentInitial: "orthogonal", projection: 2 }, "weight_hh");
    expect(shape).toEqual([20, 2]);
    const turned = [0, 1].flatMap((c) => [0, 1, 2, 3, 4].map((r) => values[2 * r + c]));
    close(gram(turned, 2, 5), identity(2), { relative: 0, absolute: 1e-6 });
  });

  it("the forget bias is where the forget gate is, also where the input gate is not", () => {
    const bias = initial({ name: "nig", forgetBias: 2 }, "bias_ih").values;
    expect(bias.slice(0, 5)).toEqual([2, 2, 2, 2, 2]);
    expect(bias.slice(5).includes(2)).toBe(false);
    expect(initial({ name: "nig", forgetBias: 2 }, "bias_hh").values.slice(0, 5)).toEqual([0, 0, 0, 0, 0]);
    expect(initial("lstm", "bias_ih").values.slice(5, 10)).toEqual([1, 1, 1, 1, 1]);
  });
});

it("a layer's loss depends on every weight of every cell", () => {
  for (const r of [...named, ...optioned]) {
    const { inputs, loss } = trial(r, 2, {});
    const specs = Object.fromEntries(Object.entries(inputs).map(([name, { spec }]) => [name, spec]));
    const names = Object.keys(cellOf(cellSpec(r.cell)).weights({ D: inputWidth(cellSpec(r.cell)), H }));
    const program = compile(device, specs, (given: Readonly<Record<string, Tensor>>) => {
      const slopes = gradient(
        loss(given),
        names.map((name) => given[name]),
      );
      return { outputs: Object.fromEntries(slopes.map((g, i) => [names[i], sum(mul(g, g))])) };
    });
    const out = program.run(Object.fromEntries(Object.entries(inputs).map(([name, { values }]) => [name, values])));
    for (const name of names) expect(out[name] as number, `${r.name}: ${name}`).toBeGreaterThan(1e-9);
    program.close();
  }
});
