import { LedgerUnavailableError } from '../../../../lambda/runtime/spend/errors';
import { SpendControl } from '../../../../lambda/runtime/spend/spend-control';
import { SpendLedger } from '../../../../lambda/runtime/spend/spend-ledger';
import { DAY_ENDS, disagreements, MONTH_ENDS, NOON, opened, request, WORLDS, type World } from './spend-world';

const CUT = { reason: 'leaked key', at: NOON, by: 'on-call' };

const shardRows = ({ rows }: World, month = '2026-11') =>
  [...rows()].filter(([key]) => key.startsWith(`global#${month}#`)).map(([, row]) => row);

describe.each(WORLDS)('control over %s', (_name, make) => {
  let world: World;
  const numbers: number[] = [];

  const open = async (caps = {}, options = {}) => {
    numbers.length = 0;
    world = await opened(make({ random: () => numbers.shift() ?? 0, ...options }), caps);
    return world;
  };

  /** Processes that are configured otherwise, at the same table. */
  const withShards = (shards: number, random: number) => ({
    ledger: new SpendLedger(world.store, { shards }, { random: () => random }),
    control: new SpendControl(world.store, { shards }, { random: () => random }),
  });

  const reserve = (id: string, estimate: number, nowMs = NOON) =>
    world.ledger.reserve(request(id, { estimate, nowMs }));

  afterEach(() => expect(disagreements(world.rows())).toEqual([]));

  test('nothing can be read or changed before caps were deployed', async () => {
    world = make();
    for (const act of [
      () => world.control.readStatus(NOON),
      () => world.control.setCaps({ globalDay: 1 }, NOON),
      () => world.control.cut(CUT),
      () => world.control.restore(NOON),
      () => world.control.heal(NOON),
    ]) {
      await expect(act()).rejects.toThrow(LedgerUnavailableError);
    }
    expect(world.rows().size).toBe(0);
  });

  test('tells how a ledger stands that nobody has used', async () => {
    const { control } = await open({ globalDay: 500 });
    await expect(control.readStatus(NOON)).resolves.toEqual({
      version: 1,
      deployed: { globalDay: 500 },
      override: {},
      caps: { globalDay: 500 },
      day: { window: '2026-11-27', cap: 500, left: 500, committed: 0, spent: 0, reserved: 0, resetsAt: DAY_ENDS },
      month: { window: '2026-11', committed: 0, spent: 0, reserved: 0, resetsAt: MONTH_ENDS },
    });
  });

  test('tells what is committed, spent and reserved in all shards', async () => {
    const { control, ledger } = await open({ globalDay: 500, globalMonth: 1_000 });
    numbers.push(0, 0.3, 0.6);
    for (const id of ['a', 'b', 'c']) await reserve(id, 50);
    await ledger.begin('a', { callId: '1', estimate: 50, nowMs: NOON });
    await ledger.settle('a', { callId: '1', amount: 20, close: true });
    const amounts = { committed: 120, spent: 20, reserved: 100 };
    await expect(control.readStatus(NOON)).resolves.toMatchObject({
      day: { ...amounts, cap: 500, left: 380 },
      month: { ...amounts, cap: 1_000, left: 880 },
    });
    await expect(control.readStatus(DAY_ENDS)).resolves.toMatchObject({
      day: { window: '2026-11-28', committed: 0, left: 500 },
      month: { ...amounts },
    });
    await expect(control.readStatus(MONTH_ENDS)).resolves.toMatchObject({ month: { window: '2026-12', committed: 0 } });
    await expect(ledger.readClient('acme', { perDay: 130 }, NOON)).resolves.toEqual({
      day: { window: '2026-11-27', ...amounts, cap: 130, left: 10, resetsAt: DAY_ENDS },
      month: { window: '2026-11', ...amounts, resetsAt: MONTH_ENDS },
    });
    await expect(ledger.readClient('acme', { perDay: 100, perMonth: 200 }, NOON)).resolves.toMatchObject({
      day: { cap: 100, left: 0 },
      month: { cap: 200, left: 80 },
    });
    await expect(ledger.readClient('bolt', {}, NOON)).resolves.toMatchObject({ day: { committed: 0, spent: 0 } });
  });

  test('a deploy with other caps changes them, one with the same does not', async () => {
    const { control } = await open({ globalDay: 500 });
    await expect(control.syncDeployedCaps({ globalDay: 500 }, NOON)).resolves.toMatchObject({ version: 1 });
    const deployed = { globalMonth: 900 };
    await expect(control.syncDeployedCaps(deployed, NOON)).resolves.toMatchObject({
      version: 2,
      deployed,
      caps: deployed,
    });
    await expect(control.syncDeployedCaps({ globalDay: undefined, globalMonth: 900 }, NOON)).resolves.toMatchObject({
      version: 2,
    });
    await expect(control.syncDeployedCaps({}, NOON)).resolves.toMatchObject({ version: 3, deployed: {} });
  });

  test('a ledger can be opened without any cap', async () => {
    await open({});
    expect(world.rows().get('settings')).toEqual({ key: 'settings', version: 1, deployed: {}, override: {} });
    await expect(reserve('a', 8_000_000_000_000_000)).resolves.toEqual({ kind: 'reserved' });
    await expect(reserve('b', 1_000_000_000_000_001)).resolves.toMatchObject({ cap: 'global-month' });
  });

  test('a cap of an operator stands in place of the deployed one, until it is taken back', async () => {
    const { control } = await open({ globalDay: 500, globalMonth: 700 });
    await expect(control.setCaps({ globalDay: 900 }, NOON)).resolves.toMatchObject({
      version: 2,
      deployed: { globalDay: 500, globalMonth: 700 },
      override: { globalDay: 900 },
      caps: { globalDay: 900, globalMonth: 700 },
    });
    await expect(control.setCaps({ globalDay: 900, globalMonth: undefined }, NOON)).resolves.toMatchObject({
      version: 2,
    });
    await control.syncDeployedCaps({ globalDay: 400 }, NOON);
    await expect(control.readStatus(NOON)).resolves.toMatchObject({ caps: { globalDay: 900 }, version: 3 });
    await expect(control.setCaps({ globalDay: 'deployed', globalMonth: 50 }, NOON)).resolves.toMatchObject({
      version: 4,
      override: { globalMonth: 50 },
      caps: { globalDay: 400, globalMonth: 50 },
    });
    await expect(control.setCaps({ globalDay: 'deployed' }, NOON)).resolves.toMatchObject({ version: 4 });
  });

  test('a raised cap is there at once', async () => {
    const { control } = await open({ globalDay: 100, globalMonth: 100 });
    await reserve('a', 100);
    await expect(reserve('b', 1)).resolves.toMatchObject({ kind: 'refused' });
    await control.setCaps({ globalDay: 150, globalMonth: 130 }, NOON);
    await expect(reserve('b', 31)).resolves.toMatchObject({ cap: 'global-month', left: 30 });
    await expect(reserve('b', 30)).resolves.toEqual({ kind: 'reserved' });
    expect(world.rows().get('global#2026-11')).toMatchObject({ limit: 130, l27: 150 });
  });

  test('a lowered cap takes first what no shard has', async () => {
    const { control } = await open({ globalDay: 1_000 });
    await reserve('a', 100);
    const before = shardRows(world);
    await control.setCaps({ globalDay: 200 }, NOON);
    expect(shardRows(world)).toEqual(before);
    expect(world.rows().get('global#2026-11')).toMatchObject({ l27: 200, u27: 75 });
    await expect(reserve('b', 101)).resolves.toMatchObject({ left: 100 });
    await expect(reserve('b', 100)).resolves.toEqual({ kind: 'reserved' });
  });

  test('a lowered cap takes back from the richest shards what is needed, and no more', async () => {
    const { control } = await open({ globalDay: 1_000 });
    numbers.push(0, 0.3, 0.6, 0.9);
    for (const id of ['a', 'b', 'c', 'd']) await reserve(id, 10);
    const available = () => shardRows(world).map((row) => row.a27);
    expect(available()).toEqual([115, 99, 85, 73]);
    await control.setCaps({ globalDay: 300 }, NOON);
    expect(world.rows().get('global#2026-11')).toMatchObject({ l27: 300, u27: 0 });
    expect(available()).toEqual([3, 99, 85, 73]);
    expect(shardRows(world).some((row) => 'o27' in row)).toBe(false);
  });

  test('a cap below what is committed: what is given back is nobody’s until the debt is paid', async () => {
    const { control, ledger } = await open({ globalDay: 100, globalMonth: 1_000 });
    numbers.push(0, 0.3);
    await reserve('a', 50);
    await reserve('b', 50);
    await control.setCaps({ globalDay: 60 }, NOON);
    expect(shardRows(world).map((row) => row.o27)).toEqual([true, true]);
    await expect(reserve('c', 1)).resolves.toMatchObject({ cap: 'global-day', left: 0 });
    await ledger.close('a');
    // 50 are committed, 10 are left: of what came back to the first shard, 40 are the debt.
    await expect(reserve('c', 11)).resolves.toMatchObject({ left: 10 });
    await expect(reserve('c', 10)).resolves.toEqual({ kind: 'reserved' });
    expect(world.rows().get('reservation#c')).toMatchObject({ shard: 0 });
    await control.heal(NOON);
    expect(shardRows(world).some((row) => 'o27' in row)).toBe(false);
    await expect(control.heal(NOON)).resolves.toBe(false);
  });

  test('both windows can be in debt', async () => {
    const { control, ledger } = await open({ globalDay: 100, globalMonth: 100 });
    await reserve('a', 90);
    await control.setCaps({ globalDay: 20, globalMonth: 10 }, NOON);
    expect(shardRows(world)[0]).toMatchObject({ o27: true, owed: true, available: 0, a27: 0 });
    await ledger.close('a');
    await expect(reserve('b', 11)).resolves.toMatchObject({ cap: 'global-month', left: 10 });
    await expect(reserve('b', 10)).resolves.toEqual({ kind: 'reserved' });
  });

  test('a cap of 0 stops everything', async () => {
    const { control } = await open({ globalDay: 100 });
    await reserve('a', 10);
    await control.setCaps({ globalDay: 0 }, NOON);
    await expect(reserve('b', 1)).resolves.toMatchObject({ cap: 'global-day', left: 0 });
  });

  test('a window that is opened after a change begins with the new cap', async () => {
    const { control } = await open({ globalDay: 100, globalMonth: 1_000 });
    await control.setCaps({ globalDay: 30, globalMonth: 40 }, NOON);
    await expect(reserve('a', 31)).resolves.toMatchObject({ cap: 'global-day', left: 30 });
    await reserve('a', 30);
    await expect(reserve('b', 11, DAY_ENDS)).resolves.toMatchObject({ cap: 'global-month', left: 10 });
    expect(world.rows().get('global#2026-11')).toMatchObject({ limit: 40, l27: 30 });
  });

  test('a change reaches the windows of every clock that is wrong by less than a day', async () => {
    const { control } = await open({ globalDay: 100, globalMonth: 100 });
    await reserve('yesterday', 10, MONTH_ENDS - 3_600_000);
    await reserve('today', 10, MONTH_ENDS + 3_600_000);
    await reserve('tomorrow', 10, MONTH_ENDS + 90_000_000);
    await reserve('old', 10, NOON);
    await control.setCaps({ globalDay: 70, globalMonth: 80 }, MONTH_ENDS + 3_600_000);
    expect(world.rows().get('global#2026-11')).toMatchObject({ limit: 80, l30: 70, l27: 100 });
    expect(world.rows().get('global#2026-12')).toMatchObject({ limit: 80, l01: 70, l02: 70 });
  });

  test('cutting off marks the shards of every live month, and restoring takes the marks away', async () => {
    const { control } = await open({ globalDay: 100 });
    numbers.push(0, 0.3, 0.6);
    await reserve('a', 1, MONTH_ENDS - 1);
    await reserve('b', 1, MONTH_ENDS);
    await reserve('c', 1, MONTH_ENDS);
    const marks = () => [...shardRows(world), ...shardRows(world, '2026-12')].map((row) => row.cut);
    const cut = { ...CUT, at: MONTH_ENDS };
    await expect(control.cut(cut)).resolves.toMatchObject({ version: 2, cut });
    expect(marks()).toEqual([true, true, true]);
    await expect(control.cut({ ...cut, reason: 'again' })).resolves.toMatchObject({ version: 2, cut });
    const status = await control.restore(MONTH_ENDS);
    expect(status).toMatchObject({ version: 3 });
    expect('cut' in status).toBe(false);
    expect(marks()).toEqual([undefined, undefined, undefined]);
    await expect(control.restore(MONTH_ENDS)).resolves.toMatchObject({ version: 3 });
    await expect(reserve('d', 1, MONTH_ENDS)).resolves.toEqual({ kind: 'reserved' });
  });

  test('a cut-off keeps the caps, and they can be changed under it', async () => {
    const { control } = await open({ globalDay: 100 });
    await control.setCaps({ globalMonth: 700 }, NOON);
    await control.cut(CUT);
    await expect(control.setCaps({ globalMonth: 800 }, NOON)).resolves.toMatchObject({
      cut: CUT,
      caps: { globalDay: 100, globalMonth: 800 },
    });
    await expect(control.restore(NOON)).resolves.toMatchObject({ caps: { globalDay: 100, globalMonth: 800 } });
  });

  test('a mark that was left behind is taken away by whoever meets it', async () => {
    const { store } = await open({ globalDay: 100 });
    await reserve('a', 10);
    await store.commit([
      { key: 'global#2026-11#0', conditions: [], change: { set: { cut: true, owed: true, o27: true } } },
    ]);
    await expect(reserve('b', 10)).resolves.toEqual({ kind: 'reserved' });
    expect(world.rows().get('reservation#b')).toMatchObject({ shard: 0 });
    expect(world.rows().get('global#2026-11#0')).not.toHaveProperty('cut');
  });

  test('a change of caps that was never spread is made by whoever needs more than his shard has', async () => {
    const { store } = await open({ globalDay: 100 });
    await reserve('a', 100);
    const settings = { key: 'settings', version: 2, deployed: { globalDay: 120 }, override: {} };
    await store.commit([{ key: 'settings', conditions: [], replacement: settings }]);
    await expect(reserve('b', 21)).resolves.toMatchObject({ left: 20 });
    await expect(reserve('b', 20)).resolves.toEqual({ kind: 'reserved' });
  });

  test('healing makes the rest of what was begun, and says whether there was one', async () => {
    const { control, store } = await open({ globalDay: 100 });
    await reserve('a', 100);
    await expect(control.heal(NOON)).resolves.toBe(false);
    const settings = { key: 'settings', version: 2, deployed: { globalDay: 50 }, override: {}, cut: CUT };
    await store.commit([{ key: 'settings', conditions: [], replacement: settings }]);
    await expect(control.heal(NOON)).resolves.toBe(true);
    expect(shardRows(world)[0]).toMatchObject({ cut: true, o27: true });
    expect(world.rows().get('global#2026-11')).toMatchObject({ l27: 50, u27: -50 });
    await expect(control.heal(NOON)).resolves.toBe(false);
  });

  test('knows the shards of processes that have more of them', async () => {
    await open({ globalDay: 1_000 }, { shards: 8 });
    numbers.push(0.99);
    await reserve('a', 100);
    expect(world.rows().get('reservation#a')).toMatchObject({ shard: 7 });
    const narrow = withShards(1, 0);
    await narrow.control.cut(CUT);
    expect(world.rows().get('global#2026-11#7')).toMatchObject({ cut: true });
    await expect(narrow.control.readStatus(NOON)).resolves.toMatchObject({ day: { committed: 100 } });
    await narrow.control.restore(NOON);
    // All but the 100 can be had by a process that knows of one shard only.
    await expect(narrow.ledger.reserve(request('b', { estimate: 901 }))).resolves.toMatchObject({ left: 900 });
    await expect(narrow.ledger.reserve(request('b', { estimate: 900 }))).resolves.toEqual({ kind: 'reserved' });
    expect(world.rows().get('global#2026-11')).toMatchObject({ shards: 8 });
  });

  test('a window that narrow processes opened is widened by those that have more shards', async () => {
    await open({ globalDay: 1_000 }, { shards: 1 });
    await reserve('a', 100);
    expect(world.rows().get('global#2026-11')).toMatchObject({ shards: 1 });
    const wide = withShards(4, 0.9);
    await wide.ledger.reserve(request('b', { estimate: 10 }));
    expect(world.rows().get('reservation#b')).toMatchObject({ shard: 3 });
    expect(world.rows().get('global#2026-11')).toMatchObject({ shards: 4 });
  });
});
