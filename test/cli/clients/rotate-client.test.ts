import { PutCommand } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { hashClientKey, parseClientKey } from '../../../lib/contract/client-keys';
import { type ClientKeyRow, isLiveKey } from '../../../lib/contract/client-rows';
import { CloudDouble, NOW } from '../doubles/cloud';
import { deployment } from '../doubles/deployment';

const CLIENT = 'abcdefgh12345678';
const day = 86_400_000;
const isoTime = (ms: number) => new Date(ms).toISOString();

let cloud: CloudDouble;
beforeEach(() => {
  cloud = new CloudDouble();
  cloud.clients.client(CLIENT, { keys: [first] });
});

const first: ClientKeyRow = { hash: 'h1', createdAt: isoTime(NOW - 30 * day) };
const rotate = (...more: string[]) => cloud.bulwark('clients', 'rotate', '--client', CLIENT, ...more);
const keys = () => cloud.clients.rows.get(CLIENT)?.keys ?? [];
const refused = (message: string) => ({ code: 1, printed: [], errors: [`bulwark: ${message}`] });

test('makes a second key, shown once, and lets the old one live on for a week', async () => {
  const { code, printed, errors } = await rotate('--reason', 'yearly');
  expect({ code, errors }).toEqual({ code: 0, errors: [] });
  const until = isoTime(NOW + 7 * day);
  expect(printed).toEqual([
    `A new key of client ${CLIENT}, which is shown only this once. The old one works until ${until}.`,
    expect.stringMatching(/^bwk_dev_/),
  ]);
  expect(parseClientKey(printed[1] ?? '')).toEqual({ environment: 'dev', clientId: CLIENT });
  expect(keys()).toEqual([
    { ...first, expiresAt: until },
    { hash: hashClientKey(printed[1] ?? ''), createdAt: isoTime(NOW) },
  ]);
  expect(cloud.audit.map(({ what, on, reason, result }) => [what, on, reason, result])).toEqual([
    ['clients.rotate', CLIENT, 'yearly', 'begun'],
    ['clients.rotate', CLIENT, 'yearly', `made a key; the old key lives until ${until}`],
  ]);
  expect(JSON.stringify(cloud.audit)).not.toContain(printed[1]?.slice(-40));
});

test('the usage key stays: the quota is that of the client and not of its keys', async () => {
  const before = cloud.clients.rows.get(CLIENT)?.usageIdentifierKey;
  await rotate();
  expect(cloud.clients.rows.get(CLIENT)?.usageIdentifierKey).toBe(before);
  expect(cloud.clients.gateway.calls()).toEqual([]);
});

test('the overlap is what `--overlap` says', async () => {
  const { printed } = await rotate('--overlap', '90m', '--json');
  expect(JSON.parse(printed[0] ?? '')).toEqual({
    clientId: CLIENT,
    key: expect.stringMatching(/^bwk_dev_/),
    liveKeys: [{ createdAt: first.createdAt, expiresAt: isoTime(NOW + 90 * 60_000) }, { createdAt: isoTime(NOW) }],
    effectiveWithinSeconds: 60,
  });
});

describe('with two live keys', () => {
  let second: string;
  beforeEach(async () => {
    second = (await rotate()).printed[1] ?? '';
    cloud.nowMs += day;
  });

  test('another rotation is refused, and says what to do next', async () => {
    const before = keys();
    expect(await rotate()).toEqual(
      refused(
        `client ${CLIENT} has two live keys already, the older until ${isoTime(NOW + 7 * day)}: wait for that, end one with --end old or --end new, or both with --now`,
      ),
    );
    expect(keys()).toEqual(before);
    expect(cloud.audit.at(-1)?.result).toMatch(/^refused: client .* has two live keys already/);
  });

  test('`--now` ends both for a new one', async () => {
    const { printed } = await rotate('--now');
    expect(printed[0]).toBe(
      `A new key of client ${CLIENT}, which is shown only this once. The old one is refused within 60 s.`,
    );
    expect(keys().map(({ hash }) => hash)).toEqual([hashClientKey(printed[1] ?? '')]);
  });

  test('`--end old` ends the old one before its time and makes none', async () => {
    expect((await rotate('--end', 'old')).printed).toEqual([
      `The old key of client ${CLIENT} is refused within 60 s; its other key lives on.`,
    ]);
    expect(keys()).toEqual([{ hash: hashClientKey(second), createdAt: isoTime(NOW) }]);
    expect(cloud.audit.at(-1)?.result).toBe('ended the old key');
  });

  test('`--end new` takes the rotation back: the old one no longer expires', async () => {
    expect(JSON.parse((await rotate('--end', 'new', '--json')).printed[0] ?? '')).toEqual({
      clientId: CLIENT,
      liveKeys: [{ createdAt: first.createdAt }],
      effectiveWithinSeconds: 60,
    });
    expect(keys()).toEqual([first]);
  });

  test('after the overlap the old one is out of the way, before anybody has swept it', async () => {
    cloud.nowMs = NOW + 7 * day;
    const { code, printed } = await rotate();
    expect(code).toBe(0);
    expect(keys().map(({ hash }) => hash)).toEqual([hashClientKey(second), hashClientKey(printed[1] ?? '')]);
    expect(await rotate('--end', 'old')).toMatchObject({ code: 0 });
  });
});

