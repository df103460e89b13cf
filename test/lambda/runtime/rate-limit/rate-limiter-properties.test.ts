import fc from 'fast-check';
import type { Admission } from '../../../../lambda/runtime/rate-limit/admission';
import type { Decision } from '../../../../lambda/runtime/rate-limit/decision';
import type { LimitTerms } from '../../../../lambda/runtime/rate-limit/limits';
import type { RateLimiter } from '../../../../lambda/runtime/rate-limit/rate-limiter';
import type { LimitRow } from '../../../../lib/contract/limits-table';
import { ExactModel } from './exact-model';
import { admittedOf, askAtOnce, CLIENT, LimiterWorld, NEARLY_DECEMBER, NOON } from './limiter-world';

/** Several at once on a busy machine take their time. */
const TIMEOUT_MS = 60_000;

const quota = (max: number) => fc.option(fc.nat(max), { nil: undefined });

const terms = fc.record({
  requestsPerSecond: fc.oneof(
    fc.constantFrom(0.1, 1 / 3, 1, 3, 7, 10, 1_000, 1_000_000),
    fc.double({ min: 0.01, max: 50, noNaN: true }),
  ),
  burst: fc.integer({ min: 1, max: 12 }),
  requestsPerDay: quota(30),
  requestsPerMonth: quota(40),
});

/** Somebody who comes back when they are told to is let through, and a second earlier they are not. */
const expectTrueRetry = (
  decision: Decision,
  model: ExactModel,
  nowMs: number,
  plan: LimitTerms,
  cost: number,
): void => {
  if (decision.admitted) return;
  const backMs = nowMs + decision.retryAfterSeconds * 1_000;
  expect(model.refusals(backMs - 1_000, cost)).not.toEqual([]);
  const isNeverEnough = [plan.requestsPerDay, plan.requestsPerMonth].some((most) => cost > (most ?? cost));
  if (!isNeverEnough) expect(model.refusals(backMs, cost)).toEqual([]);
};

const times = (max: number) => fc.integer({ min: 0, max });

describe('one request after the other', () => {
  const step = fc.record({
    worker: fc.nat(2),
    waitMs: fc.oneof(times(3), times(500), times(5_000), fc.constantFrom(86_400_000, 5 * 86_400_000)),
    cost: fc.integer({ min: 1, max: 4 }),
  });

  test(
    'three processes decide as the definition does, whichever is asked, and say what is left',
    async () => {
      await fc.assert(
        fc.asyncProperty(terms, fc.array(step, { maxLength: 60 }), async (plan, steps) => {
          const world = new LimiterWorld(NEARLY_DECEMBER);
          const workers = [0, 1, 2].map(() => world.limiter({ refuseForMs: 0 }));
          const model = new ExactModel(plan, world.nowMs);
          for (const { worker, waitMs, cost: wished } of steps) {
            world.nowMs += waitMs;
            const cost = Math.min(wished, plan.burst);
            const decision = await (workers[worker] as RateLimiter).admit(CLIENT, plan, cost);
            expect(decision.admitted ? [] : decision.violated).toEqual(model.take(world.nowMs, cost));
            expect(decision.limits.rate.remaining).toBe(model.tokens(world.nowMs));
            expectTrueRetry(decision, model, world.nowMs, plan, cost);
          }
        }),
        { numRuns: 150 },
      );
    },
    TIMEOUT_MS,
  );

  test(
    'a process that refuses for a second by what it remembers refuses nobody who would be let through',
    async () => {
      await fc.assert(
        fc.asyncProperty(terms, fc.array(step, { maxLength: 60 }), async (plan, steps) => {
          const world = new LimiterWorld(NEARLY_DECEMBER);
          const workers = [0, 1, 2].map(() => world.limiter());
          const model = new ExactModel(plan, world.nowMs);
          for (const { worker, waitMs } of steps) {
            world.nowMs += waitMs;
            const { admitted } = await (workers[worker] as RateLimiter).admit(CLIENT, plan);
            expect(admitted).toBe(model.take(world.nowMs, 1).length === 0);
          }
        }),
        { numRuns: 150 },
      );
    },
    TIMEOUT_MS,
  );

  test(
    'what is left is what comes through, to the last one',
    async () => {
      await fc.assert(
        fc.asyncProperty(terms, times(40), async (plan, asked) => {
          const world = new LimiterWorld();
          const limiter = world.limiter();
          for (let request = 0; request < asked; request += 1) await limiter.admit(CLIENT, plan);
          const { rate, day, month } = await limiter.usage(CLIENT, plan);
          const left = Math.min(rate.remaining, day.remaining ?? 99, month.remaining ?? 99);
          let more = 0;
          while ((await limiter.admit(CLIENT, plan)).admitted) more += 1;
          expect(more).toBe(left);
        }),
        { numRuns: 100 },
      );
    },
    TIMEOUT_MS,
  );
});

