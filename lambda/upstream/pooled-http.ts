import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { TransportError, type TransportFault } from './errors';

export interface PooledHttpOptions {
  /** Most connections to one host; further calls wait for one. @default 10 */
  readonly maxSockets?: number;
  /** Milliseconds after which an idle connection is closed; below the server's own. @default 4000 */
  readonly idleMs?: number;
  /** Milliseconds that a connection, with its TLS handshake, may take. @default 3000 */
  readonly connectTimeoutMs?: number;
  /** Largest answer, in bytes. @default 4194304 */
  readonly maxResponseBytes?: number;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** @default - none */
  readonly body?: string;
  /** Milliseconds that the whole call may take, waiting for a connection included. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** A request that posts its body. */
export interface HttpCall extends Omit<HttpRequest, 'method'> {
  readonly body: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Connections that were made; one that another call left may come without a `connect` event. */
const established = new WeakSet<Socket>();

type Pool = http.Agent | https.Agent;

/** Calls over kept connections: one pool for the process. */
export class PooledHttp {
  readonly #options: Required<PooledHttpOptions>;
  readonly #pools = new Map<string, Pool>();
  readonly #idleSince = new WeakMap<object, number>();

  constructor(options: PooledHttpOptions = {}) {
    this.#options = { maxSockets: 10, idleMs: 4_000, connectTimeoutMs: 3_000, maxResponseBytes: 4_194_304, ...options };
  }

  /** @throws TransportError where there is no whole answer; any status is an answer. */
  post(call: HttpCall): Promise<HttpAnswer> {
    return this.send({ ...call, method: 'POST' });
  }

  /** @throws TransportError as `post` does. */
  send(call: HttpRequest): Promise<HttpAnswer> {
    const url = new URL(call.url);
    const pool = this.#poolFor(url.protocol);
    this.#closeStale(pool);
    const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
    const exchange = new Exchange(call, this.#options, resolve, reject);
    const request = url.protocol === 'https:' ? https.request : http.request;
    exchange.start(
      request(url, {
        method: call.method,
        agent: pool,
        headers: {
          ...call.headers,
          ...(call.body !== undefined && { 'content-length': String(Buffer.byteLength(call.body)) }),
        },
      }),
    );
    return promise;
  }

  /** Closes all idle connections. */
  destroy(): void {
    for (const pool of this.#pools.values()) pool.destroy();
  }

  #poolFor(protocol: string): Pool {
    const known = this.#pools.get(protocol);
    if (known) return known;
    const { maxSockets, idleMs } = this.#options;
    const Agent = protocol === 'https:' ? https.Agent : http.Agent;
    // The agent's `timeout` closes idle connections; busy ones are bounded by the call's own timers.
    const pool = new Agent({ keepAlive: true, maxSockets, scheduling: 'lifo', timeout: idleMs });
    pool.on('free', (socket: Socket) => this.#idleSince.set(socket, Date.now()));
    this.#pools.set(protocol, pool);
    return pool;
  }

  /** Between invocations the process is frozen and its timers with it, while the server's clock runs on. */
  #closeStale(pool: Pool): void {
    const oldest = Date.now() - this.#options.idleMs;
    for (const socket of Object.values(pool.freeSockets).flatMap((sockets) => sockets ?? [])) {
      if ((this.#idleSince.get(socket) ?? 0) <= oldest) socket.destroy();
    }
  }
}

/** One request and its answer: settles once, and leaves no timer or listener behind. */
class Exchange {
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #chunks: Buffer[] = [];
  #received = 0;
  #connecting = true;
  #firstByteArrived = false;
  #request: http.ClientRequest | undefined;

  constructor(
    readonly call: HttpRequest,
    readonly options: Required<PooledHttpOptions>,
    readonly resolve: (answer: HttpAnswer) => void,
    readonly reject: (error: TransportError) => void,
  ) {}

  start(request: http.ClientRequest): void {
    const { signal, timeoutMs, body } = this.call;
    this.#request = request;
    request.on('error', (error) => this.#fail(this.#connecting ? 'connect' : 'reset', error));
    if (signal?.aborted) {
      this.#onAbort();
      return;
    }
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#timers.push(setTimeout(() => this.#fail('timeout'), timeoutMs));
    request.on('socket', (socket) => this.#watchConnection(socket));
    request.on('response', (response) => this.#read(response));
    request.end(body);
  }

  readonly #onAbort = () => this.#fail('aborted', this.call.signal?.reason);

  #watchConnection(socket: Socket): void {
    const connected = () => {
      this.#connecting = false;
      established.add(socket);
      clearTimeout(timer);
    };
    const timer = setTimeout(() => this.#fail('connect'), this.options.connectTimeoutMs);
    this.#timers.push(timer);
    if (established.has(socket)) connected();
    else socket.once('encrypted' in socket ? 'secureConnect' : 'connect', connected);
  }

  #read(response: http.IncomingMessage): void {
    this.#firstByteArrived = true;
    response.on('data', (chunk: Buffer) => {
      this.#received += chunk.length;
      if (this.#received > this.options.maxResponseBytes) return this.#fail('too-large');
      this.#chunks.push(chunk);
    });
    response.on('error', (error) => this.#fail('reset', error));
    response.on('end', () => {
      if (!response.complete) return this.#fail('reset');
      this.#release();
      this.resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: Buffer.concat(this.#chunks),
      });
    });
  }

  #fail(fault: TransportFault, cause?: unknown): void {
    this.#release();
    this.reject(new TransportError(fault, this.#firstByteArrived, cause));
    this.#request?.destroy();
  }

  #release(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.call.signal?.removeEventListener('abort', this.#onAbort);
  }
}
