import { controlBatch } from '../../../lambda/control-breaker/control-batch';
import { UPSTREAM_BREAKER } from '../../../lib/contract/control';
import { ControlWorld, START } from '../doubles/control-world';

let world: ControlWorld;
beforeEach(() => {
  world = new ControlWorld();
});

const done = { batchItemFailures: [] };
const HOUR = START + 3_600_000;
const probe = (epoch: number, turn = '0//') => ({ kind: 'probe', breaker: UPSTREAM_BREAKER, epoch, turn, idle: 0 });
const resume = (epoch: number, concurrency: number) => ({
  kind: 'resume',
  breaker: UPSTREAM_BREAKER,
  epoch,
  concurrency,
});
const force = (to: 'open' | 'closed') =>
  world.store.force(UPSTREAM_BREAKER, { to, nowMs: world.nowMs, reason: 'maintenance' });

describe('a breaker that opens', () => {
  test('pauses the consumer, and is probed when its window ends', async () => {
    await world.open(30);
    expect(await world.follow()).toEqual(done);
    expect(world.consumer.isEnabled).toBe(false);
    expect(world.control).toEqual([{ message: probe(1), at: START + 30_000 }]);
    expect(world.metrics).toEqual({ ConsumerPaused: 1 });
  });

  test('told twice pauses once', async () => {
    await world.open();
    await world.follow();
    await world.follow();
    expect(world.steps.filter((step) => step === 'pause')).toHaveLength(1);
    expect(world.metrics).toEqual({ ConsumerPaused: 1 });
  });

  test('by hand is paused and never probed', async () => {
    await force('open');
    await world.follow();
    expect(world.consumer.isEnabled).toBe(false);
    expect(world.control).toEqual([]);
    await world.receive(probe(1));
    expect(world.processed).toEqual([]);
  });

  test('and has closed since leaves that to the later record', async () => {
    await world.open();
    const opened = await world.row();
    await force('closed');
    expect(await world.follow(opened)).toEqual(done);
    expect(world.consumer.isEnabled).toBe(true);
    expect(world.control).toEqual([]);
  });

  test('whose consumer is being changed is followed again', async () => {
    await world.open();
    world.isConsumerBusy = true;
    expect(await world.follow()).toEqual({ batchItemFailures: [{ itemIdentifier: '7' }] });
  });

  test('for longer than a message can wait is asked again at the end of the wait', async () => {
    await world.open(2_000);
    await world.receive(probe(1));
    expect(world.control).toEqual([{ message: probe(1), at: START + 2_000_000 }]);
    expect(world.processed).toEqual([]);
  });
});

describe('the end of a window', () => {
  beforeEach(async () => {
    await world.open(30);
    await world.follow();
    world.work.push('a', 'b', 'c');
  });

  test('lets single messages through until the breaker is closed, and resumes in steps', async () => {
    world.probeWith();
    await world.run(START + 30_999);
    expect(world.processed).toEqual(['a', 'b']);
    expect(world.work).toEqual(['c']);
    expect(world.inFlight).toEqual([]);
    expect(await world.row()).toMatchObject({ status: 'closed' });
    expect(world.consumer).toEqual({ isEnabled: true, concurrency: 2 });
    const seen = [world.consumer.concurrency];
    for (let seconds = 34; seconds < 60; seconds += 4) {
      await world.run(START + seconds * 1_000 + 999);
      seen.push(world.consumer.concurrency);
    }
    expect([...new Set(seen)]).toEqual([2, 4, 8, 10]);
    expect(world.control).toEqual([]);
    expect(world.metrics).toEqual({ ConsumerPaused: 1, ConsumerResumed: 1 });
  });

  test('makes one probe a window while the upstream stays down', async () => {
    world.work.push(...Array.from({ length: 50 }, (_, i) => `job-${i}`));
    world.probeWith(...Array.from({ length: 50 }, () => 'failed' as const));
    await world.run(START + 10 * 60_000);
    // Each of 20 windows of 30 seconds, the first of which begins with the opening.
    expect(world.processed.length).toBeLessThanOrEqual(20);
    expect(world.processed.length).toBeGreaterThanOrEqual(18);
    expect(world.consumer.isEnabled).toBe(false);
  });

  test('leaves a message to the queue that the processor is not done with', async () => {
    world.processor = async () => false;
    await world.run(START + 30_999);
    expect(world.inFlight[0]).toBe('a');
    expect(world.steps).not.toContain('delete');
  });

  test('goes on with the next message where one was no probe: its job had ended', async () => {
    await world.run(START + 35_000);
    expect(world.processed).toEqual(['a', 'b', 'c']);
  });

  test('looks again at an empty queue for a minute, and then leaves it to the sweeper', async () => {
    world.work.length = 0;
    await world.run(HOUR);
    expect(world.control).toEqual([]);
    expect(world.steps.filter((step) => step === 'receive').length).toBe(13);
    world.work.push('late');
    world.probeWith();
    await world.receive(probe(1));
    expect(world.processed).toEqual(['late']);
  });

  test('waits until a probe that another worker makes must have ended, and for a clock that is behind', async () => {
    world.nowMs = START + 30_000;
    const { row } = await world.store.takeProbe(UPSTREAM_BREAKER, {
      owner: 'another',
      epoch: 1,
      nowMs: world.nowMs,
      leaseMs: 60_000,
      maxSkewMs: 0,
    });
    world.control.length = 0;
    const { turn: _, ...reminder } = probe(row?.epoch ?? 0);
    await world.receive(reminder);
    expect(world.processed).toEqual([]);
    expect(world.control).toEqual([{ message: probe(row?.epoch ?? 0, '0/another/'), at: world.nowMs + 62_000 }]);
  });

  test('of an earlier opening does nothing', async () => {
    world.nowMs = START + 30_000;
    await force('closed');
    await world.open(30);
    world.nowMs = START + 60_000;
    world.steps.length = 0;
    expect(await world.receive(probe(1))).toEqual(done);
    expect(world.steps).toEqual(['read breaker']);
  });

  test('pauses a consumer that was switched on meanwhile', async () => {
    world.consumer = { isEnabled: true, concurrency: 10 };
    world.probeWith('failed');
    await world.run(START + 30_999);
    expect(world.consumer.isEnabled).toBe(false);
  });

  test('is tried again a little later while the consumer is being changed, at the cost of no receive', async () => {
    world.consumer = { isEnabled: true, concurrency: 10 };
    world.isConsumerBusy = true;
    world.control.length = 0;
    expect(await world.receive(probe(1))).toEqual(done);
    expect(world.control).toEqual([{ message: probe(1), at: START + 5_000 }]);
  });
});

