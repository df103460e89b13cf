import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { TransportError } from '../../../lambda/upstream/errors';
import { type HttpCall, PooledHttp, type PooledHttpOptions } from '../../../lambda/upstream/pooled-http';
import { type LocalServer, startLocalServer } from '../doubles/local-server';

let server: LocalServer;
let pool: PooledHttp;
const post = (overrides: Partial<HttpCall> = {}) =>
  pool.post({ url: `${server.url}/v1/messages`, headers: {}, body: '{}', timeoutMs: 2_000, ...overrides });
const failure = (overrides: Partial<HttpCall> = {}) =>
  post(overrides).then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => error,
  ) as Promise<TransportError>;
const usePool = (options: PooledHttpOptions) => {
  pool.destroy();
  pool = new PooledHttp(options);
};

beforeEach(async () => {
  server = await startLocalServer();
  pool = new PooledHttp();
});
afterEach(async () => {
  pool.destroy();
  await server.close();
});

test('sends method, path, headers and body, and answers any status', async () => {
  server.behave((response) => response.writeHead(418, { 'x-kind': 'teapot' }).end('caf\u00e9'));
  const answer = await post({ headers: { 'x-api-key': 'k' }, body: 'h\u00e9' });
  const { request, body } = server.received[0] ?? {};
  expect({ method: request?.method, url: request?.url, body }).toEqual({
    method: 'POST',
    url: '/v1/messages',
    body: 'h\u00e9',
  });
  expect(request?.headers).toMatchObject({ 'x-api-key': 'k', 'content-length': '3' });
  expect(answer).toMatchObject({ status: 418, headers: { 'x-kind': 'teapot' } });
  expect(answer.body.toString()).toBe('caf\u00e9');
});

test('keeps its connection for the next call', async () => {
  for (let call = 0; call < 5; call += 1) await post();
  expect(server.received).toHaveLength(5);
  expect(server.connections()).toBe(1);
});

test('opens no more connections than it may', async () => {
  usePool({ maxSockets: 2 });
  server.behave((response) => setTimeout(() => response.end(), 20));
  await Promise.all(Array.from({ length: 8 }, () => post()));
  expect(server.connections()).toBe(2);
});

test('a call that waits for the connection of another is not cut by the time for connecting', async () => {
  usePool({ maxSockets: 1, connectTimeoutMs: 50 });
  server.behave((response) => setTimeout(() => response.end(), 120));
  const answers = await Promise.all([post(), post(), post()]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(server.connections()).toBe(1);
});

test('closes an idle connection before the server does', async () => {
  usePool({ idleMs: 50 });
  await post();
  await wait(150);
  expect(server.sockets.size).toBe(0);
});

test('does not reuse a connection that was idle while the process was frozen', async () => {
  usePool({ idleMs: 50 });
  await post();
  const until = Date.now() + 120;
  while (Date.now() < until) {
    // A frozen process runs no timers, and neither does a busy one.
  }
  await post();
  expect(server.connections()).toBe(2);
});

test('a call that takes too long fails, and its connection is not used again', async () => {
  server.behave(() => undefined);
  const started = Date.now();
  expect(await failure({ timeoutMs: 80 })).toMatchObject({ fault: 'timeout', firstByteArrived: false });
  expect(Date.now() - started).toBeLessThan(1_000);
  server.behave((response) => response.end());
  await post();
  expect(server.connections()).toBe(2);
});

test('an answer that drips past the time allowed fails, its first byte arrived', async () => {
  server.behave((response) => response.writeHead(200).write('{'));
  expect(await failure({ timeoutMs: 80 })).toMatchObject({ fault: 'timeout', firstByteArrived: true });
});

test('a connection that is reset before the answer', async () => {
  server.behave((response) => response.socket?.resetAndDestroy());
  expect(await failure()).toMatchObject({ fault: 'reset', firstByteArrived: false, code: 'ECONNRESET' });
});

test.each(['resetAndDestroy', 'destroy'] as const)('a connection that ends inside the answer (%s)', async (how) => {
  server.behave((response) => {
    response.writeHead(200, { 'content-length': '100' }).write('{"half":');
    setTimeout(() => response.socket?.[how](), 20);
  });
  expect(await failure()).toMatchObject({ fault: 'reset', firstByteArrived: true });
});

test('nobody listens', async () => {
  const { url } = server;
  await server.close();
  expect(await failure({ url })).toMatchObject({ fault: 'connect', firstByteArrived: false, code: 'ECONNREFUSED' });
  server = await startLocalServer();
});

test('a TLS handshake that never ends fails by the time for connecting', async () => {
  usePool({ connectTimeoutMs: 60 });
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const url = `https://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
  expect(await failure({ url })).toMatchObject({ fault: 'connect', firstByteArrived: false });
  silent.close();
});

test('an answer larger than allowed is not read to its end', async () => {
  usePool({ maxResponseBytes: 1_000 });
  let written = 0;
  server.behave((response) => {
    const write = () => {
      written += 1_000;
      if (!response.destroyed && written < 10_000_000) response.write('x'.repeat(1_000), () => setImmediate(write));
    };
    write();
  });
  expect(await failure()).toMatchObject({ fault: 'too-large', firstByteArrived: true });
  await wait(50);
  expect(written).toBeLessThan(5_000_000);
});

test('an abort rejects at once, and an aborted signal sends nothing', async () => {
  server.behave(() => undefined);
  const controller = new AbortController();
  const call = failure({ signal: controller.signal });
  await wait(30);
  controller.abort(new Error('the function ends'));
  expect(await call).toMatchObject({
    fault: 'aborted',
    cause: expect.objectContaining({ message: 'the function ends' }),
  });
  const before = server.received.length;
  expect(await failure({ signal: AbortSignal.abort() })).toMatchObject({ fault: 'aborted' });
  await wait(30);
  expect(server.received).toHaveLength(before);
});

test('every failure is a TransportError without headers or body in its text', async () => {
  server.behave((response) => response.socket?.destroy());
  const error = await failure({ headers: { 'x-api-key': 'sk-secret' }, body: 'prompt' });
  expect(error).toBeInstanceOf(TransportError);
  expect(`${error.stack} ${JSON.stringify(error)}`).not.toMatch(/sk-secret|prompt/);
});
