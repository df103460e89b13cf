import { RetryError } from '../../../../lambda/runtime/retry/errors';
import { type RetryPolicy, retry } from '../../../../lambda/runtime/retry/retry';

class World {
  nowMs = 0;
  readonly slept: number[] = [];
  calls = 0;

  /** Fails so often, then gives the number of the call. */
  failing(times: number) {
    return async () => {
      this.calls += 1;
      if (this.calls <= times) throw new Error(`failure ${this.calls}`);
      return this.calls;
    };
  }

  run<T>(call: (attempt: number) => Promise<T>, policy: Partial<RetryPolicy> = {}) {
    const now = () => this.nowMs;
    const sleep = async (ms: number) => {
      this.slept.push(ms);
      this.nowMs += ms;
    };
    const defaults = { attempts: 3, backoff: (attempt: number) => attempt * 10, classify: () => ({ retryable: true }) };
    return retry(call, { ...defaults, ...policy }, { now, sleep });
  }
}

const world = () => new World();

test('answers the value and the number of calls', async () => {
  const w = world();
  await expect(w.run(w.failing(2))).resolves.toEqual({ value: 3, calls: 3 });
  expect(w.slept).toEqual([10, 20]);
});

test('tells each call which it is', async () => {
  const attempts: number[] = [];
  const call = async (attempt: number) => {
    attempts.push(attempt);
    throw new Error('no');
  };
  await expect(world().run(call)).rejects.toThrow(RetryError);
  expect(attempts).toEqual([1, 2, 3]);
});

test('gives up when the attempts are used, with the last error', async () => {
  const w = world();
  await expect(w.run(w.failing(9))).rejects.toMatchObject({
    name: 'RetryError',
    reason: 'exhausted',
    calls: 3,
    cause: expect.objectContaining({ message: 'failure 3' }),
  });
});

test('does not repeat what is permanent', async () => {
  const w = world();
  const rejection = w.run(w.failing(9), { classify: () => ({ retryable: false }) });
  await expect(rejection).rejects.toMatchObject({ reason: 'permanent', calls: 1 });
  expect(w.slept).toEqual([]);
});

test('waits the longer of the backoff and what the other side asks', async () => {
  const w = world();
  const asked = [5, 100];
  await w.run(w.failing(2), { classify: () => ({ retryable: true, retryAfterMs: asked.shift() ?? 0 }) });
  expect(w.slept).toEqual([10, 100]);
});

test.each([
  [10, 'deadline', 1],
  [11, 'deadline', 2],
  [30, 'deadline', 2],
  [31, 'exhausted', 3],
])('with the deadline at %i it ends by %s, after %i calls', async (deadline, reason, calls) => {
  const w = world();
  await expect(w.run(w.failing(9), { deadline })).rejects.toMatchObject({ reason, calls });
  expect(w.nowMs).toBeLessThan(deadline);
});

describe('an abort', () => {
  const stopped = new Error('stop');

  test('before the first call: none is made', async () => {
    const w = world();
    await expect(w.run(w.failing(0), { signal: AbortSignal.abort(stopped) })).rejects.toMatchObject({
      reason: 'aborted',
      calls: 0,
      cause: stopped,
    });
    expect(w.calls).toBe(0);
  });

  test('during a call that does not listen: rejects at once', async () => {
    const controller = new AbortController();
    const never = () => new Promise<never>(() => undefined);
    const rejection = world().run(never, { signal: controller.signal });
    controller.abort(stopped);
    await expect(rejection).rejects.toMatchObject({ reason: 'aborted', calls: 1, cause: stopped });
  });

  test('during a delay that does not listen: rejects at once, and calls no more', async () => {
    const controller = new AbortController();
    let calls = 0;
    const call = async () => {
      calls += 1;
      throw new Error('no');
    };
    const policy = { attempts: 3, backoff: () => 1, classify: () => ({ retryable: true }), signal: controller.signal };
    const rejection = retry(call, policy, { now: () => 0, sleep: () => new Promise(() => undefined) });
    setImmediate(() => controller.abort(stopped));
    await expect(rejection).rejects.toMatchObject({ reason: 'aborted', calls: 1, cause: stopped });
    expect(calls).toBe(1);
  });

  test('is not asked to be classified', async () => {
    const controller = new AbortController();
    const call = async () => {
      controller.abort(stopped);
      throw new Error('the call noticed');
    };
    const classify = () => {
      throw new Error('classified');
    };
    await expect(world().run(call, { signal: controller.signal, classify })).rejects.toMatchObject({
      reason: 'aborted',
    });
  });
});
