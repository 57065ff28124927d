// Output, endings and signals: what the process says and how it stops.
import { CheckpointError, DataError, NumericError } from "unrolled";
import { describe, expect, it } from "vitest";
import { explain, oneLine, UsageError } from "../src/exit.js";
import { openOutput, type Writable } from "../src/output.js";
import { listenForStop } from "../src/signals.js";

type Done = (error?: Error | null) => void;

function slowStream() {
  const waiting: { readonly text: string; readonly done: Done }[] = [];
  const stream: Writable = { on: () => undefined, write: (text, done) => waiting.push({ text, done }) };
  return { stream, waiting };
}
const turn = () => new Promise(setImmediate);

describe("output", () => {
  it("hands over one text at a time, so that a line is never cut by another", async () => {
    const { stream, waiting } = slowStream();
    const output = openOutput(stream);
    void output.json({ a: 1 });
    const second = output.json({ b: "\n" });
    await turn();
    expect(waiting.map(({ text }) => text)).toEqual(['{"a":1}\n']);
    waiting[0].done();
    await turn();
    expect(waiting[1].text).toBe('{"b":"\\n"}\n');
    waiting[1].done();
    await second;
  });

  it("stops writing when the reader goes, tells who listens, and is no failure", async () => {
    const { stream, waiting } = slowStream();
    const output = openOutput(stream);
    let told = 0;
    output.onClose(() => told++);
    void output.write("a");
    const later = output.write("b");
    await turn();
    waiting[0].done(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    await later;
    expect([waiting.length, told, output.closed, output.failure]).toEqual([1, 1, true, undefined]);
  });

  it("keeps any other failure", async () => {
    const { stream, waiting } = slowStream();
    const output = openOutput(stream);
    const full = Object.assign(new Error("no space"), { code: "ENOSPC", syscall: "write" });
    void output.write("a");
    await turn();
    waiting[0].done(full);
    await turn();
    expect(output.failure).toBe(full);
  });

  it("does not wait for ever for a reader that does not read", async () => {
    const { stream } = slowStream();
    const output = openOutput(stream);
    void output.write("a");
    await output.flush(10);
  });
});

describe("explain", () => {
  const system = (code: string, path?: string) =>
    Object.assign(new Error(`${code}: x`), { code, syscall: "open", path });
  it("tells wrong input from a run that failed", () => {
    expect(explain(new UsageError("--lr: must be")).exitCode).toBe(2);
    expect(explain(new DataError("f: must be", { code: "empty-text" })).exitCode).toBe(2);
    expect(explain(new CheckpointError("f: must be", { code: "tensor-checksum" })).exitCode).toBe(2);
    expect(explain(new CheckpointError("f: must be", { code: "disk-full" })).exitCode).toBe(1);
    expect(explain(new NumericError("step 3: must be finite")).exitCode).toBe(1);
  });
  it("explains what the operating system says", () => {
    expect(explain(system("ENOENT", "a.txt"))).toEqual({
      code: "system-enoent",
      message: "a.txt: no such file or directory",
      hint: "check the spelling and the current directory",
      exitCode: 2,
    });
    expect(explain(system("ENOSPC")).exitCode).toBe(1);
  });
  it("says so when the fault is ours", () =>
    expect(explain(new TypeError("x is undefined"))).toMatchObject({ code: "internal", exitCode: 1 }));
  it("keeps every message on one line and harmless", () => {
    expect(oneLine("a\nunrolled: done\u001b[2J\u009b")).toBe("a\\nunrolled: done\\x1b[2J\\x9b");
    expect(explain(new UsageError("a\nb", { hint: "c\nd" }))).toMatchObject({ message: "a\\nb", hint: "c\\nd" });
  });
});

describe("stop", () => {
  it("asks first, and ends at the second signal", async () => {
    const codes: number[] = [];
    const asked: string[] = [];
    const stop = listenForStop({ onAsk: (signal) => void asked.push(signal), exit: (code) => void codes.push(code) });
    try {
      process.emit("SIGINT", "SIGINT");
      expect([stop.requested, stop.exitCode, asked, codes]).toEqual([true, 130, ["SIGINT"], []]);
      process.emit("SIGTERM", "SIGTERM");
      expect(codes).toEqual([143]);
      expect(stop.exitCode).toBe(130);
      await stop.asked;
    } finally {
      stop.release();
    }
    expect(process.listenerCount("SIGHUP")).toBe(0);
  });

  it("knows a run that ended by itself from one that was told to", () => {
    const stop = listenForStop({});
    stop.request(undefined);
    expect([stop.requested, stop.exitCode]).toEqual([true, undefined]);
    stop.release();
  });
});
