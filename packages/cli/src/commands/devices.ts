// `unrolled devices`: what loads here, and why the rest does not.
import { describeDevices } from "@unrolled/kernels";
import type { Context } from "../context.js";
import { exitCodes } from "../exit.js";
import type { JsonOptions } from "../options.js";
import { styleFor } from "../terminal/style.js";

export async function devices(options: JsonOptions, { output, env }: Context): Promise<number> {
  const style = styleFor(output.isTerminal, env);
  const found = await describeDevices();
  const automatic = found.find((device) => device.available)?.name;
  for (const { name, available, detail, reason } of found) {
    if (options.json) await output.json({ type: "device", name, available, auto: name === automatic, detail, reason });
    else
      await output.write(
        `${name.padEnd(10)}${available ? style.good("yes") : "no "}  ${available ? detail : reason}\n`,
      );
  }
  if (!options.json) await output.write(`\nauto takes ${automatic ?? "none"}\n`);
  return exitCodes.done;
}
