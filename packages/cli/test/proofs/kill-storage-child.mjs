// Saves checkpoints into a directory until it is killed; acknowledges each on stdout. Arguments: modules, directory, elements.
import { existsSync, writeSync } from "node:fs";
import { join } from "node:path";

const [storagePath, checkpointsPath, folder, elements] = process.argv.slice(2);
const { createModelDirectory, resumeModelDirectory } = await import(storagePath);
const { checkpointAt } = await import(checkpointsPath);

function open() {
  const begun = ["training.safetensors", "training.previous.safetensors"].some((name) =>
    existsSync(join(folder, name)),
  );
  if (!begun) return { directory: createModelDirectory(folder), step: -1 };
  const { directory, checkpoint } = resumeModelDirectory(folder);
  return { directory, step: checkpoint.step };
}

const warm = checkpointAt(0, Number(elements));
writeSync(1, "ready\n");
const { directory, step } = open();
for (let next = step + 1; ; next++) {
  if (next > 0) directory.appendMetrics(`{"type":"step","step":${next}}`);
  directory.save(next === 0 ? warm : checkpointAt(next, Number(elements)));
  writeSync(1, `saved ${next}\n`);
}
