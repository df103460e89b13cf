import fc from 'fast-check';
import type { Backoff } from '../../../../lambda/runtime/backoff/backoff';
import { type RetryOptions, RetryPolicy } from '../../../../lambda/runtime/retry/retry-policy';
import { settled, World } from '../breaker/world';

/** 10, 20, 30 ... ms. */
const steps = (attempt = 1): Backoff => ({ next: () => ({ delayMs: attempt * 10, next: steps(attempt + 1) }) });

class Calls {
  times = 0;

  /** Fails so often, then gives the number of the call. */
  failing(failures: number) {
    return async (attempt: number) => {
      this.times += 1;
      expect(attempt).toBe(this.times);
      if (attempt <= failures) throw new Error(`failure ${attempt}`);
      return attempt;
    };
  }
}

/** A world in which a sleep ends at once, by moving the clock. */
const sleepless = () => {
  const world = { nowMs: 0, slept: [] as number[] };
  const sleep = async (ms: number) => {
    world.slept.push(ms);
    world.nowMs += ms;
  };
  const policy = (options: RetryOptions = {}) =>
    new RetryPolicy({ backoff: steps(), ...options }, { now: () => world.nowMs, random: () => 0.5, sleep });
  return { world, policy };
};

describe('an abort', () => {
  const stopped = new Error('stop');

  test('before the first call: none is made', async () => {
    const { policy } = sleepless();
    const calls = new Calls();
    await expect(policy().run(calls.failing(0), { signal: AbortSignal.abort(stopped) })).rejects.toMatchObject({
      reason: 'aborted',
      calls: 0,
      cause: stopped,
    });
    expect(calls.times).toBe(0);
  });

  test('during a call that does not listen: rejects at once', async () => {
    const controller = new AbortController();
    const rejection = sleepless()
      .policy()
      .run(() => new Promise<never>(() => undefined), { signal: controller.signal });
    controller.abort(stopped);
    await expect(rejection).rejects.toMatchObject({ reason: 'aborted', calls: 1, cause: stopped });
  });

  test('by the call itself counts as an abort, and its error is not classified', async () => {
    const controller = new AbortController();
    const call = async () => {
      controller.abort(stopped);
      throw new Error('the call noticed');
    };
    const classify = () => {
      throw new Error('classified');
    };
    await expect(sleepless().policy({ classify }).run(call, { signal: controller.signal })).rejects.toMatchObject({
      reason: 'aborted',
      cause: stopped,
    });
  });

  test('in the moment in which a delay ends leads to no further call', async () => {
    const controller = new AbortController();
    const sleep = async () => controller.abort(stopped);
    const calls = new Calls();
    const policy = new RetryPolicy({ backoff: steps() }, { sleep });
    await expect(policy.run(calls.failing(9), { signal: controller.signal })).rejects.toMatchObject({
      reason: 'aborted',
      calls: 1,
      cause: stopped,
    });
    expect(calls.times).toBe(1);
  });

  test('leaves no listener behind', async () => {
    const { policy } = sleepless();
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    await policy().run(new Calls().failing(2), { signal });
    expect(listeners).toBe(0);
  });

  test('a sleep that fails by itself is not taken for one', async () => {
    const policy = new RetryPolicy(
      {},
      {
        sleep: async () => {
          throw new Error('no timers');
        },
      },
    );
    const { signal } = new AbortController();
    await expect(policy.run(new Calls().failing(9), { signal })).rejects.toThrow('no timers');
    await expect(policy.run(new Calls().failing(9))).rejects.toThrow('no timers');
  });

  test('at any time: rejects within 5 ms of virtual time, and no call comes after it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(2_000),
        fc.integer({ min: 1, max: 300 }),
        fc.nat(3),
        async (abortAtMs, callMs, listens) => {
          const world = new World();
          const started = world.nowMs;
          const controller = new AbortController();
          let calls = 0;
          let callsAtAbort = Number.NaN;
          const call = async () => {
            calls += 1;
            await world.sleep(callMs, listens > 0 ? controller.signal : undefined);
            throw new Error('failure');
          };
          const sleep = listens > 1 ? world.sleep : (ms: number) => world.sleep(ms);
          const policy = new RetryPolicy(
            { attempts: 100, budget: 'unlimited', backoff: steps() },
            { now: world.now, sleep },
          );
          let endedAt = Number.NaN;
          const run = policy.run(call, { signal: controller.signal }).catch((error: unknown) => {
            endedAt = world.nowMs - started;
            return error;
          });
          for (let atMs = 0; atMs <= abortAtMs + 1_000; atMs += 1) {
            if (atMs === abortAtMs) {
              callsAtAbort = calls;
              controller.abort(stopped);
            }
            if (atMs % 10 === 0 || Math.abs(atMs - abortAtMs) < 7) await settled();
            world.advanceQuickly(1);
          }
          expect(await run).toMatchObject({ reason: 'aborted', cause: stopped, calls: callsAtAbort });
          expect(endedAt - abortAtMs).toBeLessThanOrEqual(5);
          expect(calls).toBe(callsAtAbort);
        },
      ),
      { numRuns: 30 },
    );
  });
});
