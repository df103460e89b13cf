import { LedgerUnavailableError } from '../../../../lambda/runtime/spend/errors';
import {
  DAY_ENDS,
  disagreements,
  KEEP_UNTIL,
  LEASE_MS,
  MONTH_ENDS,
  NOON,
  opened,
  request,
  WORLDS,
} from './spend-world';

describe.each(WORLDS)('reserving over %s', (_name, make) => {
  test('commits the estimate to the day and the month, of the client and of a shard', async () => {
    const { ledger, rows } = await opened(make(), { globalDay: 1_000, globalMonth: 10_000 });
    await expect(ledger.reserve(request('j1', { clientCaps: { perDay: 500, perMonth: 800 } }))).resolves.toEqual({
      kind: 'reserved',
    });
    expect(rows().get('client#acme#2026-11')).toEqual({
      key: 'client#acme#2026-11',
      committed: 100,
      c27: 100,
      expiresAt: Date.parse('2028-01-05T00:00:00Z') / 1_000,
    });
    expect(rows().get('global#2026-11#0')).toEqual({
      key: 'global#2026-11#0',
      committed: 100,
      c27: 100,
      available: 1_150,
      a27: 25,
      expiresAt: Date.parse('2028-01-05T00:00:00Z') / 1_000,
    });
    expect(rows().get('global#2026-11')).toEqual({
      key: 'global#2026-11',
      limit: 10_000,
      unleased: 8_750,
      l27: 1_000,
      u27: 875,
      shards: 4,
      expiresAt: Date.parse('2028-01-05T00:00:00Z') / 1_000,
    });
    expect(rows().get('reservation#j1')).toEqual({
      key: 'reservation#j1',
      clientId: 'acme',
      clientCaps: { perDay: 500, perMonth: 800 },
      day: '2026-11-27',
      shard: 0,
      version: 1,
      holds: [{ day: '2026-11-27', shard: 0, amount: 100 }],
      calls: [],
      used: [],
      settled: [],
      closed: false,
      keepUntil: KEEP_UNTIL,
      leaseBucket: expect.stringMatching(/^[0-7]$/),
      leaseUntil: NOON + LEASE_MS,
    });
    expect(disagreements(rows())).toEqual([]);
  });

  test.each([
    ['client-day', { perDay: 250 }, {}, DAY_ENDS],
    ['client-month', { perMonth: 250 }, {}, MONTH_ENDS],
    ['global-day', {}, { globalDay: 250 }, DAY_ENDS],
    ['global-month', {}, { globalMonth: 250 }, MONTH_ENDS],
  ])('refuses by %s what is not left, and says how much is', async (cap, clientCaps, globalCaps, resetsAt) => {
    const { ledger, rows } = await opened(make(), globalCaps);
    await ledger.reserve(request('j1', { clientCaps }));
    await ledger.reserve(request('j2', { clientCaps }));
    const before = new Map(rows());
    const refused = { kind: 'refused', cap, left: 50, resetsAt };
    await expect(ledger.reserve(request('j3', { clientCaps }))).resolves.toEqual(refused);
    await expect(ledger.reserve(request('j3', { clientCaps, estimate: 51 }))).resolves.toEqual(refused);
    await expect(ledger.reserve(request('j3', { clientCaps, estimate: 251 }))).resolves.toEqual(refused);
    expect(new Map(rows())).toEqual(before);
    await expect(ledger.reserve(request('j3', { clientCaps, estimate: 50 }))).resolves.toEqual({ kind: 'reserved' });
    await expect(ledger.reserve(request('j4', { clientCaps, estimate: 1 }))).resolves.toEqual({ ...refused, left: 0 });
    await expect(ledger.reserve(request('j5', { clientCaps, estimate: 0 }))).resolves.toEqual({ kind: 'reserved' });
    expect(disagreements(rows())).toEqual([]);
  });

  test('names the month where both windows are full, as it ends last', async () => {
    const { ledger } = await opened(make(), { globalDay: 50, globalMonth: 60 });
    await expect(ledger.reserve(request('j1'))).resolves.toMatchObject({ cap: 'global-month', left: 60 });
    const clientCaps = { perDay: 50, perMonth: 60 };
    await expect(ledger.reserve(request('j1', { clientCaps }))).resolves.toMatchObject({
      cap: 'client-month',
      left: 60,
    });
  });

  test('refuses a first request that is larger than its client’s cap', async () => {
    const { ledger, rows } = await opened(make());
    const clientCaps = { perDay: 99 };
    await expect(ledger.reserve(request('j1', { clientCaps }))).resolves.toEqual({
      kind: 'refused',
      cap: 'client-day',
      left: 99,
      resetsAt: DAY_ENDS,
    });
    expect(rows().has('client#acme#2026-11')).toBe(false);
  });

  test('keeps clients apart', async () => {
    const { ledger } = await opened(make());
    const clientCaps = { perDay: 100 };
    await ledger.reserve(request('j1', { clientCaps }));
    await expect(ledger.reserve(request('j2', { clientCaps }))).resolves.toMatchObject({ cap: 'client-day' });
    await expect(ledger.reserve(request('j3', { clientCaps, clientId: 'bolt' }))).resolves.toEqual({
      kind: 'reserved',
    });
  });

  test('a new day and a new month begin with their whole caps', async () => {
    const { ledger, rows } = await opened(make(), { globalDay: 100, globalMonth: 250 });
    const clientCaps = { perDay: 100, perMonth: 250 };
    await ledger.reserve(request('j1', { clientCaps }));
    const at = (nowMs: number, id: string) => ledger.reserve(request(id, { nowMs, clientCaps }));
    await expect(at(DAY_ENDS - 1, 'j2')).resolves.toMatchObject({ cap: 'client-day', resetsAt: DAY_ENDS });
    await expect(at(DAY_ENDS, 'j2')).resolves.toEqual({ kind: 'reserved' });
    await expect(at(DAY_ENDS + 86_400_000, 'j3')).resolves.toMatchObject({ cap: 'client-month', left: 50 });
    await expect(at(MONTH_ENDS, 'j3')).resolves.toEqual({ kind: 'reserved' });
    expect([...rows().keys()]).toContain('global#2026-12');
    // A clock that is minutes behind charges the month that it is in.
    await expect(at(MONTH_ENDS - 1, 'j4')).resolves.toMatchObject({ cap: 'client-month', resetsAt: MONTH_ENDS });
    expect(disagreements(rows())).toEqual([]);
  });

  test('the same id is reserved once, whatever is left by then', async () => {
    const { ledger, rows, control } = await opened(make(), { globalDay: 150 });
    await ledger.reserve(request('j1'));
    const before = new Map(rows());
    const exists = { kind: 'exists', clientId: 'acme' };
    await expect(ledger.reserve(request('j1', { clientId: 'bolt', estimate: 1 }))).resolves.toEqual(exists);
    await expect(ledger.reserve(request('j1'))).resolves.toEqual(exists);
    await expect(ledger.reserve(request('j1', { clientCaps: { perDay: 100 } }))).resolves.toEqual(exists);
    expect(new Map(rows())).toEqual(before);
    await control.cut({ reason: 'test', at: NOON, by: 'me' });
    await expect(ledger.reserve(request('j1'))).resolves.toEqual(exists);
  });

  test('an id may be reserved again when its closed row is past its time', async () => {
    const { ledger, rows } = await opened(make());
    await ledger.reserve(request('j1', { keepUntil: NOON / 1_000 + 60 }));
    const later = request('j1', { nowMs: NOON + 60_000, estimate: 7 });
    await expect(ledger.reserve(later)).resolves.toMatchObject({ kind: 'exists' });
    await ledger.close('j1');
    await expect(ledger.reserve({ ...later, nowMs: NOON + 59_999 })).resolves.toMatchObject({ kind: 'exists' });
    await expect(ledger.reserve(later)).resolves.toEqual({ kind: 'reserved' });
    expect(rows().get('reservation#j1')).toMatchObject({ version: 3, closed: false, holds: [{ amount: 7 }] });
    expect(rows().get('reservation#j1')?.expiresAt).toBeUndefined();
    expect(disagreements(rows())).toEqual([]);
  });

  test('a job is written with its reservation, or neither is', async () => {
    const { ledger, rows, making, isMade } = await opened(make(), { globalDay: 100 });
    await expect(ledger.reserve({ ...request('j1'), alongside: [making('j1')] })).resolves.toEqual({
      kind: 'reserved',
    });
    expect(isMade('j1')).toBe(true);
    await expect(ledger.reserve({ ...request('j2'), alongside: [making('j2')] })).resolves.toMatchObject({
      kind: 'refused',
    });
    expect(isMade('j2')).toBe(false);
    const again = { ...request('j3', { estimate: 0 }), alongside: [making('j1')] };
    await expect(ledger.reserve(again)).resolves.toEqual({ kind: 'alongside-refused' });
    expect(rows().has('reservation#j3')).toBe(false);
    // A job that is there already is found, whatever is left.
    await expect(ledger.reserve({ ...request('j4'), alongside: [making('j1')] })).resolves.toEqual({
      kind: 'alongside-refused',
    });
  });

  test('spreads what it reserves over the shards that a random number names', async () => {
    const numbers = [0.99, 0.5, 0.26, 0];
    const { ledger, rows } = await opened(make({ random: () => numbers.shift() ?? 0 }), { globalDay: 1_000 });
    for (const id of ['a', 'b', 'c', 'd']) await ledger.reserve(request(id));
    const shards = ['a', 'b', 'c', 'd'].map((id) => rows().get(`reservation#${id}`)?.shard);
    expect(shards).toEqual([3, 2, 1, 0]);
  });

  test('without settings nothing is reserved, and it is not said that money is missing', async () => {
    const { ledger, rows } = make();
    const reserving = ledger.reserve(request('j1'));
    await expect(reserving).rejects.toThrow(LedgerUnavailableError);
    await expect(reserving).rejects.toThrow('The ledger has no settings: no caps were ever deployed.');
    expect(rows().size).toBe(0);
  });

  test('while spending is cut off nothing is reserved, not even for nothing', async () => {
    const { ledger, rows, control } = await opened(make());
    await ledger.reserve(request('j1'));
    const cut = { reason: 'leaked key', at: NOON, by: 'on-call' };
    await control.cut(cut);
    const before = new Map(rows());
    await expect(ledger.reserve(request('j2'))).resolves.toEqual({ kind: 'cut', cut });
    await expect(ledger.reserve(request('j2', { estimate: 0 }))).resolves.toEqual({ kind: 'cut', cut });
    // Nor in a window that nobody has opened yet.
    await expect(ledger.reserve(request('j2', { nowMs: MONTH_ENDS }))).resolves.toEqual({ kind: 'cut', cut });
    expect(new Map(rows())).toEqual(before);
  });
});
