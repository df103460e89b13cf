import fc from 'fast-check';
import type { BreakerView, Permit } from '../../../../lambda/runtime/breaker/breaker';
import { CircuitBreaker } from '../../../../lambda/runtime/breaker/circuit-breaker';
import { MemoryBreakerStore } from '../../../../lambda/runtime/breaker/memory-breaker-store';
import type { MaybeRow } from '../../../../lambda/runtime/breaker/transitions';
import type { BreakerRow } from '../../../../lib/contract/control';
import { settled } from './world';

const NAME = 'upstream';

/** What may follow on what; an operator may do as he likes. */
const FOLLOWERS: Readonly<Record<string, readonly string[]>> = {
  closed: ['open'],
  open: ['half-open'],
  'half-open': ['open', 'closed'],
};

/** A store whose every step waits for the scheduler, and that remembers each row it had. */
class ScheduledStore extends MemoryBreakerStore {
  readonly rows: BreakerRow[] = [];

  constructor(readonly scheduler: fc.Scheduler) {
    super();
  }

  override async read(name: string): Promise<MaybeRow> {
    await this.scheduler.schedule(Promise.resolve(), 'read');
    return super.read(name);
  }

  protected override async swap(name: string, seen: MaybeRow, next: BreakerRow): Promise<boolean> {
    await this.scheduler.schedule(Promise.resolve(), 'swap');
    const done = await super.swap(name, seen, next);
    if (done) this.rows.push(next);
    return done;
  }
}

const noSleep = () => new Promise<void>(() => undefined);

type Step = 'succeed' | 'fail' | 'hold' | 'end-well' | 'end-badly' | 'release' | 'wait';
const step = fc.record({
  worker: fc.nat(3),
  act: fc.constantFrom<Step>('succeed', 'fail', 'fail', 'hold', 'end-well', 'end-badly', 'release', 'wait', 'wait'),
  waitMs: fc.nat(15_000),
});

const options = { failures: 1, openForMs: 5_000, maxOpenForMs: 20_000, probeLeaseMs: 5_000, maxSkewMs: 0 };

/** Carries out the step on one breaker; permits that are held are ended by a later step. */
const take = async (breaker: CircuitBreaker, held: Permit[], act: Step): Promise<void> => {
  const permit =
    act === 'succeed' || act === 'fail' || act === 'hold'
      ? await breaker.acquire().catch(() => undefined)
      : held.shift();
  if (!permit) return;
  if (act === 'hold') held.push(permit);
  else if (act === 'succeed' || act === 'end-well') await permit.success(0);
  else if (act === 'fail' || act === 'end-badly') await permit.failure(0);
  else await permit.abandon();
};

test('alone, no state is skipped and the epoch grows by one with each change', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      let nowMs = 1_000_000;
      const seen: [BreakerView['status'], number][] = [['closed', 0]];
      const observer = {
        onChange: ({ status, epoch }: { status: BreakerView['status']; epoch: number }) => seen.push([status, epoch]),
      };
      const breaker = new CircuitBreaker(
        { ...options, observer: { onChange: (to) => void observer.onChange(to) } },
        { now: () => nowMs, random: () => 0.5 },
      );
      const held: Permit[] = [];
      for (const { act, waitMs } of steps) {
        if (act === 'wait') nowMs += waitMs;
        else await take(breaker, held, act);
      }
      seen.slice(1).forEach(([status, epoch], index) => {
        const [before, epochBefore] = seen[index] as [string, number];
        expect(FOLLOWERS[before]).toContain(status);
        expect(epoch).toBe(epochBefore + 1);
      });
    }),
  );
});

/** The rows in order: each either a change to a state that may follow, or a step of the same half-open epoch. */
const expectLawful = (rows: readonly BreakerRow[]): void => {
  let before: Pick<BreakerRow, 'status' | 'epoch' | 'successes' | 'probeOwner'> = {
    status: 'closed',
    epoch: 0,
    successes: 0,
  };
  for (const row of rows) {
    if (row.epoch === before.epoch) {
      expect([before.status, row.status]).toEqual(['half-open', 'half-open']);
      expect(row.successes - before.successes).toBeGreaterThanOrEqual(0);
      expect(row.successes - before.successes).toBeLessThanOrEqual(1);
    } else {
      expect(row.epoch).toBe(before.epoch + 1);
      expect(FOLLOWERS[before.status]).toContain(row.status);
    }
    before = row;
  }
};

