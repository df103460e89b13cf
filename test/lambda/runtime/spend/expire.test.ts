import { expireLeases } from '../../../../lambda/runtime/spend/expire-leases';
import { disagreements, LEASE_MS, NOON, opened, request, WORLDS, type World } from './spend-world';

const ENDED = NOON + LEASE_MS + 1;
const NOTHING = { extended: 0, closed: 0, assumedMicroUsd: 0, failed: 0 };

describe.each(WORLDS)('leases over %s', (_name, make) => {
  let world: World;

  const reserved = async (...ids: string[]) => {
    world = await opened(make());
    for (const id of ids) await world.ledger.reserve(request(id));
    return world.ledger;
  };

  afterEach(() => expect(disagreements(world.rows())).toEqual([]));

  test('nothing is done before a lease has ended', async () => {
    const ledger = await reserved('j1');
    await expect(ledger.expire({ nowMs: NOON + LEASE_MS })).resolves.toEqual(NOTHING);
    await expect(ledger.expire({ nowMs: ENDED })).resolves.toEqual({ ...NOTHING, closed: 1 });
    await expect(ledger.expire({ nowMs: ENDED })).resolves.toEqual(NOTHING);
  });

  test('what was never sent is given back, what was sent and not settled is charged at its estimate', async () => {
    const ledger = await reserved('unsent', 'sent', 'settled');
    await ledger.begin('sent', { callId: '1', estimate: 60, nowMs: NOON });
    await ledger.begin('settled', { callId: '1', estimate: 100, nowMs: NOON });
    await ledger.settle('settled', { callId: '1', amount: 25 });
    await expect(ledger.expire({ nowMs: ENDED })).resolves.toEqual({ ...NOTHING, closed: 3, assumedMicroUsd: 60 });
    expect(world.rows().get('client#acme#2026-11')).toMatchObject({ committed: 85, spent: 85, c27: 85, s27: 85 });
    await expect(ledger.readReservation('unsent')).resolves.toMatchObject({ held: 0, spent: 0, closed: true });
    await expect(ledger.readReservation('sent')).resolves.toMatchObject({ held: 0, unknown: 60, closed: true });
    // The truth comes late.
    await ledger.settle('sent', { callId: '1', amount: 10 });
    expect(world.rows().get('client#acme#2026-11')).toMatchObject({ committed: 35, spent: 35 });
  });

  test('a job that is alive has its lease extended', async () => {
    const ledger = await reserved('alive', 'dead');
    const isAlive = async (id: string) => id === 'alive';
    await expect(ledger.expire({ nowMs: ENDED, isAlive })).resolves.toEqual({ ...NOTHING, extended: 1, closed: 1 });
    expect(world.rows().get('reservation#alive')).toMatchObject({ closed: false, leaseUntil: ENDED + LEASE_MS });
    await expect(ledger.expire({ nowMs: ENDED + LEASE_MS, isAlive })).resolves.toEqual(NOTHING);
    await expect(ledger.expire({ nowMs: ENDED + LEASE_MS + 1 })).resolves.toEqual({ ...NOTHING, closed: 1 });
  });

  test('a job of which nobody can say whether it is alive is left as it is, and the others are not', async () => {
    const ledger = await reserved('a', 'b', 'c');
    const isAlive = async (id: string) => {
      if (id === 'b') throw new Error('the jobs table is away');
      return false;
    };
    await expect(ledger.expire({ nowMs: ENDED, isAlive })).resolves.toEqual({ ...NOTHING, closed: 2, failed: 1 });
    await expect(ledger.readReservation('b')).resolves.toMatchObject({ closed: false, held: 100 });
  });

  test('what has moved on meanwhile is left as it is', async () => {
    const ledger = await reserved('closed', 'extended', 'gone');
    const isAlive = async (id: string) => {
      if (id === 'closed') await ledger.close(id);
      if (id === 'extended') await ledger.begin(id, { callId: '1', estimate: 1, nowMs: ENDED });
      return false;
    };
    await expect(ledger.expire({ nowMs: ENDED, isAlive })).resolves.toEqual({ ...NOTHING, closed: 1 });
    await expect(ledger.readReservation('extended')).resolves.toMatchObject({ closed: false });
  });

  test('a run takes so many of each bucket, and those first whose lease ended first', async () => {
    const ids = Array.from({ length: 40 }, (_, index) => `job-${index}`);
    const ledger = await reserved();
    for (const [index, id] of ids.entries()) await ledger.reserve(request(id, { nowMs: NOON + index }));
    const buckets = new Map<string, string[]>();
    for (const id of ids) {
      const bucket = String(world.rows().get(`reservation#${id}`)?.leaseBucket);
      buckets.set(bucket, [...(buckets.get(bucket) ?? []), id]);
    }
    expect(buckets.size).toBe(8);
    await expect(ledger.expire({ nowMs: ENDED + 40, limit: 1 })).resolves.toMatchObject({ closed: 8 });
    for (const [first = '', second = ''] of buckets.values()) {
      await expect(ledger.readReservation(first)).resolves.toMatchObject({ closed: true });
      await expect(ledger.readReservation(second)).resolves.toMatchObject({ closed: false });
    }
  });
});

test.each([0, 1.5, -1, Number.NaN])('a limit of %d is none', async (limit) => {
  const list = async () => [];
  const expiring = expireLeases({ nowMs: NOON, limit }, { list, end: async () => undefined });
  await expect(expiring).rejects.toThrow(new RangeError(`\`limit\` must be an integer >= 1, got: ${limit}`));
});

test('looks at 25 of each of 8 buckets unless told otherwise, and takes no job for alive', async () => {
  const lists: unknown[] = [];
  const ends: unknown[] = [];
  await expireLeases(
    { nowMs: NOON },
    {
      list: async (...asked) => {
        lists.push(asked);
        return asked[0] === '3' ? ['j1'] : [];
      },
      end: async (...asked) => {
        ends.push(asked);
        return 0;
      },
    },
  );
  expect(lists).toEqual(['0', '1', '2', '3', '4', '5', '6', '7'].map((bucket) => [bucket, NOON, 25]));
  expect(ends).toEqual([['j1', false]]);
});
