// What options choose from is written down beside them, so that no library is loaded for it: it must be what the library knows.
import { attentionNames, networkTasks, poolings } from "unrolled";
import { expect, it } from "vitest";
import { attentions, chosenPoolings, rowTasks } from "../src/choices.js";

it("names every attention, and none", () => expect(attentions).toEqual([...attentionNames, "none"]));

it("names every pooling but the one that is not chosen", () =>
  expect(chosenPoolings).toEqual(poolings.filter((name) => name !== "none")));

it("names every task of networks, and that of writers", () => expect(rowTasks).toEqual([...networkTasks, "write"]));
