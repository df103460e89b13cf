import { CircuitBreaker } from '../../../../lambda/runtime/breaker/circuit-breaker';
import { BreakerOpenError } from '../../../../lambda/runtime/breaker/errors';
import { FlakyStore } from './flaky-store';
import { Down, fail, failTimes, settled, succeed, World } from './world';

const NAME = 'upstream';

const fleet = () => {
  const world = new World();
  const store = new FlakyStore();
  const worker = (options = {}) => world.breaker({ store, failures: 1, ...options });
  return { world, store, worker };
};

/** The commands that a store was asked for, rather than reads. */
const opened = async (store: FlakyStore, world: World) =>
  store.trip(NAME, { expectedEpoch: 0, nowMs: world.nowMs, openUntil: world.nowMs + 30_000, reason: 'elsewhere' });

describe('while the store cannot be reached', () => {
  test.each(['down', 'silent'] as const)('(%s) it goes on alone, and says so once', async (mode) => {
    const { world, store, worker } = fleet();
    store.mode = mode;
    const breaker = worker();
    const asked = breaker.execute(succeed);
    await settled();
    await world.advance(1_000);
    await expect(asked).resolves.toBe('value');
    expect(breaker.state()).toEqual({ status: 'closed', epoch: 0, degraded: true });
    await failTimes(breaker, 1);
    await expect(breaker.execute(succeed)).rejects.toThrow(BreakerOpenError);
    expect(breaker.state()).toMatchObject({ status: 'open', epoch: 1, degraded: true });
    expect(world.degraded).toEqual([true]);
    expect(world.errors).toEqual([
      mode === 'down'
        ? new Error('unreachable')
        : expect.objectContaining({
            name: 'BreakerStoreTimeoutError',
            message: 'The store of the breaker `upstream` did not answer within 1000 ms.',
          }),
    ]);
    expect(world.sleeping).toBe(0);
  });

  test('it does not ask more often than it would read', async () => {
    const { world, store, worker } = fleet();
    store.mode = 'down';
    const breaker = worker();
    await breaker.execute(succeed);
    await failTimes(breaker, 1);
    await expect(breaker.execute(succeed)).rejects.toThrow(BreakerOpenError);
    expect(store.reads).toBe(1);
    await world.advance(1_500);
    await expect(breaker.execute(succeed)).rejects.toThrow(BreakerOpenError);
    expect(store.reads).toBe(2);
    expect(world.degraded).toEqual([true]);
  });

  test('it is asked again as soon as it would be read again', async () => {
    const { world, store, worker } = fleet();
    store.mode = 'down';
    const breaker = worker();
    const permit = await breaker.acquire();
    store.mode = 'up';
    await world.advance(1_500);
    await permit.failure(0);
    await expect(store.read(NAME)).resolves.toMatchObject({ status: 'open' });
    expect(breaker.state().degraded).toBe(false);
  });

  test('it is not asked before', async () => {
    const { world, store, worker } = fleet();
    store.mode = 'down';
    const breaker = worker();
    const permit = await breaker.acquire();
    store.mode = 'up';
    await world.advance(1_499);
    await permit.failure(0);
    await expect(store.read(NAME)).resolves.toBeUndefined();
    expect(breaker.state().degraded).toBe(true);
  });

  test('it makes one probe of its own, however many ask', async () => {
    const { world, store, worker } = fleet();
    await opened(store, world);
    const breaker = worker();
    await expect(breaker.acquire()).rejects.toThrow(BreakerOpenError);
    await world.advance(29_000);
    await expect(breaker.acquire()).rejects.toThrow(BreakerOpenError);
    await world.advance(1_000);
    store.mode = 'down';
    const asked = await Promise.allSettled([breaker.acquire(), breaker.acquire(), breaker.acquire()]);
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(world.probes).toBe(1);
  });

  test('(in real time, without tools) it waits no longer than it says', async () => {
    const store = new FlakyStore();
    store.mode = 'silent';
    const breaker = new CircuitBreaker({ store, storeTimeoutMs: 20 });
    const before = performance.now();
    await expect(breaker.execute(succeed)).resolves.toBe('value');
    const passedMs = performance.now() - before;
    expect(passedMs).toBeGreaterThanOrEqual(18);
    expect(passedMs).toBeLessThan(900);
    expect(breaker.state().degraded).toBe(true);
  });

  test('it probes and closes alone', async () => {
    const { world, store, worker } = fleet();
    store.mode = 'down';
    const breaker = worker();
    await breaker.execute(succeed);
    await failTimes(breaker, 1);
    await world.advance(30_000);
    await breaker.execute(succeed);
    await breaker.execute(succeed);
    expect(breaker.state()).toMatchObject({ status: 'closed', epoch: 3, degraded: true });
  });

  test('a change that it cannot write holds all the same', async () => {
    const { store, worker } = fleet();
    const breaker = worker();
    await breaker.execute(succeed);
    store.mode = 'down';
    await expect(breaker.execute(fail)).rejects.toThrow(Down);
    expect(breaker.state()).toMatchObject({ status: 'open', epoch: 1, degraded: true });
  });
});

