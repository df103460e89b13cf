import { readFileSync } from 'node:fs';
import type { Backoff } from '../../../../lambda/runtime/backoff/backoff';
import { RetryBudget } from '../../../../lambda/runtime/retry/retry-budget';
import { RETRY_DEFAULTS, type RetryOptions, RetryPolicy } from '../../../../lambda/runtime/retry/retry-policy';

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
