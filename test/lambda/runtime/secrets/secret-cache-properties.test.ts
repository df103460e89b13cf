import fc from 'fast-check';
import { SecretUnavailableError } from '../../../../lambda/runtime/secrets/errors';
import { SecretCache } from '../../../../lambda/runtime/secrets/secret-cache';

const TTL_MS = 10_000;
const RETRY_MS = 1_000;

/** Refuses what is not current, as an upstream does whose keys were retired at once. */
class World {
  nowMs = 0;
  version = 0;
  isDown = false;
  reads = 0;
  readsRunning = 0;
  mostReadsRunning = 0;
  renewals = 0;
  stale = 0;
  failures = 0;
  readonly cache: SecretCache;

  constructor(scheduler: fc.Scheduler, random: () => number) {
    this.cache = new SecretCache({
      load: async () => {
        this.reads += 1;
        this.readsRunning += 1;
        this.mostReadsRunning = Math.max(this.mostReadsRunning, this.readsRunning);
        await scheduler.schedule(Promise.resolve(), 'read');
        this.readsRunning -= 1;
        if (this.isDown) {
          this.failures += 1;
          throw new Error('down');
        }
        return `key-${this.version}`;
      },
      ttlMs: TTL_MS,
      retryMs: RETRY_MS,
      now: () => this.nowMs,
      random,
      onStale: () => {
        this.stale += 1;
      },
      onRenewal: () => {
        this.renewals += 1;
      },
    });
  }

  /** A call of the upstream; answers how often it was refused, 2 where the key read anew was refused as well. */
  async call(scheduler: fc.Scheduler): Promise<number> {
    const key = await this.cache.get();
    if (await this.#isAccepted(key, scheduler)) return 0;
    const renewed = await this.cache.renew(key);
    if (renewed === key) return 1;
    return (await this.#isAccepted(renewed, scheduler)) ? 1 : 2;
  }

  async #isAccepted(key: string, scheduler: fc.Scheduler): Promise<boolean> {
    await scheduler.schedule(Promise.resolve(), 'call');
    return key === `key-${this.version}`;
  }
}

type Act = 'call' | 'rotate' | 'down' | 'up' | 'wait';
const plan = fc.array(
  fc.record({
    act: fc.constantFrom<Act>('call', 'call', 'call', 'call', 'rotate', 'down', 'up', 'wait'),
    waitMs: fc.nat(2 * TTL_MS),
  }),
  { maxLength: 50 },
);
const randomness = fc.double({ min: 0, max: 0.999, noNaN: true });

test('whatever is interleaved: one read at a time, an error only where there never was a value, and each failure told', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), plan, randomness, async (scheduler, acts, random) => {
      const world = new World(scheduler, () => random);
      const calls: Promise<unknown>[] = [];
      let hadValue = false;
      for (const { act, waitMs } of acts) {
        if (act === 'rotate') world.version += 1;
        if (act === 'down' || act === 'up') world.isDown = act === 'down';
        if (act === 'wait') {
          await scheduler.waitAll();
          world.nowMs += waitMs;
        }
        hadValue ||= world.cache.state().obtainedAt !== undefined;
        const isSafe = hadValue;
        if (act !== 'call') continue;
        const call = world.call(scheduler).catch((error: unknown) => {
          expect(error).toBeInstanceOf(SecretUnavailableError);
          expect(isSafe).toBe(false);
        });
        calls.push(call);
      }
      await scheduler.waitFor(Promise.all(calls));
      expect(world.mostReadsRunning).toBeLessThanOrEqual(1);
      expect(world.stale).toBeLessThanOrEqual(world.failures);
    }),
    { numRuns: 300 },
  );
});

test('a rotation under which the old key dies at once costs one read, however many calls are in flight', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 5 }),
      async (scheduler, inFlight, rotations) => {
        const world = new World(scheduler, () => 0);
        await scheduler.waitFor(world.call(scheduler));
        for (let rotation = 1; rotation <= rotations; rotation += 1) {
          const readsBefore = world.reads;
          world.version += 1;
          const refusals = await scheduler.waitFor(
            Promise.all(Array.from({ length: inFlight }, () => world.call(scheduler))),
          );
          expect(Math.max(...refusals)).toBe(1);
          expect(world.reads - readsBefore).toBe(1);
          expect(world.renewals).toBe(rotation);
        }
      },
    ),
    { numRuns: 100 },
  );
});

test('without refusals it is read once a lifetime, and while its keeper is down once a pause', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.nat(3_000), { maxLength: 100 }),
      randomness,
      fc.boolean(),
      async (scheduler, waits, random, fails) => {
        const world = new World(scheduler, () => random);
        await scheduler.waitFor(world.cache.get());
        world.isDown = fails;
        for (const waitMs of waits) {
          world.nowMs += waitMs;
          await scheduler.waitFor(Promise.all([world.cache.get(), world.cache.get()]));
        }
        const shortestMs = (fails ? RETRY_MS : TTL_MS) * 0.8;
        expect(world.reads).toBeLessThanOrEqual(2 + world.nowMs / shortestMs);
      },
    ),
    { numRuns: 100 },
  );
});

test('whatever is interleaved, no value is served longer after it was replaced than its time and `maxStaleMs`', async () => {
  await fc.assert(
    fc.asyncProperty(plan, randomness, fc.nat(3 * TTL_MS), async (acts, random, maxStaleMs) => {
      const world = { nowMs: 0, isDown: false, value: 0 };
      const replacedAt = new Map<string, number>();
      const cache = new SecretCache({
        load: async () => {
          const value = `key-${world.value}`;
          // It is replaced while the answer is under way.
          world.nowMs += 7;
          await Promise.resolve();
          if (world.isDown) throw new Error('down');
          return value;
        },
        ttlMs: TTL_MS,
        retryMs: RETRY_MS,
        maxStaleMs,
        now: () => world.nowMs,
        random: () => random,
      });
      for (const { act, waitMs } of acts) {
        if (act === 'rotate') {
          replacedAt.set(`key-${world.value}`, world.nowMs);
          world.value += 1;
        }
        if (act === 'down' || act === 'up') world.isDown = act === 'down';
        if (act === 'wait') world.nowMs += waitMs;
        if (act !== 'call') continue;
        const askedAt = world.nowMs;
        const value = await cache.get().catch(() => undefined);
        const replacedForMs = askedAt - (replacedAt.get(value ?? '') ?? askedAt);
        expect(replacedForMs).toBeLessThan(TTL_MS + maxStaleMs);
      }
    }),
    { numRuns: 500 },
  );
});
