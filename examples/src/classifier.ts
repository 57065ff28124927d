// Many to one: which of two languages is this word in? A classifier from rows of text and label, trained and asked.
import { openDevice } from "@unrolled/kernels";
import {
  bestLabel,
  layer,
  cellSpec,
  network,
  networkSpec,
  networkTask,
  parseLabelled,
  pickRows,
  predictor,
  rowClasses,
  rowExamples,
  rowFacts,
  splitRows,
  train,
} from "unrolled";

const days = "Montag,de Dienstag,de Mittwoch,de Donnerstag,de Freitag,de Samstag,de Sonntag,de";
const jours = "lundi,fr mardi,fr mercredi,fr jeudi,fr vendredi,fr samedi,fr dimanche,fr";
const where = "days.csv";

const rows = {
  kind: "texts",
  rows: parseLabelled(`${days} ${jours}`.replaceAll(" ", "\n"), { where, format: "csv" }),
} as const;
const split = splitRows(rows.rows.length, 0.15, 1, rowClasses("classify", rows));
const facts = rowFacts(pickRows(rows, split.training), { where, task: "classify", labelled: rows });
const layers = [{ ...layer({ hidden: 16 }), cell: cellSpec("gru") }];
const model = network(networkSpec(facts, { layers, embedding: 8 }), facts.vocabulary);
const examples = (places: readonly number[]) => rowExamples(model, pickRows(rows, places), where);

const device = await openDevice();
const task = networkTask({
  model,
  training: examples(split.training),
  validation: examples(split.validation),
  batch: 4,
});
for await (const event of train({ task, device, epochs: 40, seed: 1 }))
  if (event.type === "validation" && event.epoch % 10 === 0)
    console.log(`epoch ${event.epoch}: ${event.answers} held out, ${(event.accuracy ?? 0) * 100} % right`);

const asked = {
  kind: "texts",
  rows: ["Feiertag", "midi"].map((text, i) => ({ text, label: undefined, line: i + 1 })),
} as const;
const made = predictor(device, model);
await made.answer(rowExamples(model, asked, "here", false), ({ row, values }) => {
  const labels = facts.output.kind === "softmax" ? facts.output.labels : [];
  console.log(`${asked.rows[row].text}: ${labels[bestLabel(values, 0, labels.length)]}`);
});
made.close();
device.close();
