import {
  DAY_ENDS,
  disagreements,
  LEASE_MS,
  MONTH_ENDS,
  NOON,
  opened,
  request,
  WORLDS,
  type World,
} from './spend-world';

const begin = (callId: string, estimate = 100, nowMs = NOON) => ({ callId, estimate, nowMs });
const BEGUN = { kind: 'begun', repeated: false };
const SETTLED = { kind: 'settled', repeated: false, overrunMicroUsd: 0 };
const CLOSED = { kind: 'closed', repeated: false };

/** What one client has committed and spent in the day and the month. */
const totals = ({ rows }: World, day = '27', month = '2026-11') => {
  const row = rows().get(`client#acme#${month}`);
  return [row?.[`c${day}`], row?.[`s${day}`] ?? 0, row?.committed, row?.spent ?? 0];
};

describe.each(WORLDS)('calls over %s', (_name, make) => {
  let world: World;

  const reserved = async (caps = {}, change = {}) => {
    world = await opened(make(), caps);
    await world.ledger.reserve(request('j1', change));
    return world.ledger;
  };

  afterEach(() => expect(disagreements(world.rows())).toEqual([]));

  test('the first call is paid by what is held, in one write of one row', async () => {
    const ledger = await reserved();
    await expect(ledger.begin('j1', begin('1'))).resolves.toEqual(BEGUN);
    expect(totals(world)).toEqual([100, 0, 100, 0]);
    await expect(ledger.readReservation('j1')).resolves.toEqual({
      clientId: 'acme',
      day: '2026-11-27',
      held: 0,
      unknown: 100,
      spent: 0,
      closed: false,
    });
  });

  test('one job commits no more than it may in all, however often it is called', async () => {
    const ledger = await reserved({}, { clientCaps: { perJob: 250 } });
    await expect(ledger.begin('j1', begin('1'))).resolves.toEqual(BEGUN);
    await expect(ledger.begin('j1', begin('2'))).resolves.toEqual(BEGUN);
    await expect(ledger.begin('j1', begin('3'))).resolves.toMatchObject({ kind: 'refused', cap: 'job', left: 50 });
    await expect(ledger.begin('j1', begin('3', 50))).resolves.toEqual(BEGUN);
    await expect(ledger.settle('j1', { callId: '1', amount: 40 })).resolves.toEqual(SETTLED);
    await expect(ledger.begin('j1', begin('4', 60))).resolves.toEqual(BEGUN);
    await expect(ledger.begin('j1', begin('5', 1))).resolves.toMatchObject({ kind: 'refused', cap: 'job', left: 0 });
  });

  test('a job above what one may commit is not reserved', async () => {
    world = await opened(make(), {});
    const refused = { kind: 'refused', cap: 'job', left: 99 };
    await expect(world.ledger.reserve(request('j1', { clientCaps: { perJob: 99 } }))).resolves.toMatchObject(refused);
    await expect(world.ledger.reserve(request('j1', { clientCaps: { perJob: 100 } }))).resolves.toEqual({
      kind: 'reserved',
    });
  });

  test('the same call is begun once', async () => {
    const ledger = await reserved();
    await ledger.begin('j1', begin('1'));
    await expect(ledger.begin('j1', begin('1'))).resolves.toEqual({ kind: 'begun', repeated: true });
    expect(totals(world)).toEqual([100, 0, 100, 0]);
  });

  test('a call that has ended is not begun once more', async () => {
    const ledger = await reserved();
    await ledger.begin('j1', begin('1'));
    await ledger.settle('j1', { callId: '1', amount: 30 });
    await expect(ledger.begin('j1', begin('1'))).resolves.toEqual({ kind: 'ended' });
  });

  test('a job that was never accepted makes no call', async () => {
    world = await opened(make());
    const { ledger } = world;
    await expect(ledger.begin('j1', begin('1'))).resolves.toEqual({ kind: 'missing' });
    await expect(ledger.settle('j1', { callId: '1', amount: 1 })).resolves.toEqual({ kind: 'missing' });
    await expect(ledger.close('j1')).resolves.toEqual({ kind: 'missing' });
    await expect(ledger.readReservation('j1')).resolves.toBeUndefined();
    expect([...world.rows().keys()]).toEqual(['settings']);
  });

  test('no call begins while spending is cut off, not even one that is paid', async () => {
    const ledger = await reserved();
    const cut = { reason: 'leaked key', at: NOON, by: 'on-call' };
    await world.control.cut(cut);
    await expect(ledger.begin('j1', begin('1'))).resolves.toEqual({ kind: 'cut', cut });
    await expect(ledger.begin('j1', begin('1', 500))).resolves.toEqual({ kind: 'cut', cut });
    await world.control.restore(NOON);
    await expect(ledger.begin('j1', begin('1'))).resolves.toEqual(BEGUN);
  });

  test('what a call did not cost is kept for the next one, and given back at the end', async () => {
    const ledger = await reserved();
    await ledger.begin('j1', begin('1'));
    await expect(ledger.settle('j1', { callId: '1', amount: 30 })).resolves.toEqual(SETTLED);
    expect(totals(world)).toEqual([100, 30, 100, 30]);
    await expect(ledger.readReservation('j1')).resolves.toMatchObject({ held: 70, unknown: 0, spent: 30 });
    await expect(ledger.close('j1')).resolves.toEqual(CLOSED);
    expect(totals(world)).toEqual([30, 30, 30, 30]);
    expect(world.rows().get('global#2026-11#0')).toMatchObject({ committed: 30, c27: 30, spent: 30, s27: 30 });
    await expect(ledger.close('j1')).resolves.toEqual({ kind: 'closed', repeated: true });
    await expect(ledger.readReservation('j1')).resolves.toMatchObject({ held: 0, spent: 30, closed: true });
  });

  test('the last call settles and closes in one step', async () => {
    const ledger = await reserved();
    await ledger.begin('j1', begin('1', 60));
    await expect(ledger.settle('j1', { callId: '1', amount: 25, close: true })).resolves.toEqual(SETTLED);
    expect(totals(world)).toEqual([25, 25, 25, 25]);
    const row = world.rows().get('reservation#j1');
    expect(row).toMatchObject({ closed: true, version: 3, holds: [], calls: [], expiresAt: request('j1').keepUntil });
    expect([row?.leaseBucket, row?.leaseUntil]).toEqual([undefined, undefined]);
  });

  test('a settlement that comes again changes nothing', async () => {
    const ledger = await reserved();
    await ledger.begin('j1', begin('1'));
    await ledger.settle('j1', { callId: '1', amount: 30, close: true });
    const before = new Map(world.rows());
    const repeated = { ...SETTLED, repeated: true };
    await expect(ledger.settle('j1', { callId: '1', amount: 30, close: true })).resolves.toEqual(repeated);
    await expect(ledger.settle('j1', { callId: '1', amount: 99 })).resolves.toEqual(repeated);
    await expect(ledger.settle('j1', { callId: 'never begun', amount: 99 })).resolves.toEqual(repeated);
    expect(new Map(world.rows())).toEqual(before);
  });

  test('a settlement of a call that was never begun closes where it is to', async () => {
    const ledger = await reserved();
    await expect(ledger.settle('j1', { callId: '1', amount: 30, close: true })).resolves.toEqual({
      ...SETTLED,
      repeated: true,
    });
    expect(totals(world)).toEqual([0, 0, 0, 0]);
    await expect(ledger.readReservation('j1')).resolves.toMatchObject({ closed: true, spent: 0 });
  });

  test('a call that the provider refused costs nothing, and leaves the whole hold', async () => {
    const ledger = await reserved({ globalDay: 100 });
    for (const callId of ['1', '2', '3']) {
      await expect(ledger.begin('j1', begin(callId))).resolves.toEqual(BEGUN);
      await expect(ledger.settle('j1', { callId, amount: 0 })).resolves.toEqual(SETTLED);
    }
    expect(totals(world)).toEqual([100, 0, 100, 0]);
  });

  test('a call of unknown outcome stays charged, and the next one is committed beside it', async () => {
    const ledger = await reserved({ globalDay: 250 }, { clientCaps: { perDay: 220 } });
    await ledger.begin('j1', begin('1'));
    await expect(ledger.begin('j1', begin('2'))).resolves.toEqual(BEGUN);
    expect(totals(world)).toEqual([200, 0, 200, 0]);
    const refused = { kind: 'refused', cap: 'client-day', left: 20, resetsAt: DAY_ENDS };
    await expect(ledger.begin('j1', begin('3'))).resolves.toEqual(refused);
    await expect(ledger.begin('j1', begin('3', 20))).resolves.toEqual(BEGUN);
    await expect(ledger.readReservation('j1')).resolves.toMatchObject({ held: 0, unknown: 220, spent: 0 });
    // The second one ends; nobody ever tells of the others.
    await ledger.settle('j1', { callId: '2', amount: 40 });
    expect(totals(world)).toEqual([160, 40, 160, 40]);
    await ledger.close('j1');
    expect(totals(world)).toEqual([160, 160, 160, 160]);
    await expect(ledger.readReservation('j1')).resolves.toMatchObject({ unknown: 120, spent: 40, closed: true });
  });

  test('a late settlement corrects what a call was charged with', async () => {
    const ledger = await reserved();
    await ledger.begin('j1', begin('1'));
    await ledger.begin('j1', begin('2'));
    await ledger.settle('j1', { callId: '2', amount: 50, close: true });
    expect(totals(world)).toEqual([150, 150, 150, 150]);
    await expect(ledger.settle('j1', { callId: '1', amount: 20 })).resolves.toEqual(SETTLED);
    expect(totals(world)).toEqual([70, 70, 70, 70]);
    await expect(ledger.settle('j1', { callId: '1', amount: 20 })).resolves.toMatchObject({ repeated: true });
    expect(totals(world)).toEqual([70, 70, 70, 70]);
    await expect(ledger.readReservation('j1')).resolves.toMatchObject({ unknown: 0, spent: 70 });
  });

  test('what a superseded call gives back is free at once, as its successor has its own', async () => {
    const ledger = await reserved();
    await ledger.begin('j1', begin('1'));
    await ledger.begin('j1', begin('2'));
    await ledger.settle('j1', { callId: '1', amount: 0 });
    expect(totals(world)).toEqual([100, 0, 100, 0]);
    await expect(ledger.readReservation('j1')).resolves.toMatchObject({ held: 0, unknown: 100 });
  });

  test('a price that rose is topped up, under the caps of today', async () => {
    const ledger = await reserved({ globalDay: 130 });
    const refused = { kind: 'refused', cap: 'global-day', left: 30, resetsAt: DAY_ENDS };
    await expect(ledger.begin('j1', begin('1', 131))).resolves.toEqual(refused);
    await expect(ledger.begin('j1', begin('1', 130))).resolves.toEqual(BEGUN);
    expect(totals(world)).toEqual([130, 0, 130, 0]);
    await ledger.settle('j1', { callId: '1', amount: 120, close: true });
    expect(totals(world)).toEqual([120, 120, 120, 120]);
  });

  test('a price that fell leaves the rest held', async () => {
    const ledger = await reserved();
    await ledger.begin('j1', begin('1', 40));
    await expect(ledger.readReservation('j1')).resolves.toMatchObject({ held: 60, unknown: 40 });
    await ledger.begin('j1', begin('2', 60));
    expect(totals(world)).toEqual([100, 0, 100, 0]);
  });

  test('a job is charged to the day in which it was accepted, what comes on top to the day of the call', async () => {
    const ledger = await reserved({}, { nowMs: MONTH_ENDS - 1 });
    const nowMs = MONTH_ENDS + 5_000;
    await ledger.begin('j1', begin('1', 100, nowMs));
    await ledger.begin('j1', begin('2', 80, nowMs));
    expect(totals(world, '30')).toEqual([100, 0, 100, 0]);
    expect(totals(world, '01', '2026-12')).toEqual([80, 0, 80, 0]);
    await ledger.settle('j1', { callId: '1', amount: 10 });
    await ledger.settle('j1', { callId: '2', amount: 70, close: true });
    expect(totals(world, '30')).toEqual([10, 10, 10, 10]);
    expect(totals(world, '01', '2026-12')).toEqual([70, 70, 70, 70]);
    await expect(ledger.readReservation('j1')).resolves.toMatchObject({ day: '2026-11-30', spent: 80 });
  });

  test('of a call that two days pay for, the earlier one pays first', async () => {
    const ledger = await reserved({}, { nowMs: DAY_ENDS - 1 });
    await ledger.begin('j1', begin('1', 150, DAY_ENDS));
    await ledger.settle('j1', { callId: '1', amount: 110, close: true });
    expect(totals(world, '27')).toEqual([100, 100, 110, 110]);
    expect(totals(world, '28')).toEqual([10, 10, 110, 110]);
  });

  test('what is given back after midnight can be reserved in the day that it came from, and in the month', async () => {
    const ledger = await reserved({ globalDay: 100, globalMonth: 100 });
    await ledger.begin('j1', begin('1'));
    await ledger.settle('j1', { callId: '1', amount: 40, close: true });
    await expect(ledger.reserve(request('j2', { nowMs: DAY_ENDS, estimate: 60 }))).resolves.toEqual({
      kind: 'reserved',
    });
    await expect(ledger.reserve(request('j3', { nowMs: DAY_ENDS, estimate: 1 }))).resolves.toMatchObject({
      cap: 'global-month',
    });
  });

  describe('a call that cost more than its estimate', () => {
    test('is recorded in full, beyond the caps if need be', async () => {
      const ledger = await reserved({ globalDay: 100, globalMonth: 1_000 }, { clientCaps: { perDay: 100 } });
      await ledger.begin('j1', begin('1'));
      const overrun = { ...SETTLED, overrunMicroUsd: 33 };
      await expect(ledger.settle('j1', { callId: '1', amount: 133, close: true })).resolves.toEqual(overrun);
      expect(totals(world)).toEqual([133, 133, 133, 133]);
      expect(world.rows().get('global#2026-11')).toMatchObject({ u27: -33 });
      await expect(ledger.settle('j1', { callId: '1', amount: 133 })).resolves.toMatchObject({ overrunMicroUsd: 0 });
      const other = request('j2', { clientId: 'bolt', estimate: 1 });
      await expect(ledger.reserve(other)).resolves.toMatchObject({ cap: 'global-day', left: 0 });
    });

    test('is paid for by what the shards have left', async () => {
      const ledger = await reserved({ globalDay: 200 });
      await ledger.begin('j1', begin('1'));
      await ledger.settle('j1', { callId: '1', amount: 260, close: true });
      const shard = world.rows().get('global#2026-11#0');
      expect(shard).toMatchObject({ c27: 260, a27: 0, o27: true });
      await expect(ledger.reserve(request('j2', { estimate: 0 }))).resolves.toMatchObject({
        kind: 'refused',
        cap: 'global-day',
        left: 0,
      });
    });

    test('with what is held still, is balanced by that', async () => {
      const ledger = await reserved({ globalDay: 150 });
      await ledger.begin('j1', begin('1', 60));
      const overrun = { ...SETTLED, overrunMicroUsd: 5 };
      await expect(ledger.settle('j1', { callId: '1', amount: 65, close: true })).resolves.toEqual(overrun);
      expect(totals(world)).toEqual([65, 65, 65, 65]);
      await expect(ledger.reserve(request('j2', { estimate: 86 }))).resolves.toMatchObject({ left: 85 });
      await expect(ledger.reserve(request('j2', { estimate: 85 }))).resolves.toEqual({ kind: 'reserved' });
    });

    test('although it was for free, is charged to the day of its job', async () => {
      const ledger = await reserved({}, { estimate: 0 });
      await ledger.begin('j1', begin('1', 0));
      await expect(ledger.settle('j1', { callId: '1', amount: 3 })).resolves.toMatchObject({ overrunMicroUsd: 3 });
      expect(totals(world)).toEqual([3, 3, 3, 3]);
    });
  });

  test('a closed job that runs again commits anew, and its lease begins anew', async () => {
    const ledger = await reserved({ globalDay: 100 });
    await ledger.close('j1');
    const nowMs = NOON + 3_000;
    await expect(ledger.begin('j1', begin('1', 100, nowMs))).resolves.toEqual(BEGUN);
    const row = world.rows().get('reservation#j1');
    expect(row).toMatchObject({ closed: false, leaseUntil: nowMs + LEASE_MS, leaseBucket: expect.any(String) });
    expect(row?.expiresAt).toBeUndefined();
    await ledger.settle('j1', { callId: '1', amount: 100, close: true });
    await expect(ledger.begin('j1', begin('2', 1, nowMs))).resolves.toMatchObject({ kind: 'refused', left: 0 });
    expect(world.rows().get('reservation#j1')).toMatchObject({ closed: true });
  });

  test('a reopened job can correct what it was closed with', async () => {
    const ledger = await reserved();
    await ledger.begin('j1', begin('1'));
    await ledger.close('j1');
    await ledger.begin('j1', begin('2', 70));
    expect(totals(world)).toEqual([170, 100, 170, 100]);
    await ledger.settle('j1', { callId: '1', amount: 10 });
    expect(totals(world)).toEqual([80, 10, 80, 10]);
    await ledger.settle('j1', { callId: '2', amount: 0 });
    await expect(ledger.readReservation('j1')).resolves.toMatchObject({ held: 70, unknown: 0, spent: 10 });
    await ledger.close('j1');
    expect(totals(world)).toEqual([10, 10, 10, 10]);
  });

  test('a call extends the lease when half of it is over, and not before', async () => {
    const ledger = await reserved();
    const leaseUntil = () => world.rows().get('reservation#j1')?.leaseUntil;
    await ledger.begin('j1', begin('1', 10, NOON + LEASE_MS / 2));
    expect(leaseUntil()).toBe(NOON + LEASE_MS);
    const nowMs = NOON + LEASE_MS / 2 + 1;
    await ledger.begin('j1', begin('2', 10, nowMs));
    expect(leaseUntil()).toBe(nowMs + LEASE_MS);
  });

  test('remembers as many ended calls as can come late', async () => {
    const ledger = await reserved({}, { estimate: 1 });
    for (let index = 0; index < 40; index += 1) {
      await ledger.begin('j1', begin(`c${index}`, 1));
      await ledger.settle('j1', { callId: `c${index}`, amount: 0 });
    }
    const { settled } = world.rows().get('reservation#j1') as { settled: string[] };
    expect([settled.length, settled[0], settled.at(-1)]).toEqual([32, 'c8', 'c39']);
  });

  test('a result is written with its settlement, or neither is', async () => {
    const ledger = await reserved();
    const { making, isMade } = world;
    await ledger.begin('j1', begin('1'));
    const settlement = { callId: '1', amount: 30, close: true };
    await expect(ledger.settle('j1', { ...settlement, alongside: [making('result')] })).resolves.toEqual(SETTLED);
    expect(isMade('result')).toBe(true);
    await ledger.begin('j1', begin('2'));
    const again = { ...settlement, callId: '2', alongside: [making('result')] };
    await expect(ledger.settle('j1', again)).resolves.toEqual({ kind: 'alongside-refused' });
    await expect(ledger.readReservation('j1')).resolves.toMatchObject({ unknown: 100, closed: false });
  });
});
