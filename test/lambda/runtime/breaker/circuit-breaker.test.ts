import { CircuitBreaker } from '../../../../lambda/runtime/breaker/circuit-breaker';
import { BreakerOpenError } from '../../../../lambda/runtime/breaker/errors';
import { counted, Down, fail, failTimes, settled, succeed, World } from './world';

test('hands a value through, and an error', async () => {
  const breaker = new World().breaker();
  await expect(breaker.execute(succeed)).resolves.toBe('value');
  await expect(breaker.execute(fail)).rejects.toThrow(Down);
  expect(breaker.state()).toEqual({ status: 'closed', epoch: 0, degraded: false });
});

test('opens at the fifth failure, not at the fourth', async () => {
  const world = new World();
  const breaker = world.breaker();
  await failTimes(breaker, 4);
  expect(breaker.state().status).toBe('closed');
  await failTimes(breaker, 1);
  expect(breaker.state()).toEqual({
    status: 'open',
    epoch: 1,
    openUntil: world.nowMs + 30_000,
    held: false,
    lastOpenedAt: world.nowMs,
    degraded: false,
  });
  expect(world.changes).toEqual(['closed:0 -> open:1 (failure-rate)']);
});

test.each([
  [5, 'open'],
  [6, 'closed'],
])('five failures beside %i successes: %s, as half must have failed', async (successes, status) => {
  const breaker = new World().breaker();
  for (let call = 0; call < successes; call += 1) await breaker.execute(succeed);
  await failTimes(breaker, 5);
  expect(breaker.state().status).toBe(status);
});

test('failures that have left the window do not count', async () => {
  const world = new World();
  const breaker = world.breaker();
  await failTimes(breaker, 4);
  await world.advance(30_000);
  await failTimes(breaker, 4);
  expect(breaker.state().status).toBe('closed');
  await failTimes(breaker, 1);
  expect(breaker.state().status).toBe('open');
});

describe('a slow success', () => {
  test.each([
    [1_000, 'closed'],
    [1_001, 'open'],
  ])('of %i ms, with 1000 ms allowed: %s', async (durationMs, status) => {
    const world = new World();
    const breaker = world.breaker({ failures: 1, slowCallMs: 1_000 });
    const slow = async () => {
      await world.advance(durationMs);
      return 'late';
    };
    await expect(breaker.execute(slow)).resolves.toBe('late');
    expect(breaker.state().status).toBe(status);
  });

  test('of a permit counts as failed', async () => {
    const breaker = new World().breaker({ failures: 1, slowCallMs: 1_000 });
    await (await breaker.acquire()).success(1_000);
    expect(breaker.state().status).toBe('closed');
    await (await breaker.acquire()).success(1_001);
    expect(breaker.state().status).toBe('open');
  });

  test('of a probe opens again', async () => {
    const world = new World();
    const breaker = world.breaker({ failures: 1, slowCallMs: 1_000 });
    await failTimes(breaker, 1);
    await world.advance(30_000);
    await (await breaker.acquire()).success(1_000);
    expect(breaker.state()).toMatchObject({ status: 'half-open', successes: 1 });
    await (await breaker.acquire()).success(1_001);
    expect(breaker.state()).toMatchObject({ status: 'open', epoch: 3 });
  });

  test('of a probe that `execute` makes opens again too', async () => {
    const world = new World();
    const breaker = world.breaker({ failures: 1, slowCallMs: 1_000 });
    await failTimes(breaker, 1);
    await world.advance(30_000);
    await breaker.execute(() => world.advance(1_000));
    expect(breaker.state()).toMatchObject({ status: 'half-open', successes: 1 });
    await breaker.execute(() => world.advance(1_001));
    expect(breaker.state()).toMatchObject({ status: 'open', epoch: 3 });
  });
});

describe('an error that is not the upstream’s fault', () => {
  const isFailure = (error: unknown) => error instanceof Down;
  const refuse = async () => {
    throw new Error('bad request');
  };

  test('does not open it', async () => {
    const breaker = new World().breaker({ failures: 1, isFailure });
    await expect(breaker.execute(refuse)).rejects.toThrow('bad request');
    expect(breaker.state().status).toBe('closed');
  });

  test('as the end of a probe gives the right back for a window later', async () => {
    const world = new World();
    const breaker = world.breaker({ failures: 1, isFailure });
    await failTimes(breaker, 1);
    await world.advance(30_000);
    await expect(breaker.execute(refuse)).rejects.toThrow('bad request');
    const nextProbeAt = world.nowMs + 30_000;
    expect(breaker.state()).toMatchObject({ status: 'half-open', epoch: 2, successes: 0, nextProbeAt });
    await expect(breaker.acquire()).rejects.toMatchObject({ retryAt: nextProbeAt });
    await world.advance(29_999);
    await expect(breaker.execute(succeed)).rejects.toThrow(BreakerOpenError);
    await world.advance(1);
    await expect(breaker.acquire()).resolves.toMatchObject({ kind: 'probe' });
    expect(breaker.state()).not.toHaveProperty('nextProbeAt');
  });
});

