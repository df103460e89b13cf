import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { takeInstanceLock } from '../../local/instance-lock';

let folder: string;
let file: string;
let server: Server;
let heartbeat: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bulwark-lock-'));
  file = join(folder, 'local.lock');
  server = createServer((_request, response) => response.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  heartbeat = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

test('is refused while its holder answers, and free once given back', async () => {
  const giveBack = await takeInstanceLock(file, { pid: 42, heartbeat });
  await expect(takeInstanceLock(file, { pid: 43, heartbeat })).rejects.toThrow(
    'local: it runs already, as process 42: end that one with Ctrl-C first',
  );
  giveBack();
  (await takeInstanceLock(file, { pid: 43, heartbeat }))();
});

test.each([
  ['whose holder does not answer', JSON.stringify({ pid: 42, heartbeat: 'http://127.0.0.1:1' })],
  ['that cannot be read', '{"pid":'],
])('a lock %s is taken over', async (_name, content) => {
  writeFileSync(file, content);
  await takeInstanceLock(file, { pid: 43, heartbeat });
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ pid: 43, heartbeat });
});

test('of ten that come at once, one gets it', async () => {
  const takers = Array.from({ length: 10 }, (_, pid) => takeInstanceLock(file, { pid, heartbeat }));
  const taken = (await Promise.allSettled(takers)).filter(({ status }) => status === 'fulfilled');
  expect(taken).toHaveLength(1);
});
