import fc from 'fast-check';
import type { CommitResult, ILedgerStore, LedgerRow, RowWrite } from '../../../../lambda/runtime/spend/ledger-store';
import { MemoryLedgerStore } from '../../../../lambda/runtime/spend/memory-ledger-store';
import { SpendControl } from '../../../../lambda/runtime/spend/spend-control';
import { SpendLedger } from '../../../../lambda/runtime/spend/spend-ledger';
import { DAY_ENDS, disagreements, LEASE_MS, NOON, request } from './spend-world';

/** A store whose every step waits for the scheduler, and may fail before or after it. */
class ScheduledStore implements ILedgerStore<never> {
  constructor(
    readonly store: ILedgerStore<never>,
    readonly scheduler: fc.Scheduler,
    readonly failures: ('before' | 'after' | 'never')[],
    readonly onCommit: () => void,
  ) {}

  read = (keys: readonly string[]) => this.#take(() => this.store.read(keys));
  snapshot = (keys: readonly string[]): Promise<ReadonlyMap<string, LedgerRow> | 'conflict'> =>
    this.#take(() => this.store.snapshot(keys));
  commit = (writes: readonly RowWrite[]): Promise<CommitResult> =>
    this.#take(async () => {
      const result = await this.store.commit(writes);
      this.onCommit();
      return result;
    });
  listEnded = (bucket: string, before: number, limit: number) =>
    this.#take(() => this.store.listEnded(bucket, before, limit));

  async #take<T>(work: () => Promise<T>): Promise<T> {
    const failure = this.failures.shift();
    await this.scheduler.schedule(Promise.resolve(), 'step');
    if (failure === 'before') throw new Error('failed');
    const answer = await work();
    await this.scheduler.schedule(Promise.resolve(), 'answer');
    if (failure === 'after') throw new Error('failed');
    return answer;
  }
}

