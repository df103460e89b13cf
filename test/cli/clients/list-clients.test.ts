import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { CloudDouble, NOW } from '../doubles/cloud';

let cloud: CloudDouble;
beforeEach(() => {
  cloud = new CloudDouble();
});

const list = (...more: string[]) => cloud.bulwark('clients', 'list', ...more);
const listed = async (...more: string[]) => JSON.parse((await list('--json', ...more)).printed[0] ?? '');
const idOf = (n: number) => `client${String(n).padStart(10, '0')}`;
const day = 86_400_000;

test('tells id, state, plan, the ages of live keys and the name, and no hash', async () => {
  cloud.clients.client('abcdefgh12345678', { name: 'Acme' }, NOW - 3 * day);
  cloud.clients.client(
    'bbbbbbbb12345678',
    {
      name: 'Bolt',
      plan: 'trial',
      keys: [
        { hash: 'h0', createdAt: new Date(NOW - 20 * day).toISOString(), expiresAt: new Date(NOW - 1).toISOString() },
        { hash: 'h1', createdAt: new Date(NOW - 9 * day).toISOString(), expiresAt: new Date(NOW + day).toISOString() },
        { hash: 'h2', createdAt: new Date(NOW - 60_000).toISOString() },
      ],
    },
    NOW - 2 * day,
  );
  cloud.clients.client('cccccccc12345678', { name: 'Core\u001b[2J', status: 'revoked', usageKey: 'plan' }, NOW - day);
  expect((await list()).printed).toEqual([
    'abcdefgh12345678  active    standard    1 key: 3d 0h old  Acme',
    'bbbbbbbb12345678  active    trial       2 keys: 9d 0h old until 2026-11-23T12:00:00.000Z, 1m 0s old  Bolt',
    'cccccccc12345678  revoked   standard    1 key: 1d 0h old  Core\ufffd[2J',
  ]);
  const { clients, more } = await listed();
  expect(more).toBe(false);
  expect(clients[0]).toEqual({
    clientId: 'abcdefgh12345678',
    name: 'Acme',
    status: 'active',
    createdAt: new Date(NOW - 3 * day).toISOString(),
    plan: 'standard',
    usageKey: 'client',
    keys: [{ createdAt: new Date(NOW - 3 * day).toISOString() }],
  });
  expect(JSON.stringify(clients)).not.toMatch(/"h\d"|hash|usageIdentifierKey/);
});

test('of more clients than a page holds it tells every one once, by the index and without a scan', async () => {
  cloud.clients.pageSize = 7;
  for (let n = 0; n < 50; n++)
    cloud.clients.client(idOf(n), { status: n % 3 === 0 ? 'revoked' : 'active' }, NOW - (50 - n));
  const { clients } = await listed();
  expect(clients).toHaveLength(50);
  expect(new Set(clients.map(({ clientId }: { clientId: string }) => clientId)).size).toBe(50);
  expect(clients.findLastIndex(({ status }: { status: string }) => status === 'active')).toBe(32);
  expect(cloud.tables.commandCalls(ScanCommand)).toEqual([]);
  expect(cloud.clients.steps).toEqual(Array(8).fill('query'));
});

test('tells those of one state, of one plan, and no more than `--max`', async () => {
  for (let n = 0; n < 20; n++) {
    cloud.clients.client(
      idOf(n),
      { status: n % 2 ? 'revoked' : 'active', plan: n % 4 ? 'trial' : undefined },
      NOW - (20 - n),
    );
  }
  expect((await listed('--status', 'revoked')).clients).toHaveLength(10);
  expect((await listed('--plan', 'trial')).clients).toHaveLength(15);
  expect((await listed('--plan', 'standard', '--status', 'active')).clients).toHaveLength(5);
  expect(await listed('--max', '20')).toMatchObject({ more: false });
  expect(await listed('--max', '19')).toMatchObject({ more: true });
  expect((await list('--max', '2')).printed).toEqual([
    expect.stringContaining(idOf(0)),
    expect.stringContaining(idOf(2)),
    'There are more than 2.',
  ]);
});

test('where there is none it says so, and audits nothing', async () => {
  expect(await list()).toEqual({ code: 0, printed: ['There is none.'], errors: [] });
  expect(await listed()).toEqual({ clients: [], more: false });
  expect(cloud.audit).toEqual([]);
});

test.each([
  [['--status', 'dead'], '`--status` must be active or revoked, got: dead'],
  [['--max', '0'], '`--max` must be a whole number from 1 to 1000000, got: 0'],
  [['--plan', 'A'], '`--plan` must be the name of a plan, such as standard, got: A'],
  [['--name', 'x'], '`--name` is no option of `clients list`'],
])('%j is wrong usage', async (args, message) => {
  expect(await list(...args)).toMatchObject({ code: 2, errors: [`bulwark: ${message} (--help lists the commands)`] });
});
