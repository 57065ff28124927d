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
    const crew = startWorkers(1);
    await crew.begin(module, memory, [{ rank: 1, stackTop: 0 }]);
    const fill = 0, meet = 2;
    new Float64Array(memory.buffer, heap).set([fill, meet, 4, 1024, 4096, 4096, 1]);
    const answers = [exports.run(heap, 1, 1, 0), exports.run(heap, 1, 1, 0)];
    const at = exports.lastWords() >>> 0;
    const bytes = new Uint8Array(memory.buffer);
    console.log(answers.join(), new TextDecoder().decode(bytes.slice(at + 1, at + 1 + bytes[at])));
    crew.stop();`;
  const child = spawnSync(process.execPath, ["--input-type=module", "-e", text], { encoding: "utf8", timeout: 30_000 });
  expect(child.stdout + child.stderr).toMatch(/^0,0 RuntimeError: memory access out of bounds/);
});

it("is no concern of a device that does not open: its workers, already started, end with it", () => {
  const child = run(`
    import { openWasm } from "${root}dist/index.js";
    await openWasm({ threads: 3, base: new URL("file:///nowhere/") }).catch(({ code }) => console.log(code));`);
  expect(child.stdout + child.stderr).toBe("absent\n");
  expect(child.signal).toBeNull();
});

/** A child with two compute threads, of which it can end one; prints what comes of it. */
const dying = (body: string): string => `
  import { Worker } from "node:worker_threads";
  import { openWasm } from "${root}dist/index.js";
  import { characters, languageModel, train } from "${root}../unrolled/dist/index.js";
  const workers = [];
  const send = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (message, ports) {
    if (message.rank) workers.push(this);
    return send.call(this, message, ports);
  };
  const corpus = characters("the cat sat on the mat. ".repeat(200));
  async function learn(device, onStep) {
    const model = languageModel({ vocabulary: corpus.vocabulary, hidden: [64] });
    const events = train({ model, corpus, device, batch: 8, sequence: 16, maxSteps: 1e6 });
    for await (const event of events) if (event.type === "step") onStep(event.step);
  }
  ${body}`;

const run = (text: string) =>
  spawnSync(process.execPath, ["--input-type=module", "-e", text], { encoding: "utf8", timeout: 40_000 });

it("is noticed within two seconds when a thread is ended from outside, at any moment; the process ends by itself", () => {
  const child = run(
    dying(`
    let longest = 0;
    for (let time = 0; time < 25; time++) {
      const device = await openWasm({ threads: 3 });
      let ended = 0;
      const failure = await learn(device, (step) => {
        if (step !== 1 + 3 * time) return;
        ended = performance.now();
        workers.at(time % 2 === 0 ? -1 : -2).terminate();
      }).catch((error) => error);
      longest = Math.max(longest, performance.now() - ended);
      if (failure.name !== "DeviceError" || failure.code !== "thread") throw failure;
      if (!failure.message.includes("all threads must live, one died: it ended without a word")) throw failure;
      device.close();
    }
    console.log(longest < 2000 ? "noticed" : "late: " + longest);`),
  );
  expect(child.stderr).toBe("");
  expect([child.stdout, child.status]).toEqual(["noticed\n", 0]);
});

it("closing a device is no death: others go on, and nothing is said", () => {
  const child = run(
    dying(`
    const kept = await openWasm({ threads: 2 });
    for (let time = 0; time < 10; time++) (await openWasm({ threads: 2 })).close();
    await learn(kept, (step) => {
      if (step === 200) throw new Error("enough");
    }).catch((error) => console.log(error.message));
    kept.close();`),
  );
  expect([child.stdout, child.stderr, child.status]).toEqual(["enough\n", "", 0]);
});
