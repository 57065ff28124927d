// TensorFlow.js layers: embedding, recurrent layers, softmax. Training on the "cpu" backend (the wasm backend lacks its gradients),
// prediction on "wasm". Without gradient clipping, which its trainOnBatch does not have. T time, N batch.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { answerRequests } from "./answer.mjs";

const require = createRequire(new URL("../peers/package.json", import.meta.url));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);

async function backendFor(kind) {
  const tf = (await load("@tensorflow/tfjs")).default ?? (await load("@tensorflow/tfjs"));
  const name = kind === "training" ? "cpu" : "wasm";
  if (name === "wasm") {
    const wasm = await load("@tensorflow/tfjs-backend-wasm");
    const folder = require.resolve("@tensorflow/tfjs-backend-wasm").replace(/[^/]*$/, "");
    (wasm.setWasmPaths ?? wasm.default.setWasmPaths)(folder);
  }
  await tf.setBackend(name);
  await tf.ready();
  return { tf, name };
}

await answerRequests(async (w) => {
  if (w.kind !== "training" && w.kind !== "forward") throw new Error("tfjs measures training and forward passes only");
  const { tf, name } = await backendFor(w.kind);
  const { vocabulary: V, hidden: H, sequence: T, batch: N } = w;
  const recurrent = { lstm: tf.layers.lstm, gru: tf.layers.gru, rnn: tf.layers.simpleRNN }[w.cell];
  const model = tf.sequential();
  model.add(tf.layers.embedding({ inputDim: V, outputDim: H, inputLength: T }));
  for (let l = 0; l < w.layers; l++)
    model.add(recurrent({ units: H, returnSequences: true, recurrentInitializer: "glorotUniform" }));
  model.add(tf.layers.dense({ units: V, activation: "softmax" }));
  model.compile({ optimizer: tf.train.adam(2e-3), loss: "sparseCategoricalCrossentropy" });
  const x = tf.randomUniform([N, T], 0, V, "int32");
  const y = tf.randomUniform([N, T, 1], 0, V, "int32").toFloat();
  const run = async () => {
    if (w.kind === "training") return void (await model.trainOnBatch(x, y));
    const out = model.predict(x);
    await out.data();
    out.dispose();
  };
  return { work: N * T, detail: `tfjs ${tf.version.tfjs}, ${name} backend`, run };
});
