// Recorded settings as the library's optimizers.
import { adagrad, adam, adamw, type OptimizerSpec, rmsprop, sgd } from "unrolled";
import type { OptimizerSettings } from "./settings.js";

export function optimizerSpec(
  { name, rate, momentum, weightDecay }: OptimizerSettings,
  decayAll: boolean,
): OptimizerSpec {
  switch (name) {
    case "sgd":
      return sgd({ rate, ...(momentum === undefined ? {} : { momentum }) });
    case "adagrad":
      return adagrad({ rate });
    case "rmsprop":
      return rmsprop({ rate });
    case "adam":
      return adam({ rate });
    case "adamw":
      return adamw({
        rate,
        decayed: decayAll ? "all" : "matrices",
        ...(weightDecay === undefined ? {} : { decay: weightDecay }),
      });
    default:
      return name satisfies never;
  }
}
