// One thread of the WebAssembly device: takes module, memory and stack, then works until the device closes. Plain
// JavaScript, the same file in Node and in browsers.
const node = globalThis.process?.getBuiltinModule?.("node:worker_threads");
const port = node ? node.parentPort : globalThis;

const receive = ({ module, memory, rank, stackTop }) => {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  exports.__stack_pointer.value = stackTop;
  port.postMessage("ready");
  try {
    exports.work(rank);
  } catch (error) {
    // The thread that called `run` is waiting and hears no message: leave the words in memory, length first.
    const words = new TextEncoder().encode(String(error)).slice(0, 200);
    const at = exports.lastWords() >>> 0;
    new Uint8Array(memory.buffer).set(words, at + 1);
    new Uint8Array(memory.buffer)[at] = words.length;
    exports.abandon();
  }
};

if (node) port.once("message", receive);
else globalThis.onmessage = ({ data }) => receive(data);
