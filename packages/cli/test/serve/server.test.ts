// The server for the page trusts no request: own address only, GET only, a closed list of addresses, strict headers.
import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Asset, withAddresses } from "../../src/serve/assets.js";
import { type Listening, listen } from "../../src/serve/server.js";
import { scratch, unrolled } from "../command.js";
import { type Served, startServing } from "./browser.mjs";

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** The path goes out as it is: no client tidies it up. */
function ask(port: number, path: string, { method = "GET", headers = {} } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, method, headers, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    sent.on("error", reject).end();
  });
}

/** The bytes of a request as they are; resolves with the first line of the answer. */
function raw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    socket.setEncoding("utf8").on("data", (text: string) => {
      answer += text;
    });
    socket.on("close", () => resolve(answer.split("\r\n", 1)[0]));
    socket.on("error", reject);
  });
}

const page: Asset = { type: "text/html; charset=utf-8", read: async () => "<p>page</p>" };
const broken: Asset = {
  type: "text/plain",
  read: async () => {
    throw new Error("/secret/path");
  },
};
const assets = new Map([
  ["/", page],
  ["/broken", broken],
]);

describe("the server", () => {
  let server: Listening;
  let port: number;
  beforeAll(async () => {
    server = await listen({ assets, host: "127.0.0.1", port: 0, isolated: true });
    port = Number(new URL(server.url).port);
  });
  afterAll(() => server.close());

  it("gives what is on the list, with every header that keeps others out", async () => {
    const { status, headers, body } = await ask(port, "/?any=query");
    expect([status, body]).toEqual([200, "<p>page</p>"]);
    expect(headers).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
      "cross-origin-resource-policy": "same-origin",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    });
    expect(headers).not.toHaveProperty("access-control-allow-origin");
    const policy = new Map(
      String(headers["content-security-policy"])
        .split("; ")
        .map((rule) => [rule.split(" ", 1)[0], rule.slice(rule.indexOf(" ") + 1)]),
    );
    expect(policy.get("default-src")).toBe("'none'");
    expect(policy.get("script-src")).toBe("'self' 'wasm-unsafe-eval'");
    expect(policy.get("worker-src")).toBe("'self'");
    expect(policy.get("frame-ancestors")).toBe("'none'");
  });

  it("answers to its own names only", async () => {
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`])
      expect((await ask(port, "/", { headers: { host } })).status, host).toBe(200);
    const foreign = [
      "evil.example",
      `evil.example:${port}`,
      "localhost",
      `localhost:${port + 1}`,
      `localhost.evil.example:${port}`,
      `127.0.0.1:${port}@evil.example`,
    ];
    for (const host of foreign) expect((await ask(port, "/", { headers: { host } })).status, host).toBe(421);
    expect(await raw(port, "GET / HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1\.1 421 /);
  });

  it("answers no other page", async () => {
    for (const origin of ["http://evil.example", "null", `https://localhost:${port}`, `http://localhost:${port + 1}`]) {
      const { status, headers } = await ask(port, "/", { headers: { origin } });
      expect([origin, status]).toEqual([origin, 403]);
      expect(headers).not.toHaveProperty("access-control-allow-origin");
    }
    expect((await ask(port, "/", { headers: { origin: `http://127.0.0.1:${port}` } })).status).toBe(200);
  });

  it("takes GET only", async () => {
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"]) {
      const { status, headers } = await ask(port, "/", { method });
      expect([method, status, headers.allow]).toEqual([method, 405, "GET"]);
    }
  });

  it("says nothing of its files when one cannot be read", async () => {
    const { status, body } = await ask(port, "/broken");
    expect(status).toBe(500);
    expect(body).not.toContain("secret");
  });

  it("leaves the shared-memory headers out when told to", async () => {
    const bare = await listen({ assets, host: "127.0.0.1", port: 0, isolated: false });
    const { headers } = await ask(Number(new URL(bare.url).port), "/");
    await bare.close();
    expect(headers).not.toHaveProperty("cross-origin-opener-policy");
    expect(headers).not.toHaveProperty("cross-origin-embedder-policy");
    expect(headers).toHaveProperty("content-security-policy");
  });

  it("says when the port is taken", async () => {
    await expect(listen({ assets, host: "127.0.0.1", port, isolated: true })).rejects.toMatchObject({
      code: "port-taken",
    });
  });
});

