import type { Crash } from '../doubles/cloud';
import { ControlWorld, START } from '../doubles/control-world';

const bothSides = (steps: readonly string[]) =>
  steps.flatMap((name, index): (Crash & { name: string })[] => [
    { name, atStep: index + 1, when: 'before' },
    { name, atStep: index + 1, when: 'after' },
  ]);

const OPENING = ['read breaker', 'read consumer', 'pause', 'send'];
const PROBE = ['read breaker', 'read consumer', 'read hold', 'receive', 'process', 'delete', 'read breaker'];
const CURRENT = ['read breaker', 'read hold'];
const RESUMING = ['read breaker', ...CURRENT, 'read consumer', 'resume', ...CURRENT, 'send'];

/** A paused consumer at the end of the first window, with jobs waiting. */
const atEndOfWindow = async () => {
  const world = new ControlWorld();
  await world.open(30);
  await world.follow();
  world.control.length = 0;
  world.nowMs = START + 30_000;
  world.work.push('a', 'b', 'c', 'd', 'e');
  world.probeWith();
  world.steps.length = 0;
  return world;
};

/** SQS and the stream bring again what was not acknowledged; in the end everything runs as if nothing had happened. */
const expectRecovery = async (world: ControlWorld) => {
  await world.run(START + 3_600_000);
  expect(await world.row()).toMatchObject({ status: 'closed' });
  expect(world.consumer).toEqual({ isEnabled: true, concurrency: 10 });
  expect(world.control).toEqual([]);
};

test('the steps are these', async () => {
  const world = new ControlWorld();
  await world.open(30);
  await world.follow();
  expect(world.steps).toEqual(OPENING);
  const probed = await atEndOfWindow();
  await probed.receive({ kind: 'probe', breaker: 'upstream', epoch: 1, idle: 0 });
  expect(probed.steps).toEqual(PROBE);
  const closed = await closedAndPaused();
  await closed.follow();
  expect(closed.steps).toEqual(RESUMING);
});

const closedAndPaused = async () => {
  const world = new ControlWorld();
  world.consumer = { isEnabled: false, concurrency: 10 };
  await world.store.force('upstream', { to: 'closed', nowMs: START, reason: 'maintenance' });
  return world;
};

describe('a controller that dies when the breaker opens', () => {
  test.each(bothSides(OPENING))('$when the effect of step $atStep, $name', async (crash) => {
    const world = new ControlWorld();
    await world.open(30);
    world.work.push('a', 'b', 'c', 'd', 'e');
    world.probeWith();
    world.crash(crash);
    expect((await world.follow()).batchItemFailures).toHaveLength(1);
    expect(world.revive()).toBe(true);
    expect((await world.follow()).batchItemFailures).toEqual([]);
    expect(world.consumer.isEnabled).toBe(false);
    await expectRecovery(world);
    // A second chain of messages may come of it, but never a second probe at a time, nor a lost message.
    expect(world.inFlight).toEqual([]);
  });
});

describe('a controller that dies in the middle of a probe', () => {
  test.each(bothSides(PROBE))('$when the effect of step $atStep, $name', async (crash) => {
    const world = await atEndOfWindow();
    world.control.push({ message: { kind: 'probe', breaker: 'upstream', epoch: 1, idle: 0 }, at: START + 30_000 });
    world.crash(crash);
    await expectRecovery(world);
    // What was received and neither processed nor deleted is the queue's to bring again.
    const known = [...world.work, ...world.inFlight, ...world.processed];
    expect(new Set(known)).toEqual(new Set(['a', 'b', 'c', 'd', 'e']));
  });
});

describe('a controller that dies while it resumes', () => {
  test.each(bothSides(RESUMING))('$when the effect of step $atStep, $name', async (crash) => {
    const world = await closedAndPaused();
    world.crash(crash);
    expect((await world.follow()).batchItemFailures).toHaveLength(1);
    expect(world.revive()).toBe(true);
    expect((await world.follow()).batchItemFailures).toEqual([]);
    await expectRecovery(world);
  });
});
