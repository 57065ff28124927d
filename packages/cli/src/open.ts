// A model directory opened for use: the model, a device for it, and the n-gram model kept beside it.
import type { Device } from "unrolled";
import type { Context } from "./context.js";
import { type DeviceRequest, openRequested } from "./device-options.js";
import type { CellTrust } from "./cell-trust.js";
import { openModelDirectory, type UsableModel } from "./store.js";

export interface OpenModel extends UsableModel {
  readonly device: Device;
}

/** What was damaged in the directory is said to people; the model that is given is whole. */
export async function openModel(
  directory: string,
  request: DeviceRequest & CellTrust,
  { people }: Context,
): Promise<OpenModel> {
  const opening = openRequested(request); // its threads come up while the model is read
  opening.catch(() => {}); // is heard below
  let model: UsableModel;
  try {
    model = await openModelDirectory(directory, request);
  } catch (error) {
    void opening.then((device) => device.close()).catch(() => {});
    throw error;
  }
  for (const note of model.notes) await people.write(`note: ${note}\n`);
  return { ...model, device: await opening };
}
