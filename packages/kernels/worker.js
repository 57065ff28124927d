// One thread of the WebAssembly device: takes module, memory and stack, then works until the device closes. Plain
// JavaScript, the same file in Node and in browsers.
const node = globalThis.process?.getBuiltinModule?.("node:worker_threads");
const port = node ? node.parentPort : globalThis;

const receive = ({ module, memory, rank, stackTop }) => {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  exports.__stack_pointer.value = stackTop;
  port.postMessage("ready");
  exports.work(rank);
};

if (node) port.once("message", receive);
else globalThis.onmessage = ({ data }) => receive(data);
