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

/** Begins once `life` is held, which ends with this thread: ../watch.js sees it. A port must be kept, or it is collected. */
const begin = (data) => {
  if (node) {
    globalThis.life = data.life;
    receive(data);
  } else navigator.locks.request(data.life, () => receive(data));
};

if (node) port.once("message", begin);
else globalThis.onmessage = ({ data }) => begin(data);