describe('the closed path', () => {
  /** A breaker that tells how often it reads the clock. */
  const clocked = (options = {}) => {
    const clock = { reads: 0 };
    const breaker = new CircuitBreaker({ failures: 1, ...options }, { now: () => ++clock.reads });
    return { clock, breaker };
  };

  test('reads the clock once a call, and twice where calls may be too slow or can be aborted', async () => {
    const { clock, breaker } = clocked();
    await breaker.execute(succeed);
    expect(clock.reads).toBe(1);
    await breaker.execute(succeed, new AbortController().signal);
    expect(clock.reads).toBe(2);
    const { clock: slow, breaker: measured } = clocked({ slowCallMs: 1_000 });
    await measured.execute(succeed);
    expect(slow.reads).toBe(2);
  });

  test('refuses by one look at the clock, once it is open', async () => {
    const { clock, breaker } = clocked();
    await failTimes(breaker, 1);
    await breaker.execute(succeed).catch(() => undefined);
    clock.reads = 100;
    await expect(breaker.execute(succeed)).rejects.toThrow(BreakerOpenError);
    expect(clock.reads).toBe(101);
  });

  test('takes a call that throws at once for one that rejects', async () => {
    const { breaker } = clocked();
    const broken = () => {
      throw new Down('at once');
    };
    await expect(breaker.execute(broken)).rejects.toThrow('at once');
    expect(breaker.state().status).toBe('open');
  });

  test.each([
    ['plain', undefined],
    ['with a signal', new AbortController().signal],
  ])('(%s) counts successes', async (_how, signal) => {
    const breaker = new World().breaker({ failures: 2 });
    for (let call = 0; call < 3; call += 1) await breaker.execute(succeed, signal);
    await failTimes(breaker, 2);
    expect(breaker.state().status).toBe('closed');
    await failTimes(breaker, 1);
    expect(breaker.state().status).toBe('open');
  });

  test.each([
    ['plain', undefined],
    ['with a signal', new AbortController().signal],
  ])('(%s) counts no success of a call from before it was open', async (_how, signal) => {
    const world = new World();
    const breaker = world.breaker({ failures: 1, successesToClose: 1, openForMs: 100 });
    const ends: (() => void)[] = [];
    const late = [1, 2, 3].map(() => breaker.execute(() => new Promise<void>((resolve) => ends.push(resolve)), signal));
    await failTimes(breaker, 1);
    await world.advance(100);
    await breaker.execute(succeed);
    expect(breaker.state().status).toBe('closed');
    for (const end of ends) end();
    await Promise.all(late);
    await failTimes(breaker, 1);
    expect(breaker.state().status).toBe('open');
  });

  test('(with a signal) counts failures', async () => {
    const breaker = new World().breaker({ failures: 1 });
    await expect(breaker.execute(fail, new AbortController().signal)).rejects.toThrow(Down);
    expect(breaker.state().status).toBe('open');
  });
});

describe('an abort', () => {
  test('before the call: none is made, and nothing is counted', async () => {
    const breaker = new World().breaker({ failures: 1 });
    const call = counted(succeed);
    await expect(breaker.execute(call.make, AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
    expect(call.times).toBe(0);
    expect(breaker.state().status).toBe('closed');
  });

  test('during the call says nothing about the upstream', async () => {
    const breaker = new World().breaker({ failures: 1 });
    const controller = new AbortController();
    const call = async (signal: AbortSignal | undefined) => {
      expect(signal).toBe(controller.signal);
      controller.abort(new Error('stop'));
      throw signal?.reason;
    };
    await expect(breaker.execute(call, controller.signal)).rejects.toThrow('stop');
    expect(breaker.state().status).toBe('closed');
  });

  test('while the probe is taken gives it back, and calls nothing', async () => {
    const world = new World();
    const breaker = world.breaker({ failures: 1 });
    await failTimes(breaker, 1);
    await world.advance(30_000);
    const controller = new AbortController();
    const call = counted(succeed);
    const asked = breaker.execute(call.make, controller.signal);
    controller.abort(new Error('stop'));
    await expect(asked).rejects.toThrow('stop');
    await settled();
    expect(call.times).toBe(0);
    await world.advance(30_000);
    await expect(breaker.acquire()).resolves.toMatchObject({ kind: 'probe' });
  });
});

test('an observer that throws decides nothing', async () => {
  const breaker = new World().breaker({
    failures: 1,
    observer: {
      onChange: () => {
        throw new Error('observer');
      },
    },
  });
  await expect(breaker.execute(fail)).rejects.toThrow(Down);
  expect(breaker.state().status).toBe('open');
});

test('uses the real clock, randomness and timers where none are given', async () => {
  const breaker = new CircuitBreaker({ failures: 1 });
  const before = Date.now();
  await failTimes(breaker, 1);
  const state = breaker.state();
  expect(state.status === 'open' && state.openUntil >= before + 30_000 && state.openUntil <= Date.now() + 30_000).toBe(
    true,
  );
});