describe('when the store is back', () => {
  const alone = async () => {
    const all = fleet();
    all.store.mode = 'down';
    const breaker = all.worker();
    await breaker.execute(succeed);
    await failTimes(breaker, 1);
    all.store.mode = 'up';
    return { ...all, breaker };
  };

  test('it says so, and the fleet hears that the breaker is open', async () => {
    const { world, store, breaker } = await alone();
    await world.advance(2_000);
    await expect(breaker.execute(succeed)).rejects.toThrow(BreakerOpenError);
    expect(breaker.state()).toMatchObject({ status: 'open', epoch: 1, degraded: false });
    expect(world.degraded).toEqual([true, false]);
    expect(world.errors[1]).toBeUndefined();
    await expect(store.read(NAME)).resolves.toMatchObject({
      status: 'open',
      openUntil: world.nowMs - 2_000 + 30_000,
      reason: 'failure-rate',
    });
  });

  test('a row that others wrote meanwhile counts for more', async () => {
    const { world, store, breaker } = await alone();
    await store.force(NAME, { to: 'closed', nowMs: world.nowMs, reason: 'checked' });
    await world.advance(2_000);
    await expect(breaker.execute(succeed)).resolves.toBe('value');
    expect(store.writes).toBe(1);
  });

  test('a breaker that found the upstream well by itself follows the fleet', async () => {
    const { world, store, breaker } = await alone();
    store.mode = 'down';
    await world.advance(30_000);
    await breaker.execute(succeed);
    await breaker.execute(succeed);
    store.mode = 'up';
    await opened(store, world);
    await world.advance(2_000);
    await expect(breaker.execute(succeed)).rejects.toThrow(BreakerOpenError);
    expect(breaker.state()).toMatchObject({ status: 'open', epoch: 1, degraded: false });
  });

  test('an own probe is not handed over as an opening', async () => {
    const { world, store, breaker } = await alone();
    store.mode = 'down';
    await world.advance(30_000);
    const probe = await breaker.acquire();
    store.mode = 'up';
    await world.advance(2_000);
    await expect(breaker.acquire()).resolves.toMatchObject({ kind: 'normal' });
    expect(world.changes.at(-1)).toBe('half-open:2 -> closed:0 (no-row)');
    await probe.failure(0);
    expect(store.writes).toBe(0);
    expect(breaker.state()).toMatchObject({ status: 'closed', epoch: 0, degraded: false });
  });

  test('an opening is handed over under the epoch that the fleet had', async () => {
    const { world, store, worker } = fleet();
    await opened(store, world);
    await store.force(NAME, { to: 'closed', nowMs: world.nowMs, reason: 'checked' });
    const breaker = worker();
    await breaker.execute(succeed);
    store.mode = 'down';
    await failTimes(breaker, 1);
    store.mode = 'up';
    await world.advance(2_000);
    await expect(breaker.acquire()).rejects.toThrow(BreakerOpenError);
    await expect(store.read(NAME)).resolves.toMatchObject({ status: 'open', epoch: 3 });
  });
});
