// A thread that dies in its work must never leave the caller waiting. Runs in a child: a failure would hang this process.
import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";

const root = new URL("..", import.meta.url).href;

it("is noticed: run answers 0 and the thread's last words are there", () => {
  const text = `
    import { readFileSync } from "node:fs";
    import { startWorkers } from "${root}dist/workers.js";
    const module = await WebAssembly.compile(readFileSync(new URL("${root}wasm/simd-threads.wasm")));
    const memory = new WebAssembly.Memory({ initial: 64, maximum: 1024, shared: true });
    const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
    const heap = exports.open(2, 1, 1) >>> 0;
    // A stack of no size: the first frame of the thread lies outside memory.
    const stop = await startWorkers(module, memory, [{ rank: 1, stackTop: 0 }]);
    const fill = 0, meet = 2;
    new Float64Array(memory.buffer, heap).set([fill, meet, 4, 1024, 4096, 4096, 1]);
    const answers = [exports.run(heap, 1, 1, 0), exports.run(heap, 1, 1, 0)];
    const at = exports.lastWords() >>> 0;
    const bytes = new Uint8Array(memory.buffer);
    console.log(answers.join(), new TextDecoder().decode(bytes.slice(at + 1, at + 1 + bytes[at])));
    stop();`;
  const child = spawnSync(process.execPath, ["--input-type=module", "-e", text], { encoding: "utf8", timeout: 30_000 });
  expect(child.stdout + child.stderr).toMatch(/^0,0 RuntimeError: memory access out of bounds/);
});