describe("names of packages", () => {
  it("become addresses, where they are imports", () => {
    expect(withAddresses('import { a } from "unrolled";\nexport * from "@unrolled/kernels";')).toBe(
      'import { a } from "/unrolled/index.js";\nexport * from "/kernels/dist/index.js";',
    );
    const others = 'import { b } from "./unrolled.js";\nconst c = "unrolled";\nimport d from "other";';
    expect(withAddresses(others)).toBe(others);
  });
});

/** Ways that have led out of folders elsewhere, for files that every machine or this checkout has. */
function traversals(): string[] {
  const ups = ["..", "%2e%2e", "%2E%2E", ".%2e", "%252e%252e", "..%00", "....", "%c0%ae%c0%ae", "..;", "%u002e%u002e"];
  const slashes = ["/", "%2f", "%5c", "\\", "//", "%252f"];
  const bases = ["/", "/unrolled/", "/kernels/wasm/", "/studio/"];
  const targets = ["etc/passwd", "package.json"];
  return ups.flatMap((up) =>
    slashes.flatMap((slash) =>
      bases.flatMap((base) => targets.map((target) => `${base}${Array(6).fill(up).join(slash)}${slash}${target}`)),
    ),
  );
}

describe("unrolled serve", () => {
  const folder = scratch();
  let served: Served;
  let port: number;
  beforeAll(async () => {
    served = await startServing();
    port = Number(new URL(served.url).port);
  });
  afterAll(async () => {
    await served.stop();
    folder.remove();
  });

  it("gives the page and all that it needs, by their types", async () => {
    const types = {
      "/": "text/html",
      "/style.css": "text/css",
      "/studio/page.js": "text/javascript",
      "/unrolled/index.js": "text/javascript",
      "/kernels/worker.js": "text/javascript",
      "/kernels/wasm/simd-single.wasm": "application/wasm",
      "/run.json": "application/json",
      "/text": "text/plain",
    };
    for (const [path, type] of Object.entries(types)) {
      const { status, headers } = await ask(port, path);
      expect([path, status]).toEqual([path, 200]);
      expect(headers["content-type"]).toMatch(new RegExp(`^${type}(;|$)`));
    }
    expect(JSON.parse((await ask(port, "/run.json")).body)).toEqual({
      name: "lib.es5.d.ts",
      hidden: [128, 128],
      batch: 50,
      sequence: 50,
      isolated: true,
    });
  });

  it("leads nowhere else, whatever the way is written", async () => {
    const ways = [...traversals(), "/unrolled", "/package.json", "/kernels/src/wasm.ts", "/__proto__", "/constructor"];
    expect(ways.length).toBeGreaterThan(400);
    for (const way of ways) {
      const { status, body } = await ask(port, way);
      expect([way, status, body]).toEqual([way, 404, "not found\n"]);
    }
    for (const target of ["http://127.0.0.1/etc/passwd", "file:///etc/passwd", "*", "../../../etc/passwd"])
      expect(await raw(port, `GET ${target} HTTP/1.0\r\nHost: 127.0.0.1:${port}\r\n\r\n`)).toMatch(/ (400|404) /);
  });

  it("learns another text with other sizes, and refuses one that is too short before it listens", async () => {
    const text = folder.path("my text.txt");
    writeFileSync(text, "the cat sat on the mat. ".repeat(40));
    const small = ["--hidden", "16", "--layers", "1", "--batch", "4", "--sequence", "10", "--no-isolation"];
    const own = await startServing([text, ...small]);
    const { body } = await ask(Number(new URL(own.url).port), "/run.json");
    expect(JSON.parse(body)).toEqual({ name: "my text.txt", hidden: [16], batch: 4, sequence: 10, isolated: false });
    expect(await own.stop()).toBe(130);
    const short = await unrolled(["serve", text, "--port", "0"]);
    expect([short.code, short.stdout]).toEqual([2, ""]);
    expect(short.stderr).toMatch(/^unrolled: .*my text\.txt/);
    expect((await unrolled(["serve", "--host", "0.0.0.0"])).code).toBe(2);
  });

  it("says when its port is taken", async () => {
    const { code, stderr } = await unrolled(["serve", "--port", String(port)]);
    expect([code, stderr]).toEqual([
      2,
      `unrolled: serve: port must be free, ${port} is taken\nhint: choose another with --port, or any that is free with --port 0\n`,
    ]);
  });
});
