import { LedgerBusyError, LedgerUnavailableError } from '../../../../lambda/runtime/spend/errors';
import type { CommitResult, ILedgerStore, LedgerRow, RowWrite } from '../../../../lambda/runtime/spend/ledger-store';
import { disagreements, Interrupted, memoryWorld, NOON, opened, request, type WorldOptions } from './spend-world';

const CUT = { reason: 'leaked key', at: NOON, by: 'on-call' };

/** A store at which others are at it: the next so many commits, or snapshots, conflict. */
class Contended<Alongside> extends Interrupted<Alongside> {
  commits: CommitResult[] = [];
  snapshots = 0;
  readonly tried: (readonly RowWrite[])[] = [];

  override async commit(writes: readonly RowWrite[], alongside?: readonly Alongside[]): Promise<CommitResult> {
    this.tried.push(writes);
    return this.commits.shift() ?? super.commit(writes, alongside);
  }

  override async snapshot(keys: readonly string[]): Promise<ReadonlyMap<string, LedgerRow> | 'conflict'> {
    if (this.snapshots === 0) return super.snapshot(keys);
    this.snapshots -= 1;
    return 'conflict';
  }
}

const contendedWorld = async (options: WorldOptions = {}, caps = {}) => {
  let contended: Contended<unknown> | undefined;
  const through = <Alongside>(store: ILedgerStore<Alongside>): ILedgerStore<Alongside> => {
    const made = new Contended(store);
    contended = made as unknown as Contended<unknown>;
    return made;
  };
  const world = await opened(memoryWorld({ ...options, through }), caps);
  return { ...world, contended: contended as Contended<unknown> };
};

const conflicts = (count: number): CommitResult[] => Array.from({ length: count }, () => ({ kind: 'conflict' }));

