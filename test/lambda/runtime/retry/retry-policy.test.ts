import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import type { Backoff } from '../../../../lambda/runtime/backoff/backoff';
import { RetryBudget } from '../../../../lambda/runtime/retry/retry-budget';
import { RETRY_DEFAULTS, type RetryOptions, RetryPolicy } from '../../../../lambda/runtime/retry/retry-policy';
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

test('answers the value with the calls that it took', async () => {
  const { world, policy } = sleepless();
  await expect(policy().run(new Calls().failing(2))).resolves.toEqual({ value: 3, calls: 3, paidCalls: 3 });
  expect(world.slept).toEqual([10, 20]);
  await expect(policy().execute(new Calls().failing(0))).resolves.toBe(1);
});

test('gives up when the attempts are used, with the last error', async () => {
  const { policy } = sleepless();
  await expect(policy().run(new Calls().failing(9))).rejects.toMatchObject({
    name: 'RetryError',
    message: 'Gave up after 3 calls: exhausted.',
    reason: 'exhausted',
    calls: 3,
    paidCalls: 3,
    cause: expect.objectContaining({ message: 'failure 3' }),
  });
  await expect(policy({ attempts: 1 }).execute(new Calls().failing(9))).rejects.toMatchObject({ calls: 1 });
});

test('does not repeat what is never to be repeated', async () => {
  const { world, policy } = sleepless();
  const rejection = policy({ classify: () => ({ action: 'never' }) }).run(new Calls().failing(9));
  await expect(rejection).rejects.toMatchObject({ reason: 'permanent', calls: 1, paidCalls: 1 });
  expect(world.slept).toEqual([]);
});

test('starts every run from the first delay', async () => {
  const { world, policy } = sleepless();
  const one = policy();
  await one.run(new Calls().failing(1));
  await one.run(new Calls().failing(1));
  expect(world.slept).toEqual([10, 10]);
});

test('waits the longer of the backoff and what the other side asks, up to the bound', async () => {
  const { world, policy } = sleepless();
  const asked = [5, 100, 1e9];
  const classify = () => ({ action: 'wait', retryAfterMs: asked.shift() ?? 0 }) as const;
  await policy({ attempts: 4, classify }).run(new Calls().failing(3));
  expect(world.slept).toEqual([10, 100, 60_000]);
});

test('counts the calls that were paid for, or perhaps', async () => {
  const { policy } = sleepless();
  const verdicts = [{ paid: false }, {}, { paid: true }];
  const classify = () => ({ action: 'retry', ...verdicts.shift() }) as const;
  await expect(policy({ attempts: 4, classify }).run(new Calls().failing(3))).resolves.toEqual({
    value: 4,
    calls: 4,
    paidCalls: 3,
  });
  const free = policy({ classify: () => ({ action: 'never', paid: false }) }).run(new Calls().failing(9));
  await expect(free).rejects.toMatchObject({ calls: 1, paidCalls: 0 });
});

test('tells of each retry before it waits', async () => {
  const { policy } = sleepless();
  const told: unknown[] = [];
  await policy({ onRetry: (retry) => told.push(retry) }).run(new Calls().failing(2));
  expect(told).toEqual([
    { attempt: 1, delayMs: 10, error: new Error('failure 1') },
    { attempt: 2, delayMs: 20, error: new Error('failure 2') },
  ]);
});

test.each([
  [10, 'deadline', 1],
  [11, 'deadline', 2],
  [30, 'deadline', 2],
  [31, 'exhausted', 3],
])('with the deadline at %i it ends by %s, after %i calls', async (deadline, reason, calls) => {
  const { world, policy } = sleepless();
  await expect(policy().run(new Calls().failing(9), { deadline })).rejects.toMatchObject({ reason, calls });
  expect(world.nowMs).toBeLessThan(deadline);
});

