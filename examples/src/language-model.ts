// Learns a text and writes in its manner: node examples/dist/language-model.js FILE
import { readFileSync } from "node:fs";
import { openDevice } from "@unrolled/kernels";
import { adam, characters, generate, languageModel, train } from "unrolled";

const device = await openDevice(); // native, or wasm where there is no addon
const corpus = characters(readFileSync(process.argv[2], "utf8"), { validation: 0.1 });
const model = languageModel({ vocabulary: corpus.vocabulary, cell: "lstm", hidden: [128, 128], dropout: 0.2 });

const run = { batch: 20, sequence: 40, epochs: 10, optimizer: adam({ rate: 4e-3 }) };
for await (const event of train({ model, corpus, device, ...run }))
  if (event.type === "validation")
    console.log(`epoch ${event.epoch}: ${event.bitsPerToken.toFixed(3)} bits per character`);

for await (const piece of generate({ model, device, prompt: "The ", length: 300, temperature: 0.8 }))
  process.stdout.write(piece);
device.close();
