// brain.js recurrent networks on a text of T characters; they know neither batches nor Adam. T time.
import { createRequire } from "node:module";
import { answerRequests } from "./answer.mjs";

const require = createRequire(new URL("../peers/package.json", import.meta.url));

await answerRequests(async (w) => {
  if (w.kind !== "training") throw new Error("brain.js measures training only");
  const brain = require("brain.js");
  const Network = { lstm: brain.recurrent.LSTM, gru: brain.recurrent.GRU, rnn: brain.recurrent.RNN }[w.cell];
  const net = new Network({ hiddenLayers: new Array(w.layers).fill(w.hidden) });
  const text = Array.from({ length: w.sequence }, (_, i) => String.fromCharCode(33 + ((i * 7) % w.vocabulary))).join(
    "",
  );
  const version = require("brain.js/package.json").version;
  return {
    work: w.sequence,
    detail: `brain.js ${version}, batch 1`,
    run: () => net.train([text], { iterations: 1, log: false }),
  };
});