const job = fc.record({
  client: fc.constantFrom('a', 'b'),
  estimate: fc.integer({ min: 0, max: 60 }),
  atMs: fc.constantFrom(NOON, DAY_ENDS - 1, DAY_ENDS),
  calls: fc.array(
    fc.record({
      estimate: fc.integer({ min: 0, max: 80 }),
      end: fc.constantFrom<'settles' | 'untold' | 'refused'>('settles', 'settles', 'untold', 'refused'),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    { maxLength: 3 },
  ),
  isSettledTwice: fc.boolean(),
  closes: fc.boolean(),
});

const caps = { globalDay: fc.integer({ min: 0, max: 300 }), globalMonth: fc.integer({ min: 0, max: 400 }) };
const CLIENT_CAPS = { perDay: 120, perMonth: 200 };

/** What a window has committed beyond what it may. */
const beyond = (
  rows: ReadonlyMap<string, LedgerRow>,
  { globalDay, globalMonth }: { globalDay: number; globalMonth: number },
) => {
  const over: string[] = [];
  const sums = new Map<string, number>();
  for (const [key, row] of rows) {
    const isClient = key.startsWith('client#');
    if (!isClient && !/^global#[^#]+#/.test(key)) continue;
    for (const [name, value] of Object.entries(row)) {
      if (!/^(committed|c\d\d)$/.test(name)) continue;
      const window = isClient ? `${key} ${name}` : `global ${name}`;
      sums.set(window, (sums.get(window) ?? 0) + Number(value));
    }
  }
  for (const [window, sum] of sums) {
    const isMonth = window.endsWith('committed');
    const cap = window.startsWith('client') ? (isMonth ? 200 : 120) : isMonth ? globalMonth : globalDay;
    if (sum > cap) over.push(`${window}: ${sum}`);
  }
  return over;
};

test('in any interleaving, with any failures, no cap is passed and nothing drifts', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(job, { minLength: 1, maxLength: 8 }),
      fc.record(caps),
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.constantFrom<'before' | 'after' | 'never'>('never', 'never', 'never', 'never', 'before', 'after'), {
        maxLength: 60,
      }),
      fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1, maxLength: 20 }),
      async (scheduler, jobs, globalCaps, shards, failures, numbers) => {
        const own = new MemoryLedgerStore();
        const over = new Set<string>();
        const look = () => {
          for (const window of beyond(own.rows, globalCaps)) over.add(window);
        };
        const store = new ScheduledStore(own, scheduler, failures, look);
        let turn = 0;
        const tools = { random: () => numbers[turn++ % numbers.length] ?? 0, sleep: async () => undefined };
        const options = { shards, leaseMs: LEASE_MS };
        const calm = new SpendLedger(own, options, tools);
        await new SpendControl(own, options, tools).syncDeployedCaps(globalCaps, NOON);
        const ledger = new SpendLedger(store, options, tools);
        const quietly = <T>(work: Promise<T>) => work.catch(() => undefined);
        const live = async (
          { client, estimate, atMs, calls, isSettledTwice, closes }: (typeof jobs)[number],
          index: number,
        ) => {
          const id = `j${index}`;
          const reserve = { ...request(id, { clientId: client, clientCaps: CLIENT_CAPS, estimate, nowMs: atMs }) };
          const made = await quietly(ledger.reserve(reserve));
          if (!made) await quietly(ledger.reserve(reserve));
          for (const [number, call] of calls.entries()) {
            const callId = String(number);
            const begun = await quietly(ledger.begin(id, { callId, estimate: call.estimate, nowMs: atMs + 1 }));
            if (begun?.kind !== 'begun' || call.end === 'untold') continue;
            const amount = call.end === 'refused' ? 0 : Math.floor(call.estimate * call.share);
            const settle = { callId, amount, close: closes && number === calls.length - 1 };
            await quietly(ledger.settle(id, settle));
            if (isSettledTwice) await quietly(ledger.settle(id, settle));
          }
        };
        await scheduler.waitFor(Promise.all(jobs.map(live)));
        expect([...over]).toEqual([]);
        expect(disagreements(own.rows)).toEqual([]);
        await calm.expire({ nowMs: DAY_ENDS + 2 * LEASE_MS });
        expect(disagreements(own.rows)).toEqual([]);
        for (const [key, row] of own.rows) {
          if (key.startsWith('client#')) expect(row.committed ?? 0).toBe(row.spent ?? 0);
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('however the cap is scattered, all of it can be reserved and not one micro-dollar more', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 1_000 }),
      fc.array(
        fc.record({ amount: fc.integer({ min: 1, max: 300 }), place: fc.double({ min: 0, max: 0.999, noNaN: true }) }),
        { maxLength: 12 },
      ),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      async (shards, globalDay, jobs, place) => {
        const store = new MemoryLedgerStore();
        let random = 0;
        const tools = { random: () => random, sleep: async () => undefined };
        await new SpendControl(store, { shards }, tools).syncDeployedCaps({ globalDay }, NOON);
        // A process each, so that none knows where the others left something.
        const ledger = () => new SpendLedger(store, { shards }, tools);
        for (const [index, { amount, place: at }] of jobs.entries()) {
          random = at;
          await ledger().reserve(request(`j${index}`, { estimate: amount }));
          if (index % 3 !== 0) await ledger().close(`j${index}`);
        }
        random = place;
        const { day } = await new SpendControl(store, { shards }, tools).readStatus(NOON);
        const left = day.left as number;
        await expect(ledger().reserve(request('more', { estimate: left + 1 }))).resolves.toMatchObject({
          kind: 'refused',
          left,
        });
        await expect(ledger().reserve(request('all', { estimate: left }))).resolves.toEqual({ kind: 'reserved' });
        expect(disagreements(store.rows)).toEqual([]);
      },
    ),
    { numRuns: 150 },
  );
});

test('whatever an operator sets meanwhile, what is committed afterwards is within it', async () => {
  const act = fc.oneof(
    fc.record({ kind: fc.constant('reserve' as const), amount: fc.integer({ min: 1, max: 200 }) }),
    fc.record({ kind: fc.constant('close' as const), which: fc.nat(20) }),
    fc.record({ kind: fc.constant('cap' as const), globalDay: fc.integer({ min: 0, max: 1_000 }) }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(act, { maxLength: 40 }),
      fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
      async (acts, numbers) => {
        const store = new MemoryLedgerStore();
        const tools = { random: () => numbers.next().value, sleep: async () => undefined };
        const control = new SpendControl(store, { shards: 3 }, tools);
        const ledger = new SpendLedger(store, { shards: 3 }, tools);
        let cap = 500;
        await control.syncDeployedCaps({ globalDay: cap }, NOON);
        for (const [index, each] of acts.entries()) {
          if (each.kind === 'cap') {
            cap = each.globalDay;
            await control.setCaps({ globalDay: cap }, NOON);
          } else if (each.kind === 'close') await ledger.close(`j${each.which}`);
          else {
            const { day } = await control.readStatus(NOON);
            const outcome = await ledger.reserve(request(`j${index}`, { estimate: each.amount }));
            expect(outcome.kind).toBe(day.committed + each.amount <= cap ? 'reserved' : 'refused');
          }
          expect(disagreements(store.rows)).toEqual([]);
        }
      },
    ),
    { numRuns: 100 },
  );
});
