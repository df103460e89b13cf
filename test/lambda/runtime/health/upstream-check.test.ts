import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import { connectTo, upstreamCheck } from '../../../../lambda/runtime/health/upstream-check';

const never = new AbortController().signal;
const received: Buffer[] = [];
const sockets: Socket[] = [];
let server: Server;
let port: number;

beforeAll(async () => {
  server = net.createServer((socket) => {
    sockets.push(socket);
    socket.on('data', (bytes) => received.push(bytes));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  port = (server.address() as AddressInfo).port;
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

test('a connection is enough, and no byte of a request is sent', async () => {
  const check = upstreamCheck(`http://127.0.0.1:${port}/v1`);
  expect(check).toMatchObject({ name: 'upstream', isCritical: false });
  expect(await check.run(never)).toEqual({ status: 'ok' });
  const socket = sockets.at(-1);
  await new Promise((resolve) => {
    if (socket?.closed) resolve(undefined);
    socket?.once('close', resolve);
    socket?.resume();
  });
  expect(received).toEqual([]);
});

test('a host that does not listen is an error', async () => {
  await expect(connectTo(new URL('http://127.0.0.1:9'), never)).rejects.toThrow('ECONNREFUSED');
});

test('https needs the handshake, and not just a connection', async () => {
  const deadline = new AbortController();
  const connecting = connectTo(new URL(`https://127.0.0.1:${port}`), deadline.signal);
  const isEarly = await Promise.race([connecting.then(() => true), new Promise((ok) => setTimeout(ok, 50, false))]);
  expect(isEarly).toBe(false);
  deadline.abort();
  await expect(connecting).rejects.toThrow('Aborted');
});

test.each([
  ['https://api.example.com/v1', '/v1'],
  ['http://[::1]:8080', '/'],
])('asks the host of %s', async (address, pathname) => {
  const asked: URL[] = [];
  await upstreamCheck(address, async (url) => {
    asked.push(url);
  }).run(never);
  expect(asked.map(({ href, pathname: path }) => [href.startsWith(address), path])).toEqual([[true, pathname]]);
});