describe('a breaker that closes', () => {
  beforeEach(() => {
    world.consumer = { isEnabled: false, concurrency: 10 };
  });

  test('by hand resumes a paused consumer at the first step', async () => {
    await force('closed');
    await world.follow();
    expect(world.consumer).toEqual({ isEnabled: true, concurrency: 2 });
    expect(world.control).toEqual([{ message: resume(1, 4), at: START + 4_000 }]);
  });

  test('by hand takes nothing from a consumer that runs', async () => {
    world.consumer = { isEnabled: true, concurrency: 10 };
    await force('closed');
    await world.follow();
    expect(world.consumer).toEqual({ isEnabled: true, concurrency: 10 });
    expect(world.control).toEqual([]);
  });

  test('needs one step only where two processors are all there are', async () => {
    world.maxConcurrency = 2;
    await force('closed');
    await world.follow();
    expect(world.consumer).toEqual({ isEnabled: true, concurrency: 2 });
    expect(world.control).toEqual([]);
  });

  test('and opens again in the middle of the steps stops them', async () => {
    await force('closed');
    await world.follow();
    await world.run(START + 4_000);
    expect(world.consumer.concurrency).toBe(4);
    await world.open();
    await world.follow();
    world.nowMs = START + 8_000;
    await world.receive(resume(1, 8));
    expect(world.consumer).toEqual({ isEnabled: false, concurrency: 4 });
  });

  test('and opens again in the middle of one step takes that step back', async () => {
    await force('closed');
    const { dependencies } = world;
    let reads = 0;
    const store = {
      read: async (name: string) => {
        reads += 1;
        if (reads === 2) await world.open();
        return dependencies.store.read(name);
      },
    };
    const { resumeConsumer } = await import('../../../lambda/control-breaker/resume-consumer');
    await resumeConsumer(resume(1, 2) as never, { ...dependencies, store });
    expect(world.consumer.isEnabled).toBe(false);
    expect(world.control).toEqual([]);
  });

  test('a step that comes twice does nothing the second time', async () => {
    await force('closed');
    await world.receive(resume(1, 4));
    await world.receive(resume(1, 2));
    expect(world.consumer).toEqual({ isEnabled: true, concurrency: 4 });
    expect(world.metrics).toEqual({ ConsumerResumed: 1 });
  });
});

test('a message whose step fails comes again in seconds, and not after six runs of the processor', async () => {
  await world.open(30);
  world.nowMs = START + 30_000;
  world.crash({ atStep: 3, when: 'before' });
  expect(await world.receive(probe(1))).toEqual({ batchItemFailures: [{ itemIdentifier: 'control-1' }] });
  expect(world.returned).toEqual([['receipt-control-1', 1]]);
});

test.each([
  [1, 1],
  [2, 2],
  [5, 16],
  [6, 16],
])('after the receive %i of it, in %i seconds', async (receives, seconds) => {
  const message = {
    messageId: 'control-1',
    receiptHandle: 'receipt-control-1',
    body: JSON.stringify(probe(1)),
    attributes: { ApproximateReceiveCount: String(receives) },
  };
  await world.open(30);
  world.crash({ atStep: 1, when: 'before' });
  await controlBatch([message as never], world.dependencies);
  expect(world.returned).toEqual([['receipt-control-1', seconds]]);
});

test('a record of the stream whose step fails is left to the stream', async () => {
  await world.open(30);
  world.crash({ atStep: 2, when: 'before' });
  expect(await world.follow()).toEqual({ batchItemFailures: [{ itemIdentifier: '7' }] });
  expect(world.returned).toEqual([]);
});

test.each(['', '{}', '{"kind":"probe"}', '{"kind":"other","breaker":"upstream","epoch":1}'])(
  'a malformed message %j is dropped, as nobody could ever read it',
  async (body) => {
    expect(await world.receive(body)).toEqual(done);
    expect(world.steps).toEqual([]);
  },
);

test.each([['a row that is no breaker’s', { name: 'kill-switch', status: 'open', epoch: 1 }]])(
  '%s is no news',
  async (_, row) => {
    expect(await world.follow(row as never)).toEqual(done);
    expect(world.steps).toEqual([]);
  },
);