describe('the budget', () => {
  test('ends a run when it is used up, and is spent on no retry that is not made', async () => {
    const { policy } = sleepless();
    const budget = new RetryBudget({ ratio: 0, reserve: 1 });
    const run = () => policy({ budget }).run(new Calls().failing(9), { deadline: 1e9 });
    await expect(policy({ budget, attempts: 1 }).run(new Calls().failing(9))).rejects.toMatchObject({
      reason: 'exhausted',
    });
    await expect(policy({ budget }).run(new Calls().failing(9), { deadline: 1 })).rejects.toMatchObject({
      reason: 'deadline',
    });
    expect(budget.left).toBe(1);
    await expect(run()).rejects.toMatchObject({ reason: 'budget', calls: 2 });
    await expect(run()).rejects.toMatchObject({ reason: 'budget', calls: 1 });
  });

  test('earns by each run, not by each call', async () => {
    const { policy } = sleepless();
    const budget = new RetryBudget({ ratio: 0.5, reserve: 2 });
    await policy({ budget }).run(new Calls().failing(2));
    expect(budget.left).toBe(0.5);
  });

  test('is the policy’s own unless one is shared: three retries, and a tenth', async () => {
    const { policy } = sleepless();
    const one = policy({ attempts: 9 });
    await expect(one.run(new Calls().failing(9))).rejects.toMatchObject({ reason: 'budget', calls: 4 });
    await expect(policy({ attempts: 9 }).run(new Calls().failing(9))).rejects.toMatchObject({ calls: 4 });
  });

  test('can be left out', async () => {
    const { policy } = sleepless();
    const rejection = policy({ attempts: 9, budget: 'unlimited' }).run(new Calls().failing(9));
    await expect(rejection).rejects.toMatchObject({ reason: 'exhausted', calls: 9 });
  });

  test('a run that was aborted before it began earns nothing', async () => {
    const { policy } = sleepless();
    const budget = new RetryBudget();
    const signal = AbortSignal.abort();
    await expect(policy({ budget }).run(new Calls().failing(0), { signal })).rejects.toMatchObject({ calls: 0 });
    expect(budget.left).toBe(3);
  });
});

test('without tools it waits in real time, by full jitter', async () => {
  const before = performance.now();
  const policy = new RetryPolicy({
    attempts: 2,
    maxRetryAfterMs: 20,
    classify: () => ({ action: 'wait', retryAfterMs: 99 }),
    backoff: steps(0),
  });
  await expect(policy.execute(new Calls().failing(1))).resolves.toBe(2);
  expect(performance.now() - before).toBeGreaterThanOrEqual(18);
  const { world } = sleepless();
  const jittered = new RetryPolicy({}, { random: () => 0.5, sleep: async (ms) => void world.slept.push(ms) });
  await jittered.execute(new Calls().failing(2));
  expect(world.slept).toEqual([250, 500]);
});

test('has the defaults that its documentation states', () => {
  expect(RETRY_DEFAULTS).toEqual({ attempts: 3, maxRetryAfterMs: 60_000, baseMs: 500, capMs: 10_000 });
  const source = readFileSync('lambda/runtime/retry/retry-policy.ts', 'utf8');
  expect(source).toContain(`an integer >= 1. @default ${RETRY_DEFAULTS.attempts} */`);
  expect(source).toContain(`>= 0. @default ${RETRY_DEFAULTS.maxRetryAfterMs} */`);
  expect(source).toContain('@default - full jitter, from 500 ms, to 10 s');
});

test.each([
  [{ attempts: 0 }, '`attempts` must be an integer >= 1, got: 0'],
  [{ attempts: 1.5 }, '`attempts` must be an integer >= 1, got: 1.5'],
  [{ maxRetryAfterMs: -1 }, '`maxRetryAfterMs` must be >= 0, got: -1'],
  [{ maxRetryAfterMs: Number.NaN }, '`maxRetryAfterMs` must be >= 0, got: NaN'],
])('%j is refused', (options, message) => {
  expect(() => new RetryPolicy(options)).toThrow(new RangeError(message));
});

test('no wait at all may be allowed', async () => {
  const { world, policy } = sleepless();
  const classify = () => ({ action: 'wait', retryAfterMs: 99 }) as const;
  await policy({ maxRetryAfterMs: 0, classify }).run(new Calls().failing(1));
  expect(world.slept).toEqual([10]);
});

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
