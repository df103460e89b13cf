import { BreakerOpenError } from '../../../../lambda/runtime/breaker/errors';
import { FlakyStore } from './flaky-store';
import { counted, failTimes, settled, succeed, World } from './world';

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

describe('reads', () => {
  test('nothing before the first call, then once for calls of one to two seconds', async () => {
    const { world, store, worker } = fleet();
    world.random = 0.25;
    const breaker = worker();
    expect(store.reads).toBe(0);
    await breaker.execute(succeed);
    await world.advance(1_249);
    await breaker.execute(succeed);
    await breaker.acquire();
    expect(store.reads).toBe(1);
    await world.advance(1);
    await breaker.execute(succeed);
    expect(store.reads).toBe(2);
    expect([world.degraded, world.sleeping]).toEqual([[], 0]);
  });

  test('once also while it is open', async () => {
    const { world, store, worker } = fleet();
    await opened(store, world);
    const breaker = worker();
    await expect(breaker.acquire()).rejects.toThrow(BreakerOpenError);
    const { reads } = store;
    await world.advance(2_000);
    await expect(breaker.acquire()).rejects.toThrow(BreakerOpenError);
    expect([store.reads, store.writes]).toEqual([reads + 1, 1]);
  });

  test('that bring nothing new leave the window and the calls under way as they are', async () => {
    const { world, worker } = fleet();
    const breaker = worker({ failures: 3 });
    const before = await breaker.acquire();
    await failTimes(breaker, 1);
    await world.advance(2_000);
    await failTimes(breaker, 1);
    expect(breaker.state().status).toBe('closed');
    await before.failure(0);
    expect(breaker.state().status).toBe('open');
  });

  test('that show a newer closing end what calls under way could say', async () => {
    const { world, store, worker } = fleet();
    const breaker = worker();
    const before = await breaker.acquire();
    await opened(store, world);
    await store.force(NAME, { to: 'closed', nowMs: world.nowMs, reason: 'checked' });
    await world.advance(2_000);
    await breaker.acquire();
    await before.failure(0);
    expect(breaker.state()).toMatchObject({ status: 'closed', epoch: 2 });
  });

  test('once for all who ask at the same time', async () => {
    const { store, worker } = fleet();
    const breaker = worker();
    await Promise.all([breaker.execute(succeed), breaker.execute(succeed), breaker.acquire()]);
    expect(store.reads).toBe(1);
  });

  test('the store’s state before it lets the first call through', async () => {
    const { world, store, worker } = fleet();
    await opened(store, world);
    const call = counted(succeed);
    const breaker = worker();
    await expect(breaker.execute(call.make)).rejects.toThrow(BreakerOpenError);
    expect(call.times).toBe(0);
    expect(breaker.state()).toMatchObject({ status: 'open', epoch: 1, degraded: false });
    expect(world.changes).toEqual(['closed:0 -> open:1 (elsewhere)']);
  });

  test('without keeping an open breaker’s callers from the store for longer than a cached read', async () => {
    const { world, store, worker } = fleet();
    await opened(store, world);
    const breaker = worker();
    await expect(breaker.execute(succeed)).rejects.toThrow(BreakerOpenError);
    await expect(breaker.execute(succeed)).rejects.toThrow(BreakerOpenError);
    const { reads } = store;
    await store.force(NAME, { to: 'closed', nowMs: world.nowMs, reason: 'checked' });
    await world.advance(1_500);
    await expect(breaker.execute(succeed)).resolves.toBe('value');
    expect(store.reads).toBe(reads + 2);
  });

  test('that were under way when this process wrote are not taken for the newer truth', async () => {
    const { world, store, worker } = fleet();
    const breaker = worker();
    const permit = await breaker.acquire();
    await world.advance(2_000);
    let open: () => void = () => undefined;
    store.gate = new Promise((resolve) => {
      open = resolve;
    });
    const reading = breaker.acquire().catch((error: unknown) => error);
    await settled();
    store.gate = undefined;
    await permit.failure(0);
    open();
    expect(await reading).toBeInstanceOf(BreakerOpenError);
    expect(breaker.state()).toMatchObject({ status: 'open', epoch: 1 });
    expect(world.changes).toEqual(['closed:0 -> open:1 (failure-rate)']);
  });
});

