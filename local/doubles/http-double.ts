import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Largest body that a double reads, in bytes. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** A double of an outside service: an HTTP server of 127.0.0.1. */
export interface HttpDouble {
  readonly url: string;
  readonly port: number;
  /** Ends it, cutting connections that are still open. */
  stop(): Promise<void>;
}

/** Answers one request; `body` is its whole body. */
export type Route = (request: IncomingMessage, response: ServerResponse, body: string) => void | Promise<void>;

/** Routes by `METHOD /path`; a path may end in `/*`. */
export type Routes = Readonly<Record<string, Route>>;

/** Starts a server with these routes on a port of 127.0.0.1, a free one unless given. */
export async function startHttpDouble(routes: Routes, port = 0): Promise<HttpDouble> {
  const server = createServer((request, response) => {
    void answer(routes, request, response);
  });
  // A client that keeps its connection must meet an open one, whatever pause it makes.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port }, resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Sends a JSON document. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** Reads a JSON document, or undefined where it is none. */
export function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** Whether a value is an object with names, and not null or a list. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

async function answer(routes: Routes, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://double');
  const route = findRoute(routes, `${request.method} ${pathname}`);
  try {
    const body = await readBody(request);
    if (body === undefined) return sendJson(response, 413, { error: 'too large' });
    if (!route) return sendJson(response, 404, { error: `no route ${request.method} ${pathname}` });
    await route(request, response, body);
  } catch (error) {
    // The client has gone away, or a route failed: either way nobody is served by a crash of the double.
    if (!response.headersSent && !response.destroyed) sendJson(response, 500, { error: String(error) });
  }
}

function findRoute(routes: Routes, wanted: string): Route | undefined {
  if (routes[wanted]) return routes[wanted];
  const prefix = Object.keys(routes).find((key) => key.endsWith('/*') && wanted.startsWith(key.slice(0, -1)));
  return prefix === undefined ? undefined : routes[prefix];
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return size > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks).toString('utf8');
}
