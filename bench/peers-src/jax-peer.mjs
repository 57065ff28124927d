// jax-js on its wasm backend: loss and gradient of an LSTM language model, jitted once. Letters are one-hot rows, so that the
// first layer's product is a gather in all but name; nothing is clipped and no weight is updated. T time, N batch, H hidden.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { answerRequests } from "./answer.mjs";

const require = createRequire(new URL("../peers/package.json", import.meta.url));
const version = require("../peers/node_modules/@jax-js/jax/package.json").version;
const jax = await import(pathToFileURL(require.resolve("@jax-js/jax")).href);
const { init, defaultDevice, numpy: np, nn, random, jit, valueAndGrad } = jax;

/** Weights of every layer; an array is used up where it is read, `.ref` keeps it. */
function weightsOf({ vocabulary: V, hidden: H, layers: L }) {
  let seed = 1;
  const drawn = (...shape) => random.normal(random.key(seed++), shape).mul(0.08);
  const weights = { head: drawn(H, V) };
  for (let l = 0; l < L; l++) {
    weights[`W${l}`] = drawn(l === 0 ? V : H, 4 * H);
    weights[`R${l}`] = drawn(H, 4 * H);
    weights[`b${l}`] = drawn(4 * H);
  }
  return weights;
}

function lossOf({ hidden: H, layers: L, sequence: T, batch: N }) {
  return (p, xs, ys) => {
    const [h, c] = [0, 1].map(() => Array.from({ length: L }, () => np.zeros([N, H])));
    let loss = np.array(0);
    for (let t = 0; t < T; t++) {
      let x = xs[t];
      for (let l = 0; l < L; l++) {
        const z = np
          .matmul(x, p[`W${l}`].ref)
          .add(np.matmul(h[l], p[`R${l}`].ref))
          .add(p[`b${l}`].ref);
        const [i, f, o, g] = np.split(z, 4, 1);
        c[l] = nn
          .sigmoid(f)
          .mul(c[l])
          .add(nn.sigmoid(i).mul(np.tanh(g)));
        h[l] = nn.sigmoid(o).mul(np.tanh(c[l].ref));
        x = h[l].ref;
      }
      loss = loss.sub(np.sum(nn.logSoftmax(np.matmul(x, p.head.ref)).mul(ys[t])));
    }
    return loss.div(T * N);
  };
}

await answerRequests(async (w) => {
  if (w.kind !== "training" || w.cell !== "lstm") throw new Error("jax-js measures the training of LSTMs only");
  await init();
  defaultDevice("wasm");
  const { vocabulary: V, sequence: T, batch: N } = w;
  const weights = weightsOf(w);
  const step = jit(valueAndGrad(lossOf(w)));
  const rows = (shift) =>
    Array.from({ length: T }, (_, t) =>
      nn.oneHot(
        np.array(
          Array.from({ length: N }, (_, n) => (7 * t + 3 * n + shift) % V),
          { dtype: "int32" },
        ),
        V,
      ),
    );
  const [xs, ys] = [rows(0), rows(7)];
  const kept = (arrays) => arrays.map((array) => array.ref);
  const run = async () => {
    const held = Object.fromEntries(Object.entries(weights).map(([name, array]) => [name, array.ref]));
    const [loss, slopes] = step(held, kept(xs), kept(ys));
    await loss.data();
    for (const slope of Object.values(slopes)) await slope.data();
  };
  return { work: N * T, detail: `jax-js ${version}, wasm backend, Node ${process.versions.node}, no update`, run };
});
