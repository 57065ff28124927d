// The reference device: every kernel as naive loops in float64. It specifies what the other devices compute.
import { DeviceError } from "../../errors.js";
import { checkProgram } from "../check.js";
import type { Device, EncodedProgram, Handle, Region } from "../device.js";
import { type KernelName, kernelNames, kernels } from "../kernels.js";
import type { ReferenceKernel } from "./arguments.js";
import { attend, attendGrad, attendKeysGrad } from "./attention.js";
import { argmax, copy, fill, map, reduce, toIds } from "./elementwise.js";
import {
  gru,
  gruBefore,
  gruBeforeGrad,
  gruBeforeVariant,
  gruBeforeVariantGrad,
  gruGrad,
  gruVariant,
  gruVariantGrad,
} from "./gru.js";
import { lstm, lstmGrad } from "./lstm.js";
import { lstmVariant, lstmVariantGrad } from "./lstm-variant.js";
import { gruNorm, gruNormGrad, lstmNorm, lstmNormGrad } from "./recurrent-norm.js";
import { gemm, multiply, pack } from "./matrix.js";
import { allocate, createMemory, free, ownership } from "./memory.js";
import { layerNorm, layerNormGrad } from "./norm.js";
import { adagrad, adam, assign, rmsprop, sgd, sumSquares } from "./optimizers.js";
import { dropout, random } from "./random.js";
import { sample } from "./sample.js";
import { rnn, rnnGrad, rnnVariant, rnnVariantGrad } from "./rnn.js";
import { crossEntropy, crossEntropyGrad, gather, scatterAdd, softmax, softmaxGrad } from "./softmax.js";
import { topK, topKProduct } from "./top-k.js";

const implementations: { readonly [K in KernelName]: ReferenceKernel<K> } = {
  fill,
  copy,
  map,
  reduce,
  pack,
  multiply,
  gemm,
  softmax,
  softmaxGrad,
  crossEntropy,
  crossEntropyGrad,
  gather,
  scatterAdd,
  layerNorm,
  layerNormGrad,
  attend,
  attendGrad,
  attendKeysGrad,
  dropout,
  random,
  argmax,
  topK,
  topKProduct,
  toIds,
  sample,
  rnn,
  rnnGrad,
  lstm,
  lstmGrad,
  gru,
  gruGrad,
  gruBefore,
  gruBeforeGrad,
  rnnVariant,
  rnnVariantGrad,
  lstmVariant,
  lstmVariantGrad,
  gruVariant,
  gruVariantGrad,
  gruBeforeVariant,
  gruBeforeVariantGrad,
  lstmNorm,
  lstmNormGrad,
  gruNorm,
  gruNormGrad,
  sumSquares,
  assign,
  sgd,
  adagrad,
  rmsprop,
  adam,
};

type Call = () => void;

interface Loaded {
  readonly code: Float64Array;
  /** The calls bound to the memory they were decoded for; made anew when memory has grown since. */
  calls: readonly Call[];
  boundTo: Float64Array;
  /** Starts of the regions that its buffers lie in. */
  readonly regions: ReadonlySet<number>;
  /** True once one of them was freed. */
  stale: boolean;
}

export interface ReferenceOptions {
  /** Words (8 bytes each) that all regions together may take (default: what the process can have). */
  readonly limit?: number;
}

/** Opens a reference device: one thread, float64. */
export function openReference({ limit = Number.POSITIVE_INFINITY }: ReferenceOptions = {}): Device {
  const memory = createMemory(limit);
  const programs = new Map<Handle, Loaded>();
  let handles = 0;
  let closed = false;
  const assertOpen = (): void => {
    if (closed) throw new DeviceError("reference: the device must be open, was closed", { code: "device-closed" });
  };
  return {
    name: "reference",
    threads: 1,
    precision: "f64",
    detail: "float64 reference, 1 thread",
    resident: new WeakMap(),
    allocate(words) {
      assertOpen();
      return allocate(memory, words);
    },
    free(region) {
      free(memory, region);
      for (const program of programs.values()) if (program.regions.has(region.offset)) program.stale = true;
    },
    view(region: Region) {
      assertOpen();
      return memory.words.subarray(region.offset, region.offset + region.words);
    },
    load(program: EncodedProgram) {
      assertOpen();
      if (program.products === "bf16")
        throw new DeviceError("reference.load: products must be f32, were bf16", { code: "precision" });
      const regions = new Set<number>();
      checkProgram(program, memory.words.length, ownership(memory, regions));
      const code = program.code.slice();
      const handle = ++handles as Handle;
      const calls = decode(code, memory.words);
      programs.set(handle, { code, calls, boundTo: memory.words, regions, stale: false });
      return handle;
    },
    unload: (handle) => void programs.delete(handle),
    run(handle, times = 1) {
      assertOpen();
      const program = programs.get(handle);
      if (!program) throw new DeviceError(`reference: the program must be loaded, was handle ${handle}`);
      if (program.stale) {
        throw new DeviceError("reference.run: must find the program's regions where they were, one was freed", {
          code: "region",
        });
      }
      if (program.boundTo !== memory.words) {
        program.calls = decode(program.code, memory.words);
        program.boundTo = memory.words;
      }
      for (let i = 0; i < times; i++) for (const call of program.calls) call();
    },
    close() {
      closed = true;
      memory.words = new Float64Array(0);
      memory.used.clear();
      memory.free = [];
      programs.clear();
    },
  };
}

/** The calls of a checked program. */
function decode(code: Float64Array, words: Float64Array): readonly Call[] {
  const calls: Call[] = [];
  for (let at = 0; at < code.length; at += 2 + code[at + 1]) {
    calls.push(decodeCall(kernelNames[code[at]], code.subarray(at + 2, at + 2 + code[at + 1]), words));
  }
  return calls;
}

function decodeCall(name: KernelName, numbers: Float64Array, words: Float64Array): Call {
  const args: Record<string, number | Float64Array | null> = {};
  let next = 0;
  for (const [parameter, kind] of Object.entries(kernels[name].parameters)) {
    if (kind === "int" || kind === "float") args[parameter] = numbers[next++];
    else {
      const offset = numbers[next++];
      const length = numbers[next++];
      const absent = kind.startsWith("optional") && length === 0;
      args[parameter] = absent ? null : words.subarray(offset, offset + length);
    }
  }
  const tail = [...numbers.subarray(next)];
  const kernel = implementations[name] as (args: unknown, tail: readonly number[]) => void;
  return () => kernel(args, tail);
}