describe('at once, in any interleaving', () => {
  /** Every call of the store waits for its turn. */
  const interleave = (world: LimiterWorld, scheduler: fc.Scheduler) => {
    world.store.before = (call) => scheduler.schedule(Promise.resolve(), call);
    world.store.after = () => scheduler.schedule(Promise.resolve(), 'answer');
  };

  test(
    'exactly as many come through as there are tokens, and as the quotas allow',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), terms, times(40), async (scheduler, plan, asked) => {
          const world = new LimiterWorld();
          interleave(world, scheduler);
          const workers = [world.limiter(), world.limiter(), world.limiter()];
          const deciding = askAtOnce(workers, asked, plan);
          await scheduler.waitFor(deciding);
          const allowed = Math.min(asked, plan.burst, plan.requestsPerDay ?? asked, plan.requestsPerMonth ?? asked);
          expect(admittedOf(await deciding)).toBe(allowed);
          expect(world.store.rows).toHaveLength(allowed);
        }),
        { numRuns: 150 },
      );
    },
    TIMEOUT_MS,
  );

  test(
    'a write that is repeated because its answer was lost counts once',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.scheduler(),
          terms,
          times(16),
          fc.infiniteStream(fc.nat(2)),
          async (scheduler, plan, asked, lost) => {
            const world = new LimiterWorld();
            interleave(world, scheduler);
            const { store } = world;
            const admit = store.admit.bind(store);
            // As the SDK does it: the same write again, up to twice.
            store.admit = async (admission: Admission) => {
              let answer = await admit(admission);
              for (let repeats = lost.next().value ?? 0; repeats > 0; repeats -= 1) answer = await admit(admission);
              return answer;
            };
            const deciding = askAtOnce([world.limiter(), world.limiter()], asked, plan);
            await scheduler.waitFor(deciding);
            const allowed = Math.min(asked, plan.burst, plan.requestsPerDay ?? asked, plan.requestsPerMonth ?? asked);
            expect(admittedOf(await deciding)).toBe(allowed);
            expect(store.rows).toHaveLength(allowed);
          },
        ),
        { numRuns: 100 },
      );
    },
    TIMEOUT_MS,
  );

  /** What was counted in each window, by the rows that there were. */
  const countsOf = (rows: readonly LimitRow[]): Map<string, number> => {
    const counts = new Map<string, number>();
    rows.forEach((row, index) => {
      const before = rows[index - 1];
      const same = before?.utcDay.slice(0, 7) === row.utcDay.slice(0, 7);
      const counted = row.monthCount - (same ? (before?.monthCount ?? 0) : 0);
      for (const label of [row.utcDay, row.utcDay.slice(0, 7)]) counts.set(label, (counts.get(label) ?? 0) + counted);
    });
    return counts;
  };

  const plans = terms.filter(({ requestsPerSecond, burst }) => burst / requestsPerSecond < 3_600);

  test(
    'with clocks that differ, over midnight, while time goes by: no window holds one too many, nor the bucket',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.scheduler(),
          plans,
          fc.array(fc.integer({ min: -2_000, max: 2_000 }), { minLength: 3, maxLength: 3 }),
          fc.array(fc.record({ worker: fc.nat(2), waitMs: times(400) }), { maxLength: 40 }),
          async (scheduler, plan, skews, requests) => {
            const world = new LimiterWorld(NEARLY_DECEMBER);
            interleave(world, scheduler);
            const workers = skews.map((skewMs) => world.limiter({}, skewMs));
            const asked = requests.map(async ({ worker, waitMs }) => {
              await scheduler.schedule(Promise.resolve(), 'arrive');
              world.nowMs += waitMs;
              return (workers[worker] as RateLimiter).admit(CLIENT, plan);
            });
            const deciding = Promise.all(asked);
            await scheduler.waitFor(deciding);
            const { rows } = world.store;
            expect(admittedOf(await deciding)).toBe(rows.length);
            const days = rows.map(({ utcDay }) => utcDay);
            expect(days).toEqual([...days].sort());
            for (const [label, count] of countsOf(rows)) {
              const most = label.length === 7 ? plan.requestsPerMonth : plan.requestsPerDay;
              expect(count).toBeLessThanOrEqual(most ?? count);
            }
            const elapsedMs = world.nowMs - NEARLY_DECEMBER + Math.max(...skews) - Math.min(...skews);
            const tokens = plan.burst + (elapsedMs * 1_000) / Math.ceil(1_000_000 / plan.requestsPerSecond);
            expect(rows.length).toBeLessThanOrEqual(tokens);
          },
        ),
        { numRuns: 150 },
      );
    },
    TIMEOUT_MS,
  );

  test(
    'in any second of a long life, no more than a full bucket and what came back in it',
    async () => {
      await fc.assert(
        fc.asyncProperty(plans, fc.array(times(900), { minLength: 10, maxLength: 80 }), async (plan, waits) => {
          const world = new LimiterWorld(NOON);
          const workers = [world.limiter(), world.limiter()];
          const admittedAt: number[] = [];
          for (const [index, waitMs] of waits.entries()) {
            world.nowMs += waitMs;
            if ((await (workers[index % 2] as RateLimiter).admit(CLIENT, plan)).admitted) admittedAt.push(world.nowMs);
          }
          const tokenUs = Math.ceil(1_000_000 / plan.requestsPerSecond);
          for (const fromMs of admittedAt) {
            const inSecond = admittedAt.filter((atMs) => atMs >= fromMs && atMs <= fromMs + 1_000).length;
            expect(inSecond).toBeLessThanOrEqual(plan.burst + 1_000_000 / tokenUs);
          }
        }),
        { numRuns: 100 },
      );
    },
    TIMEOUT_MS,
  );
});
