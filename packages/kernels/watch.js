// Watches over the threads of the WebAssembly device, from a thread of its own: whoever waits in C++ hears no event. When
// one ends before its time, whatever the cause, all who wait for it are let go. Plain JavaScript, in Node and in browsers.
const node = globalThis.process?.getBuiltinModule?.("node:worker_threads");
const port = node ? node.parentPort : globalThis;

/** Calls back when the thread that holds `life` is gone: a port in Node, the name of a lock in browsers. */
const onEnd = (life, gone) => {
  if (node) life.on("close", gone).ref();
  else navigator.locks.request(life, gone);
};

const receive = ({ module, memory, threads }) => {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  globalThis.watched = threads; // ports must be kept, or they are collected
  for (const { life, stackTop } of threads) {
    onEnd(life, () => {
      exports.__stack_pointer.value = stackTop; // nobody else has a use for that stack
      const at = exports.lastWords() >>> 0;
      const bytes = new Uint8Array(memory.buffer);
      const words = new TextEncoder().encode("it ended without a word");
      if (bytes[at] === 0) {
        bytes.set(words, at + 1);
        bytes[at] = words.length;
      }
      exports.abandon();
    });
  }
  port.postMessage("ready");
};

if (node) port.once("message", receive);
else globalThis.onmessage = ({ data }) => receive(data);