describe('a change', () => {
  test('is written once, and calls that end well write nothing', async () => {
    const { store, worker } = fleet();
    const breaker = worker();
    await breaker.execute(succeed);
    expect(store.writes).toBe(0);
    await failTimes(breaker, 1);
    expect(store.writes).toBe(1);
    await expect(store.read(NAME)).resolves.toMatchObject({ status: 'open', epoch: 1, reason: 'failure-rate' });
  });

  test('is known to the others within two seconds', async () => {
    const { world, worker } = fleet();
    const [first, second] = [worker(), worker()];
    await second.execute(succeed);
    await failTimes(first, 1);
    await expect(second.execute(succeed)).resolves.toBe('value');
    await world.advance(1_500);
    await expect(second.execute(succeed)).rejects.toThrow(BreakerOpenError);
  });

  test('holds in this process before the store has heard of it', async () => {
    const { store, worker } = fleet();
    const breaker = worker();
    await breaker.execute(succeed);
    const permit = await breaker.acquire();
    store.gate = new Promise(() => undefined);
    void permit.failure(0);
    expect(breaker.state()).toMatchObject({ status: 'open', epoch: 1 });
    await expect(breaker.execute(succeed)).rejects.toThrow(BreakerOpenError);
  });

  test('where the fleet was first, the fleet’s window counts', async () => {
    const { world, store, worker } = fleet();
    const breaker = worker();
    await breaker.execute(succeed);
    await store.trip(NAME, { expectedEpoch: 0, nowMs: 1, openUntil: world.nowMs + 99_000, reason: 'elsewhere' });
    await failTimes(breaker, 1);
    expect(breaker.state()).toMatchObject({ status: 'open', epoch: 1, openUntil: world.nowMs + 99_000 });
  });
});

test('an operator’s closing wins over an opening of the same moment', async () => {
  const { world, store, worker } = fleet();
  const breaker = worker();
  await breaker.execute(succeed);
  await store.force(NAME, { to: 'closed', nowMs: world.nowMs, reason: 'checked' });
  await failTimes(breaker, 1);
  expect(breaker.state()).toMatchObject({ status: 'closed', epoch: 1 });
  expect(world.changes).toEqual(['closed:0 -> open:1 (failure-rate)', 'open:1 -> closed:1 (checked)']);
  await failTimes(breaker, 1);
  expect(breaker.state()).toMatchObject({ status: 'open', epoch: 2 });
});

describe('the probe', () => {
  test('is one for the whole fleet; its name says who, and is new each time', async () => {
    const { world, store, worker } = fleet();
    const workers = Array.from({ length: 20 }, () => worker());
    await opened(store, world);
    await world.advance(30_000);
    const asked = await Promise.allSettled(workers.map((one, index) => one.acquire(`job-${index}`)));
    const permits = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(permits.map(({ kind }) => kind)).toEqual(['probe']);
    const first = (await store.read(NAME))?.probeOwner;
    expect(first).toMatch(/^job-\d+#[0-9a-z]{9,}\.1$/);
    await permits[0]?.abandon();
    await world.advance(30_000);
    await workers[0]?.acquire('job-0');
    expect((await store.read(NAME))?.probeOwner).not.toBe(first);
    expect(world.probes).toBe(2);
  });

  test('of an unnamed caller is a worker’s', async () => {
    const { world, store, worker } = fleet();
    await opened(store, world);
    await world.advance(30_000);
    await worker().acquire();
    expect((await store.read(NAME))?.probeOwner).toMatch(/^worker#/);
  });

  test('does not run while an operator holds the breaker open', async () => {
    const { world, store, worker } = fleet();
    await store.force(NAME, { to: 'open', nowMs: world.nowMs, reason: 'provider asked' });
    const breaker = worker();
    await world.advance(1e9);
    await expect(breaker.acquire()).rejects.toMatchObject({ retryAfterMs: 30_000 });
    await expect(breaker.execute(succeed)).rejects.toThrow(BreakerOpenError);
    expect(breaker.state()).toMatchObject({ status: 'open', held: true });
    expect(store.writes).toBe(1);
  });

  test('lost to another does not stop a worker that finds the breaker closed by then', async () => {
    const { world, store, worker } = fleet();
    await opened(store, world);
    const breaker = worker();
    await expect(breaker.acquire()).rejects.toThrow(BreakerOpenError);
    await world.advance(30_000);
    await expect(breaker.acquire()).resolves.toMatchObject({ kind: 'probe' });
    const late = worker();
    await expect(late.acquire()).rejects.toThrow(BreakerOpenError);
    await world.advance(70_000);
    const held = store.read.bind(store);
    let reads = 0;
    // Closed by hand between the read of the cache and the taking.
    store.read = async (name) => {
      reads += 1;
      if (reads === 2)
        await FlakyStore.prototype.force.call(store, name, { to: 'closed', nowMs: 1, reason: 'checked' });
      return held(name);
    };
    await expect(late.acquire()).resolves.toMatchObject({ kind: 'normal' });
  });
});
