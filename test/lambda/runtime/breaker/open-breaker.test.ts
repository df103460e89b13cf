import { BreakerOpenError } from '../../../../lambda/runtime/breaker/errors';
import { counted, Down, fail, failTimes, succeed, World } from './world';

const MINUTE = 60_000;

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