describe('where others are at the same rows', () => {
  test('a reservation waits by full jitter, and tries another shard', async () => {
    const numbers = [0.99, 0.5, 0.26, 0.9, 0.5];
    const { ledger, contended, sleeps, rows } = await contendedWorld({ random: () => numbers.shift() ?? 0 });
    await ledger.reserve(request('j0'));
    contended.tried.length = 0;
    contended.commits = conflicts(2);
    numbers.splice(0, 5, 0.99, 0.5, 0.26, 0.9, 0.5);
    await expect(ledger.reserve(request('j1'))).resolves.toEqual({ kind: 'reserved' });
    // Of up to 10 ms, then of up to 20.
    expect(sleeps).toEqual([5, 18]);
    const shards = contended.tried.map((writes) => writes.find(({ key }) => /#2026-11#\d/.test(key))?.key);
    expect(shards.slice(0, 3)).toEqual(['global#2026-11#3', 'global#2026-11#1', 'global#2026-11#2']);
    expect(disagreements(rows())).toEqual([]);
  });

  test('waits are bounded, and a reservation is given up after so many', async () => {
    const cause = new Error('TransactionConflict');
    const { ledger, contended, sleeps, rows } = await contendedWorld({ random: () => 0.999 });
    contended.commits = Array.from({ length: 100 }, () => ({ kind: 'conflict', cause }));
    const reserving = ledger.reserve(request('j1'));
    await expect(reserving).rejects.toThrow(LedgerBusyError);
    await expect(reserving).rejects.toMatchObject({
      name: 'LedgerBusyError',
      attempts: 24,
      cause,
      message: 'The ledger is contended for: gave up after 24 attempts.',
    });
    expect(sleeps).toEqual([10, 20, 40, 80, 160, ...Array(18).fill(250)]);
    expect(rows().has('reservation#j1')).toBe(false);
  });

  test('a snapshot that conflicts is no refusal', async () => {
    const { ledger, contended, sleeps } = await contendedWorld({ attempts: 5, random: () => 0.5 }, { globalDay: 50 });
    contended.snapshots = 2;
    await expect(ledger.reserve(request('j1'))).resolves.toMatchObject({ kind: 'refused', left: 50 });
    expect(sleeps).toEqual([5, 10]);
    contended.snapshots = 99;
    await expect(ledger.reserve(request('j1'))).rejects.toThrow(LedgerBusyError);
  });

  test.each(['begin', 'settle', 'close'] as const)('%s waits and goes on, or is given up', async (act) => {
    const { ledger, contended, sleeps, rows } = await contendedWorld({ attempts: 6, random: () => 0.5 });
    await ledger.reserve(request('j1'));
    if (act !== 'begin') await ledger.begin('j1', { callId: '1', estimate: 10, nowMs: NOON });
    const acts = {
      begin: () => ledger.begin('j1', { callId: '1', estimate: 10, nowMs: NOON }),
      settle: () => ledger.settle('j1', { callId: '1', amount: 5 }),
      close: () => ledger.close('j1'),
    };
    sleeps.length = 0;
    contended.commits = conflicts(99);
    await expect(acts[act]()).rejects.toThrow(LedgerBusyError);
    contended.commits = conflicts(2);
    await expect(acts[act]()).resolves.toMatchObject({ repeated: false });
    expect(sleeps.slice(0, 2)).toEqual([5, 10]);
    expect(disagreements(rows())).toEqual([]);
  });

  test('control goes on for long, as whoever cuts off does not want to come back', async () => {
    const { control, ledger, contended } = await contendedWorld({ random: () => 0.5 });
    await ledger.reserve(request('j1'));
    contended.commits = conflicts(150);
    await expect(control.cut(CUT)).resolves.toMatchObject({ cut: CUT });
    contended.commits = conflicts(200);
    await expect(control.restore(NOON)).rejects.toMatchObject({ name: 'LedgerBusyError', attempts: 200 });
    contended.commits = [];
    await expect(control.restore(NOON)).resolves.toMatchObject({ version: 3 });
    const hasty = await contendedWorld({ attempts: 3 });
    hasty.contended.commits = conflicts(3);
    await expect(hasty.control.cut(CUT)).rejects.toMatchObject({ attempts: 3 });
  });

  test('a step of healing that conflicts is taken again', async () => {
    const { control, ledger, contended, rows } = await contendedWorld({ attempts: 9 }, { globalDay: 100 });
    await ledger.reserve(request('j1'));
    contended.commits = [];
    const settings = { key: 'settings', version: 2, deployed: { globalDay: 40 }, override: {} };
    await contended.store.commit([{ key: 'settings', conditions: [], replacement: settings }]);
    contended.commits = [...conflicts(3), { kind: 'refused', rows: new Map(), alongside: false }];
    await expect(control.heal(NOON)).resolves.toBe(true);
    expect(rows().get('global#2026-11')).toMatchObject({ l27: 40, u27: -60 });
    await contended.store.commit([{ key: 'global#2026-11#0', conditions: [], change: { set: { cut: true } } }]);
    contended.commits = Array.from({ length: 99 }, () => ({ kind: 'refused', rows: new Map(), alongside: false }));
    await expect(control.heal(NOON)).rejects.toThrow(LedgerBusyError);
  });
});

describe('where others were faster', () => {
  test('two reservations of one id: one is made, the other finds it', async () => {
    const { ledger, contended, rows } = await contendedWorld();
    let isFirst = true;
    contended.before = async (step, keys) => {
      if (step !== 'commit' || !keys.includes('reservation#j1') || !isFirst) return;
      isFirst = false;
      await ledger.reserve(request('j1', { clientId: 'bolt' }));
    };
    await expect(ledger.reserve(request('j1'))).resolves.toEqual({ kind: 'exists', clientId: 'bolt' });
    expect(disagreements(rows())).toEqual([]);
  });

  test('what another call gave back meanwhile is used instead of a refusal', async () => {
    const { ledger, contended, rows } = await contendedWorld({}, { globalDay: 100 });
    await ledger.reserve(request('j1'));
    await ledger.begin('j1', { callId: '1', estimate: 100, nowMs: NOON });
    let isFirst = true;
    contended.before = async (step) => {
      if (step !== 'snapshot' || !isFirst) return;
      isFirst = false;
      // The refund is the reservation's, so that the windows are as full as before.
      await ledger.settle('j1', { callId: '1', amount: 0 });
    };
    await expect(ledger.begin('j1', { callId: '2', estimate: 100, nowMs: NOON })).resolves.toEqual({
      kind: 'begun',
      repeated: false,
    });
    expect(disagreements(rows())).toEqual([]);
  });

  test('two settlements of one call: one changes the windows', async () => {
    const { ledger, contended, rows } = await contendedWorld();
    await ledger.reserve(request('j1'));
    await ledger.begin('j1', { callId: '1', estimate: 100, nowMs: NOON });
    let isFirst = true;
    contended.before = async (step) => {
      if (step !== 'commit' || !isFirst) return;
      isFirst = false;
      await ledger.settle('j1', { callId: '1', amount: 40, close: true });
    };
    await expect(ledger.settle('j1', { callId: '1', amount: 40, close: true })).resolves.toMatchObject({
      repeated: true,
    });
    expect(rows().get('client#acme#2026-11')).toMatchObject({ committed: 40, spent: 40 });
    expect(disagreements(rows())).toEqual([]);
  });

  test.each(['begin', 'settle'] as const)('a row that changes each time is given up by %s', async (act) => {
    const { ledger, contended } = await contendedWorld({ attempts: 4 });
    await ledger.reserve(request('j1'));
    await ledger.begin('j1', { callId: '1', estimate: 1, nowMs: NOON });
    let changes = 0;
    contended.before = async (step, keys) => {
      if (step !== 'commit' || !keys.includes('reservation#j1')) return;
      changes += 1;
      const change = { add: { version: 1 } };
      await contended.store.commit([{ key: 'reservation#j1', conditions: [], change }]);
    };
    const acting =
      act === 'begin'
        ? ledger.begin('j1', { callId: '2', estimate: 1, nowMs: NOON })
        : ledger.settle('j1', { callId: '1', amount: 1 });
    await expect(acting).rejects.toMatchObject({ attempts: 4 });
    expect(changes).toBe(4);
  });

  test('settings that another changed are read again', async () => {
    const { control, contended } = await contendedWorld({}, { globalDay: 100 });
    let isFirst = true;
    contended.before = async (step, keys) => {
      if (step !== 'commit' || !isFirst) return;
      expect(keys).toEqual(['settings']);
      isFirst = false;
      await control.setCaps({ globalDay: 5 }, NOON);
    };
    await expect(control.setCaps({ globalMonth: 7 }, NOON)).resolves.toMatchObject({
      version: 3,
      override: { globalDay: 5, globalMonth: 7 },
    });
  });

  test('two that open the ledger: one does, the other finds it open', async () => {
    const { store, control } = memoryWorld();
    const opening = new Interrupted(store);
    let isFirst = true;
    opening.before = async (step) => {
      if (step !== 'commit' || !isFirst) return;
      isFirst = false;
      await control.syncDeployedCaps({ globalDay: 1 }, NOON);
    };
    const other = memoryWorld({ through: () => opening as never });
    await expect(other.control.syncDeployedCaps({ globalDay: 2 }, NOON)).resolves.toMatchObject({
      version: 2,
      deployed: { globalDay: 2 },
    });
  });

  test('a slice that another leased to the shard meanwhile is used, and none is leased twice', async () => {
    const { ledger, contended, rows } = await contendedWorld({}, { globalDay: 800 });
    let isFirst = true;
    contended.before = async (step, keys) => {
      if (step !== 'commit' || !keys.includes('settings') || !isFirst) return;
      isFirst = false;
      await ledger.reserve(request('j0', { estimate: 10 }));
    };
    await ledger.reserve(request('j1', { estimate: 10 }));
    expect(rows().get('global#2026-11')).toMatchObject({ u27: 700 });
    expect(rows().get('global#2026-11#0')).toMatchObject({ a27: 80 });
  });
});

describe('where the store fails', () => {
  const failing = (step: string, when: 'before' | 'after') => async () => {
    const { ledger, contended, control } = await contendedWorld();
    contended[when] = (taken: string) => {
      if (taken === step) throw new Error('the network');
    };
    return { ledger, control };
  };

  test.each([
    ['before', 'reserved'],
    ['after', 'exists'],
  ] as const)('a commit that fails %s its effect is told from a refusal, and may be repeated', async (when, again) => {
    const { ledger, contended, rows } = await contendedWorld();
    await ledger.reserve(request('j0'));
    const cause = new Error('the network');
    contended[when] = (step: string) => {
      if (step === 'commit') throw cause;
    };
    const reserving = ledger.reserve(request('j1'));
    await expect(reserving).rejects.toThrow(LedgerUnavailableError);
    await expect(reserving).rejects.toMatchObject({
      name: 'LedgerUnavailableError',
      message: 'The ledger cannot be reached.',
      cause,
    });
    contended[when] = () => undefined;
    await expect(ledger.reserve(request('j1'))).resolves.toMatchObject({ kind: again });
    expect(disagreements(rows())).toEqual([]);
  });

  test('what an overrun takes from the shards is taken later where it cannot be at once', async () => {
    const { ledger, control, contended, rows } = await contendedWorld({}, { globalDay: 200 });
    await ledger.reserve(request('j1'));
    await ledger.begin('j1', { callId: '1', estimate: 100, nowMs: NOON });
    contended.before = (step, keys) => {
      if (step === 'read' && keys.includes('settings')) throw new Error('the network');
    };
    const settled = { kind: 'settled', repeated: false, overrunMicroUsd: 150 };
    await expect(ledger.settle('j1', { callId: '1', amount: 250 })).resolves.toEqual(settled);
    contended.before = () => undefined;
    expect(rows().get('global#2026-11#0')).not.toHaveProperty('o27');
    await expect(control.heal(NOON)).resolves.toBe(true);
    expect(rows().get('global#2026-11#0')).toMatchObject({ a27: 0, o27: true });
    expect(disagreements(rows())).toEqual([]);
  });

  test('so is a read that fails', async () => {
    const { ledger } = await failing('read', 'before')();
    await expect(ledger.begin('j1', { callId: '1', estimate: 1, nowMs: NOON })).rejects.toThrow(LedgerUnavailableError);
  });

  test('so are a snapshot and a listing that fail', async () => {
    const snapshot = await failing('snapshot', 'before')();
    await snapshot.control.setCaps({ globalDay: 0 }, NOON);
    await expect(snapshot.ledger.reserve(request('j1'))).rejects.toThrow(LedgerUnavailableError);
    const list = await failing('list', 'before')();
    await expect(list.ledger.expire({ nowMs: NOON })).rejects.toThrow(LedgerUnavailableError);
  });
});
