import type { Permit } from '../../../../lambda/runtime/breaker/breaker';
import type {
  RecordProbeCommand,
  StoreAnswer,
  TakeProbeCommand,
} from '../../../../lambda/runtime/breaker/breaker-store';
import { MemoryBreakerStore } from '../../../../lambda/runtime/breaker/memory-breaker-store';
import { settled, World } from './world';

const NAME = 'upstream';

/** A store whose next writes of a probe fail, with their effect or without it, each after some time. */
class FailingStore extends MemoryBreakerStore {
  failures = 0;
  hasEffect = false;
  asked = 0;
  onFailure: () => void = () => undefined;

  override takeProbe(name: string, command: TakeProbeCommand): Promise<StoreAnswer> {
    return this.#perform(() => super.takeProbe(name, command));
  }

  override recordProbe(name: string, command: RecordProbeCommand): Promise<StoreAnswer> {
    return this.#perform(() => super.recordProbe(name, command));
  }

  async #perform(work: () => Promise<StoreAnswer>): Promise<StoreAnswer> {
    this.asked += 1;
    const fails = this.failures > 0;
    if (!fails || this.hasEffect) {
      const answer = await work();
      if (!fails) return answer;
    }
    this.failures -= 1;
    this.onFailure();
    throw new Error('throttled');
  }
}

/** A breaker whose window is over, in a fleet. */
const atEndOfWindow = async () => {
  const world = new World();
  const store = new FailingStore();
  const breaker = world.breaker({ store, successesToClose: 2, probeLeaseMs: 60_000 });
  await store.trip(NAME, {
    expectedEpoch: 0,
    nowMs: world.nowMs,
    openUntil: world.nowMs + 30_000,
    reason: 'elsewhere',
  });
  await world.advance(30_000);
  return { world, store, breaker };
};

const ENDS: readonly [keyof Permit & ('success' | 'failure' | 'abandon'), object][] = [
  ['success', { status: 'half-open', epoch: 2, successes: 1 }],
  ['failure', { status: 'open', epoch: 3, reason: 'probe-failed' }],
  ['abandon', { status: 'half-open', epoch: 2, nextProbeAt: 1_060_000 }],
];

describe.each([false, true])('a store that fails twice (with its effect: %s)', (hasEffect) => {
  test.each(ENDS)('hears of a probe’s %s all the same, once', async (end, row) => {
    const { world, store, breaker } = await atEndOfWindow();
    const permit = await breaker.acquire();
    Object.assign(store, { failures: 2, hasEffect, asked: 0 });
    await permit[end](0);
    expect(await store.read(NAME)).toMatchObject(row);
    expect(await store.read(NAME)).not.toHaveProperty('probeOwner');
    expect(breaker.state()).toMatchObject({ epoch: (row as { epoch: number }).epoch, degraded: false });
    expect([store.asked, world.degraded, world.sleeping]).toEqual([3, [], 0]);
  });

  test('gives the probe to one all the same', async () => {
    const { store, breaker } = await atEndOfWindow();
    Object.assign(store, { failures: 2, hasEffect });
    await expect(breaker.acquire('job-1')).resolves.toMatchObject({ kind: 'probe' });
    expect((await store.read(NAME))?.probeOwner).toMatch(/^job-1#/);
    expect(breaker.state().degraded).toBe(false);
  });
});

test('a store that fails a third time is one that cannot be reached', async () => {
  const { world, store, breaker } = await atEndOfWindow();
  const permit = await breaker.acquire();
  Object.assign(store, { failures: 3, asked: 0 });
  await permit.success(0);
  expect([store.asked, world.degraded]).toEqual([3, [true]]);
  expect(breaker.state()).toMatchObject({ status: 'half-open', successes: 1, degraded: true });
});

test.each([
  [999, 2],
  [1_000, 1],
])('a failure that took %i ms of the 1000 ms that a call may take: asked %i times', async (tookMs, asked) => {
  const { world, store, breaker } = await atEndOfWindow();
  const permit = await breaker.acquire();
  Object.assign(store, { failures: 1, asked: 0 });
  store.onFailure = () => {
    world.nowMs += tookMs;
  };
  await permit.success(0);
  await settled();
  expect(store.asked).toBe(asked);
});
