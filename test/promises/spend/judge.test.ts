import type { ILedgerStore, LedgerRow, RowWrite } from '../../../lambda/runtime/spend/ledger-store';
import type { MemoryWrite } from '../../../lambda/runtime/spend/memory-ledger-store';
import { countingLedger } from './counting-ledger';
import { type MakeLedger, ourLedger } from './ledgers';
import type { SpendVerdict } from './spend-books';
import { runSpend } from './spend-run';

const JOBS = 120;
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

/** The first run in which the figure is not 0, or the last one. */
async function findOut(figure: keyof SpendVerdict, make: MakeLedger): Promise<number> {
  for (const seed of SEEDS) {
    const verdict = await runSpend(seed, JOBS, make);
    if (verdict[figure] > 0) return verdict[figure];
  }
  return 0;
}

/** Our ledger over a store that does something wrong. */
const over =
  (spoil: (store: ILedgerStore<MemoryWrite>) => Partial<ILedgerStore<MemoryWrite>>): MakeLedger =>
  (store, options, tools) =>
    ourLedger({ ...store, ...spoil(store) }, options, tools);

const committing = (change: (writes: readonly RowWrite[]) => readonly RowWrite[]): MakeLedger =>
  over((store) => ({ commit: (writes, alongside) => store.commit(change(writes), alongside) }));

const without = (rows: ReadonlyMap<string, LedgerRow>, isHidden: (key: string) => boolean) =>
  new Map([...rows].filter(([key]) => !isHidden(key)));

test('a sound ledger is found sound', async () => {
  for (const seed of SEEDS.slice(0, 4)) {
    expect(await runSpend(seed, JOBS, ourLedger)).toMatchObject({
      overspend: 0,
      falseRefusals: 0,
      committedWhileCut: 0,
      begunWhileCut: 0,
      drift: 0,
      unrecorded: 0,
      disagreements: 0,
      unclosed: 0,
    });
  }
}, 60_000);

test('a ledger that does not look at a client’s cap is found to overspend', async () => {
  const broken = committing((writes) =>
    writes.map((write) => (write.key.startsWith('client#') ? { ...write, conditions: [] } : write)),
  );
  expect(await findOut('overspend', broken)).toBeGreaterThan(0);
}, 60_000);

test('a ledger that looks at a shard first and takes from it later is found to overspend', async () => {
  const broken = over((store) => ({
    async commit(writes, alongside) {
      const shard = writes.find(({ key }) => /^global#[^#]+#/.test(key));
      const isReserving = writes.some(({ key }) => key.startsWith('reservation#')) && shard?.conditions.length;
      if (!isReserving || !shard) return store.commit(writes, alongside);
      const looked = await store.commit([{ ...shard, change: undefined }]);
      if (looked.kind !== 'committed') return looked;
      const rest = writes.map((write) => (write === shard ? { ...write, conditions: [] } : write));
      return store.commit(rest, alongside);
    },
  }));
  expect(await findOut('overspend', broken)).toBeGreaterThan(0);
}, 60_000);

test('a ledger that gives back twice is found to drift', async () => {
  const twice = (write: RowWrite): RowWrite => {
    const add = Object.entries(write.change?.add ?? {});
    const isRefund = write.key.startsWith('client#') && add.some(([, by]) => by < 0);
    const doubled = Object.fromEntries(add.map(([name, by]) => [name, name.startsWith('c') ? 2 * by : by]));
    return isRefund ? { ...write, change: { ...write.change, add: doubled } } : write;
  };
  expect(
    await findOut(
      'drift',
      committing((writes) => writes.map(twice)),
    ),
  ).toBeGreaterThan(0);
}, 60_000);

test('a ledger that settles a call as often as it is told is found to drift', async () => {
  const broken = over((store) => ({
    read: async (keys) => new Map([...(await store.read(keys))].map(([key, row]) => [key, withEndedCalls(row)])),
  }));
  expect(await findOut('drift', broken)).toBeGreaterThan(0);
}, 60_000);

/** The row as if the calls that were settled were still to be settled, charged with what they cost. */
const withEndedCalls = (row: LedgerRow): LedgerRow => {
  const settled = row.settled as readonly string[] | undefined;
  if (!settled || settled.length === 0) return row;
  const calls = row.calls as readonly { readonly id: string }[];
  return { ...row, calls: [...calls, ...settled.map((id) => ({ id, parts: [], assumed: true }))] };
};

test('a ledger that refuses when one shard is dry is found to refuse falsely', async () => {
  const isOther = (key: string) => /^global#[^#]+#(?!0$)/.test(key);
  const broken = over((store) => ({
    snapshot: async (keys) => {
      const rows = await store.snapshot(keys);
      return rows === 'conflict' ? rows : without(rows, isOther);
    },
    read: async (keys) => without(await store.read(keys), (key) => keys.length > 3 && isOther(key)),
  }));
  expect(await findOut('falseRefusals', broken)).toBeGreaterThan(0);
}, 60_000);

test('a kill switch that does not reach the shards is found out', async () => {
  const asCut = (row: LedgerRow, isOfShards: boolean) =>
    isOfShards && row.shards === undefined ? { ...row, cut: true } : row;
  const broken = over((store) => ({
    // Whoever looks at all shards takes them for marked.
    async read(keys) {
      const rows = await store.read(keys);
      const isCut = rows.get('settings')?.cut !== undefined;
      const isOfShards = (key: string) => isCut && keys.length > 3 && key.startsWith('global#');
      return new Map([...rows].map(([key, row]) => [key, asCut(row, isOfShards(key))]));
    },
  }));
  expect(await findOut('committedWhileCut', broken)).toBeGreaterThan(0);
}, 60_000);

test('a ledger that does not look at the kill switch before a call is found out', async () => {
  const broken = over((store) => ({
    async read(keys) {
      const rows = await store.read(keys);
      const isBegin = keys.length === 2 && keys.some((key) => key.startsWith('reservation#'));
      return isBegin ? new Map([...rows].map(([key, row]) => [key, { ...row, cut: undefined }])) : rows;
    },
  }));
  expect(await findOut('begunWhileCut', broken)).toBeGreaterThan(0);
}, 60_000);

test('a ledger that takes an untold call for one that was not made is found to miss money', async () => {
  const free = (write: RowWrite): RowWrite =>
    write.replacement?.closed ? { ...write, replacement: { ...write.replacement, calls: [] } } : write;
  expect(
    await findOut(
      'unrecorded',
      committing((writes) => writes.map(free)),
    ),
  ).toBeGreaterThan(0);
}, 60_000);

test('check, then increment, overspends', async () => {
  expect(await findOut('overspend', countingLedger)).toBeGreaterThan(0);
}, 60_000);

test('a ledger whose job is written apart is found to disagree with the jobs', async () => {
  const broken = over((store) => ({
    async commit(writes, alongside) {
      const result = await store.commit(writes);
      if (result.kind === 'committed' && alongside?.length) await store.commit([], alongside);
      return result;
    },
  }));
  expect(await findOut('disagreements', broken)).toBeGreaterThan(0);
}, 60_000);