test('`--end` with one live key ends none', async () => {
  for (const which of ['old', 'new']) {
    expect(await rotate('--end', which)).toEqual(
      refused(`client ${CLIENT} has 1 live key, not two: rotate it, or revoke the client`),
    );
  }
  expect(keys()).toEqual([first]);
});

test('`--now` with one live key ends it', async () => {
  await rotate('--now');
  expect(keys()).toHaveLength(1);
  expect(keys()).not.toContainEqual(first);
});

test('a client that is revoked or not there gets no key', async () => {
  expect(await cloud.bulwark('clients', 'rotate', '--client', 'b'.repeat(16))).toEqual(
    refused('there is no client bbbbbbbbbbbbbbbb in dev'),
  );
  cloud.clients.client(CLIENT, { status: 'revoked', keys: [first] });
  expect(await rotate()).toEqual(refused(`client ${CLIENT} is revoked for good`));
  expect(keys()).toEqual([first]);
});

test.each([
  [
    'rotated',
    {
      keys: [
        { ...first, expiresAt: isoTime(NOW + day) },
        { hash: 'h2', createdAt: isoTime(NOW) },
      ],
    },
  ],
  ['revoked', { status: 'revoked' as const }],
])('a client that somebody else has %s meanwhile is left as that one made it', async (_, others) => {
  cloud.clients.beforeStep = (step) => {
    const row = cloud.clients.rows.get(CLIENT);
    if (step === 'update row' && row) cloud.clients.rows.set(CLIENT, { ...row, ...others });
  };
  expect(await rotate()).toEqual(refused(`client ${CLIENT} changed under this command: look, and try again`));
  expect(cloud.clients.rows.get(CLIENT)).toMatchObject(others);
});

test('killed after the write, the old key lives on, and `--end new` takes the key back that nobody has', async () => {
  cloud.clients.afterStep = (step) => {
    cloud.clients.isDead = step === 'update row';
  };
  expect((await rotate()).printed).toEqual([]);
  cloud.clients.isDead = false;
  expect(keys().filter((key) => isLiveKey(key, NOW))).toHaveLength(2);
  cloud.clients.afterStep = () => undefined;
  await rotate('--end', 'new');
  expect(keys()).toEqual([first]);
});

test('a key is shown although the audit of the rotation cannot be completed', async () => {
  cloud.tables.on(PutCommand, { TableName: deployment.auditTable }).resolvesOnce({}).rejects(new Error('throttled'));
  const { code, printed } = await rotate();
  expect([code, printed.at(-1)]).toEqual([1, expect.stringMatching(/^bwk_dev_/)]);
});

test('however operators rotate, a client has one or two live keys, and the last one shown is among them', async () => {
  const step = fc.record({
    args: fc.constantFrom([], ['--now'], ['--overlap', '1h'], ['--overlap', '90d'], ['--end', 'old'], ['--end', 'new']),
    waits: fc.integer({ min: 0, max: 10 * day }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      cloud.clients.rows.delete(CLIENT);
      cloud.clients.client(CLIENT, { keys: [first] });
      let newest = first.hash;
      for (const { args, waits } of steps) {
        cloud.nowMs += waits;
        const before = keys().filter((key) => isLiveKey(key, cloud.nowMs));
        const { code, printed } = await rotate(...args);
        const live = keys().filter((key) => isLiveKey(key, cloud.nowMs));
        if (code === 0) newest = args[0] === '--end' ? (live[0]?.hash ?? '') : hashClientKey(printed[1] ?? '');
        else expect(live).toEqual(before);
        expect([1, 2]).toContain(live.length);
        expect(live.at(-1)?.hash).toBe(newest);
        expect(live.at(-1)).not.toHaveProperty('expiresAt');
      }
    }),
    { numRuns: 60 },
  );
});

test.each([
  [['--overlap', '91d'], '`--overlap` must be at most 90d, got: 91d'],
  [['--overlap', '0d'], '`--overlap` must be like 30d, 12h or 90m, got: 0d'],
  [['--overlap', 'week'], '`--overlap` must be like 30d, 12h or 90m, got: week'],
  [['--now', '--overlap', '1d'], '`--now` leaves no overlap: say one of `--now` and `--overlap`'],
  [['--end', 'old', '--now'], '`--end` makes no key: it goes with neither `--now` nor `--overlap`'],
  [['--end', 'old', '--overlap', '1d'], '`--end` makes no key: it goes with neither `--now` nor `--overlap`'],
  [['--end', 'both'], '`--end` must be old or new, got: both'],
  [['--plan', 'trial'], '`--plan` is no option of `clients rotate`'],
])('%j is wrong usage', async (args, message) => {
  expect(await rotate(...args)).toEqual({
    code: 2,
    printed: [],
    errors: [`bulwark: ${message} (--help lists the commands)`],
  });
});
