import { resumeConsumer } from '../../../lambda/control-breaker/resume-consumer';
import { HoldStatus, type HoldStatusValue } from '../../../lib/contract/consumer-hold';
import { UPSTREAM_BREAKER } from '../../../lib/contract/control';
import { ControlWorld, START } from '../doubles/control-world';
import { holdRow } from '../doubles/hold-row';

let world: ControlWorld;
beforeEach(() => {
  world = new ControlWorld();
});

const HOUR = START + 3_600_000;
const resume = (epoch: number) => ({ kind: 'resume', breaker: UPSTREAM_BREAKER, epoch, concurrency: 2 }) as const;
const close = () => world.store.force(UPSTREAM_BREAKER, { to: 'closed', nowMs: world.nowMs, reason: 'maintenance' });
const hold = (status: HoldStatusValue) => {
  world.held = holdRow({ status });
  world.consumer = { isEnabled: false, concurrency: 10 };
};

describe.each([HoldStatus.HELD, HoldStatus.LIFTING])('a consumer whose hold is %s', (status) => {
  test('is not resumed by a breaker that closes, nor by a message', async () => {
    hold(status);
    await close();
    await world.follow();
    await world.receive(resume(1));
    expect(world.consumer.isEnabled).toBe(false);
    expect(world.control).toEqual([]);
  });

  test('makes no probe at the end of an open window, and leaves no message that would go round meanwhile', async () => {
    await world.open(30);
    await world.follow();
    hold(status);
    world.work.push('a');
    world.probeWith();
    await world.run(HOUR);
    expect(world.processed).toEqual([]);
    expect(world.work).toEqual(['a']);
    expect(world.control).toEqual([]);
  });

  test('that was switched on is paused by the breaker’s own steps as ever', async () => {
    world.held = holdRow({ status });
    await world.open(30);
    await world.follow();
    expect(world.consumer.isEnabled).toBe(false);
  });
});

test('one whose hold is lifted is resumed, and probed, as if it had never been', async () => {
  hold(HoldStatus.LIFTED);
  await close();
  await world.follow();
  await world.run(HOUR);
  expect(world.consumer).toEqual({ isEnabled: true, concurrency: 10 });
  await world.open(30);
  await world.follow();
  world.work.push('a', 'b');
  world.probeWith();
  await world.run(world.nowMs + 3_600_000);
  expect(world.processed).toEqual(['a', 'b']);
  expect(world.consumer).toEqual({ isEnabled: true, concurrency: 10 });
});

test('one that is held in the middle of a step is paused again, and takes no further step', async () => {
  await close();
  hold(HoldStatus.LIFTED);
  const { dependencies } = world;
  const consumer = {
    ...dependencies.consumer,
    resume: async (concurrency: number) => {
      await dependencies.consumer.resume(concurrency);
      world.held = holdRow({ status: HoldStatus.HELD });
    },
  };
  await resumeConsumer(resume(1), { ...dependencies, consumer });
  expect(world.consumer.isEnabled).toBe(false);
  expect(world.control).toEqual([]);
});
