import { CircuitBreaker } from '../../../../lambda/runtime/breaker/circuit-breaker';
import { BreakerOpenError } from '../../../../lambda/runtime/breaker/errors';
import { counted, Down, fail, failTimes, settled, succeed, World } from './world';

const MINUTE = 60_000;

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

describe('an open breaker', () => {
  const opened = async (options = {}) => {
    const world = new World();
    const breaker = world.breaker({ failures: 1, ...options });
    await failTimes(breaker, 1);
    return { world, breaker };
  };

  test('calls nothing, and says when to ask again', async () => {
    const { world, breaker } = await opened();
    const call = counted(succeed);
    const refusal = (await breaker.execute(call.make).catch((error: unknown) => error)) as BreakerOpenError;
    expect(refusal).toBeInstanceOf(BreakerOpenError);
    expect(refusal).toMatchObject({
      name: 'BreakerOpenError',
      message: 'The circuit breaker `upstream` is open.',
      breaker: 'upstream',
      retryAt: world.nowMs + 30_000,
      retryAfterMs: 30_000,
    });
    await world.advance(10_000);
    expect(refusal.retryAfterMs).toBe(20_000);
    await world.advance(19_999);
    expect(refusal.retryAfterMs).toBe(1_000);
    expect(call.times).toBe(0);
  });

  test('refuses with one error for the whole window, without a stack', async () => {
    const { breaker } = await opened({ name: 'model' });
    const refusals = await Promise.all(
      [breaker.execute(succeed), breaker.execute(succeed), breaker.acquire()].map((asked) =>
        asked.catch((error: unknown) => error),
      ),
    );
    expect(new Set(refusals).size).toBe(1);
    expect((refusals[0] as Error).stack).toBe('BreakerOpenError: The circuit breaker `model` is open.');
  });

  test('lets one probe through when the window is over, and not a moment before', async () => {
    const { world, breaker } = await opened();
    await world.advance(29_999);
    await expect(breaker.acquire()).rejects.toThrow(BreakerOpenError);
    await world.advance(1);
    const probe = await breaker.acquire();
    expect(probe.kind).toBe('probe');
    expect(breaker.state()).toMatchObject({
      status: 'half-open',
      epoch: 2,
      successes: 0,
      lastOpenedAt: world.nowMs - 30_000,
    });
    await expect(breaker.acquire()).rejects.toMatchObject({ retryAt: world.nowMs + 60_000 });
    await expect(breaker.execute(succeed)).rejects.toThrow(BreakerOpenError);
    expect(world.probes).toBe(1);
  });

  test('closes after two probes that succeed, and begins with an empty window', async () => {
    const { world, breaker } = await opened({ failures: 2, openForMs: 100, windowMs: 60_000 });
    await failTimes(breaker, 1);
    await world.advance(100);
    await expect(breaker.execute(succeed)).resolves.toBe('value');
    expect(breaker.state()).toMatchObject({ status: 'half-open', epoch: 2, successes: 1 });
    await expect(breaker.execute(succeed)).resolves.toBe('value');
    expect(breaker.state()).toEqual({
      status: 'closed',
      epoch: 3,
      lastOpenedAt: world.nowMs - 100,
      closedAt: world.nowMs,
      degraded: false,
    });
    await failTimes(breaker, 1);
    expect(breaker.state().status).toBe('closed');
    expect(world.changes).toEqual([
      'closed:0 -> open:1 (failure-rate)',
      'open:1 -> half-open:2 (probe)',
      'half-open:2 -> closed:3 (probes-succeeded)',
    ]);
  });

  test('opens again when a probe fails', async () => {
    const { world, breaker } = await opened();
    await world.advance(30_000);
    await breaker.execute(succeed);
    await expect(breaker.execute(fail)).rejects.toThrow(Down);
    expect(breaker.state()).toMatchObject({ status: 'open', epoch: 3, lastOpenedAt: world.nowMs - 30_000 });
    expect(world.changes.at(-1)).toBe('half-open:2 -> open:3 (probe-failed)');
  });

  test.each([
    [0, [30_000, 30_000, 30_000, 30_000]],
    [0.5, [30_000, 45_000, 75_000, 135_000]],
    [0.999999, [30_000, 59_999, 119_999, 239_999]],
  ])('its window grows at random (%d) with each opening in a row, up to the bound', async (random, windows) => {
    const world = new World();
    world.random = random;
    const breaker = world.breaker({ failures: 1, maxOpenForMs: 240_000 });
    const seen: number[] = [];
    for (const _ of windows) {
      await failTimes(breaker, 1);
      const state = breaker.state();
      const untilMs = state.status === 'open' ? state.openUntil : Number.NaN;
      seen.push(untilMs - world.nowMs);
      await world.advance(untilMs - world.nowMs);
    }
    expect(seen).toEqual(windows);
  });

  test('a closing forgets the growth', async () => {
    const world = new World();
    const breaker = world.breaker({ failures: 1, successesToClose: 1 });
    await failTimes(breaker, 1);
    await world.advance(30_000);
    await failTimes(breaker, 1);
    await world.advance(MINUTE);
    await breaker.execute(succeed);
    await failTimes(breaker, 1);
    expect(breaker.state()).toMatchObject({ status: 'open', openUntil: world.nowMs + 30_000 });
  });

  test.each([
    ['its lease', 40_000, 40_500],
    ['a window, where its lease is shorter', 10_000, 30_500],
  ])('a probe that never ends is replaced after %s, and the skew of clocks', async (_, probeLeaseMs, afterMs) => {
    const { world, breaker } = await opened({ probeLeaseMs, maxSkewMs: 500 });
    await world.advance(30_000);
    const lost = await breaker.acquire();
    const retryAt = world.nowMs + afterMs - 500;
    await expect(breaker.acquire()).rejects.toMatchObject({ retryAt });
    await world.advance(afterMs);
    await expect(breaker.acquire()).rejects.toThrow(BreakerOpenError);
    await world.advance(1);
    const probe = await breaker.acquire();
    await lost.failure(0);
    expect(breaker.state().status).toBe('half-open');
    await probe.success(0);
    expect(breaker.state()).toMatchObject({ status: 'half-open', successes: 1 });
  });

  test('ignores what calls from before the opening come to', async () => {
    const world = new World();
    const breaker = world.breaker({ failures: 1, successesToClose: 1 });
    const early = await breaker.acquire();
    let arrive: (value: string) => void = () => undefined;
    const late = breaker.execute(() => new Promise<string>((resolve) => (arrive = resolve)));
    await failTimes(breaker, 1);
    await early.failure(0);
    await early.success(0);
    expect(breaker.state()).toMatchObject({ status: 'open', epoch: 1 });
    await world.advance(30_000);
    await breaker.execute(succeed);
    await early.failure(0);
    arrive('late');
    await expect(late).resolves.toBe('late');
    expect(breaker.state()).toMatchObject({ status: 'closed', epoch: 3 });
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