test('a fleet in any interleaving: no row skips a state, and its epoch only grows', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(step, { maxLength: 40 }),
      fc.array(fc.integer({ min: -60_000, max: 60_000 }), { minLength: 4, maxLength: 4 }),
      async (scheduler, steps, skews) => {
        let nowMs = 1_000_000;
        const store = new ScheduledStore(scheduler);
        const workers = skews.map((skewMs, index) => ({
          breaker: new CircuitBreaker(
            { ...options, store },
            { now: () => nowMs + skewMs, random: () => index / 4, sleep: noSleep },
          ),
          held: [] as Permit[],
        }));
        const running: Promise<void>[] = [];
        for (const { worker, act, waitMs } of steps) {
          const { breaker, held } = workers[worker] as (typeof workers)[number];
          if (act === 'wait') nowMs += waitMs;
          else running.push(take(breaker, held, act));
          for (let done = 0; done < waitMs % 7; done += 1) {
            await settled();
            if (scheduler.count() > 0) await scheduler.waitOne();
          }
        }
        await scheduler.waitFor(Promise.all(running));
        expectLawful(store.rows);
        const epochs = workers.map(({ breaker }) => breaker.state().epoch);
        expect(Math.max(...epochs)).toBeLessThanOrEqual(store.rows.at(-1)?.epoch ?? 0);
      },
    ),
  );
});

interface Ask {
  /** Milliseconds since the ask before. */
  readonly waitMs: number;
  /** Steps of the store that happen before the next ask. */
  readonly steps: number;
}

interface Holding {
  readonly from: number;
  readonly until: number;
  readonly permit: Permit;
}

/** Lets every worker ask for the probe at times of its own; answers who held it from when to when, in true time. */
const probeFor = async (scheduler: fc.Scheduler, skews: readonly number[], asks: readonly Ask[], maxSkewMs: number) => {
  let nowMs = 1_000_000;
  const store = new ScheduledStore(scheduler);
  await scheduler.waitFor(store.trip(NAME, { expectedEpoch: 0, nowMs, openUntil: nowMs, reason: 'test' }));
  const holdings: Holding[] = [];
  const asking: Promise<void>[] = [];
  for (const [index, { waitMs, steps }] of asks.entries()) {
    nowMs += waitMs;
    const skewMs = skews[index % skews.length] as number;
    const breaker = new CircuitBreaker(
      { ...options, maxSkewMs, store },
      { now: () => nowMs + skewMs, random: () => index / asks.length, sleep: noSleep },
    );
    const hold = (permit: Permit) => {
      const row = store.rows.findLast(({ probeOwner }) => probeOwner?.startsWith(`worker-${index}#`));
      if (permit.kind === 'probe') holdings.push({ from: nowMs, until: (row?.probeUntil ?? 0) - skewMs, permit });
    };
    asking.push(breaker.acquire(`worker-${index}`).then(hold, () => undefined));
    for (let done = 0; done < steps; done += 1) {
      await settled();
      if (scheduler.count() > 0) await scheduler.waitOne();
    }
    await settled();
  }
  await scheduler.waitFor(Promise.all(asking));
  return { store, holdings };
};

const asks = fc.array(
  fc.record({
    waitMs: fc.oneof(fc.constant(0), fc.nat(4_000), fc.integer({ min: 4_000, max: 6_500 })),
    steps: fc.oneof(fc.nat(4), fc.constant(20)),
  }),
  { minLength: 2, maxLength: 25 },
);

test('one holder of the probe at a time, in any interleaving, while clocks differ by no more than allowed', async () => {
  const skews = fc.array(fc.integer({ min: -500, max: 500 }), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), skews, asks, async (scheduler, differences, times) => {
      const { holdings } = await probeFor(scheduler, differences, times, 1_000);
      const inOrder = holdings.toSorted((left, right) => left.from - right.from);
      inOrder.slice(1).forEach(({ from }, index) => {
        expect(from).toBeGreaterThanOrEqual((inOrder[index] as Holding).until);
      });
    }),
  );
});

test('one result is recorded of all that hold the probe, however wrong their clocks', async () => {
  const skews = fc.array(fc.integer({ min: -1e9, max: 1e9 }), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), skews, asks, fc.boolean(), async (scheduler, differences, times, well) => {
      const { store, holdings } = await probeFor(scheduler, differences, times, 0);
      const before = store.rows.length;
      await scheduler.waitFor(
        Promise.all(holdings.map(({ permit }) => (well ? permit.success(0) : permit.failure(0)))),
      );
      await settled();
      expect(store.rows.length - before).toBe(Math.min(1, holdings.length));
      expectLawful(store.rows);
    }),
  );
});
