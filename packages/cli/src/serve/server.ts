// A small server for one page on this machine. Other sites that the reader's browser has open are not trusted: they can
// reach loopback addresses too, by name (DNS rebinding) or by address.
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { UsageError } from "../exit.js";
import type { LoopbackHost } from "../options.js";
import type { Asset, Assets } from "./assets.js";

export interface ServerOptions {
  readonly assets: Assets;
  readonly host: LoopbackHost;
  /** 0: any that is free. */
  readonly port: number;
  /** Sends the headers that allow the page shared memory. */
  readonly isolated: boolean;
}

export interface Listening {
  readonly url: string;
  readonly close: () => Promise<void>;
}

const policy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const always: OutgoingHttpHeaders = {
  "Content-Security-Policy": policy,
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-store",
};

const isolating: OutgoingHttpHeaders = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** Begins to listen. Throws UsageError `port-taken` where another program does already. */
export async function listen({ assets, host, port, isolated }: ServerOptions): Promise<Listening> {
  const server = createServer({ maxHeaderSize: 8192, headersTimeout: 5000, requestTimeout: 10_000 });
  server.maxConnections = 64;
  await bind(server, host, port);
  const bound = (server.address() as AddressInfo).port;
  // A browser leaves the port out where it is that of http.
  const names = ["127.0.0.1", "[::1]", "localhost"].flatMap((name) => [
    `${name}:${bound}`,
    ...(bound === 80 ? [name] : []),
  ]);
  const headers = isolated ? { ...always, ...isolating } : always;
  server.on("request", (request, response) => {
    const reply = answer(request, assets, new Set(names));
    void send(response, reply, headers);
  });
  return {
    url: `http://${host === "::1" ? "[::1]" : host}:${bound}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function bind(server: Server, host: LoopbackHost, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "EADDRINUSE"
          ? new UsageError(`serve: port must be free, ${port} is taken`, {
              code: "port-taken",
              hint: "choose another with --port, or any that is free with --port 0",
            })
          : error,
      ),
    );
    server.listen(port, host, resolve);
  });
}

interface Refusal {
  readonly status: 403 | 404 | 405 | 421;
  readonly words: string;
}

function answer(
  { method, headers, url = "" }: IncomingMessage,
  assets: Assets,
  names: ReadonlySet<string>,
): Asset | Refusal {
  if (!names.has(headers.host ?? "")) return { status: 421, words: "this server answers to its own address only" };
  if (headers.origin !== undefined && !names.has(headers.origin.replace(/^http:\/\//, "")))
    return { status: 403, words: "other pages have no access" };
  if (method !== "GET") return { status: 405, words: "only GET" };
  return assets.get(url.split("?", 1)[0]) ?? { status: 404, words: "not found" };
}

async function send(response: ServerResponse, reply: Asset | Refusal, headers: OutgoingHttpHeaders): Promise<void> {
  const plain = { ...headers, "Content-Type": "text/plain; charset=utf-8" };
  if ("status" in reply) {
    response.writeHead(reply.status, reply.status === 405 ? { ...plain, Allow: "GET" } : plain).end(`${reply.words}\n`);
    return;
  }
  try {
    const body = await reply.read();
    response.writeHead(200, { ...headers, "Content-Type": reply.type }).end(body);
  } catch {
    response.writeHead(500, plain).end("a file cannot be read: build the project again\n");
  }
}
