import '../doubles/environment';
import { Cloud, type Crash } from '../doubles/cloud';
import { CONTROL_TABLE, LEASE_MS } from '../doubles/environment';
import { sqsRecord } from '../doubles/events';
import { COST, Processor, upstreamFailure } from '../doubles/processor';

/** Steps of a run in which the upstream fails once; a test below says which they are. */
const STEPS = [
  'UpdateItem',
  'Decrypt',
  'GetSecretValue',
  'GetItem',
  // The ledger: the call is begun under the job's reservation.
  'BatchGetItem',
  'PutItem',
  'UpdateItem',
  'complete',
  // Of the first call nobody knows what it has cost: the second is committed beside it.
  'BatchGetItem',
  'TransactWriteItems',
  'UpdateItem',
  'complete',
  // What the second has cost.
  'GetItem',
  'TransactWriteItems',
  // That the upstream has served somebody.
  'UpdateItem',
  'TransactWriteItems',
];

/** Processes as the queue would: again and again, a lease's time later, until the message is acknowledged. */
const redeliver = async (processor: Processor, message: object) => {
  for (let receives = 2; receives < 5; receives += 1) {
    processor.nowMs += LEASE_MS + 1;
    processor.restart();
    const { batchItemFailures } = await processor.process(sqsRecord(message, { receives }));
    if (batchItemFailures.length === 0) return;
  }
  throw new Error('The message was never acknowledged.');
};

test('the steps of a run are these', async () => {
  const cloud = new Cloud();
  const processor = new Processor(cloud);
  const message = await processor.submit();
  cloud.steps.length = 0;
  processor.upstream.answer(upstreamFailure());
  await processor.process(sqsRecord(message));
  expect(cloud.steps).toEqual(STEPS);
});

describe('a worker that dies ends its job once all the same', () => {
  const crashes = STEPS.flatMap((name, index): (Crash & { name: string })[] => [
    { name, atStep: index + 1, when: 'before' },
    { name, atStep: index + 1, when: 'after' },
  ]);

  test.each(crashes)('$when the effect of step $atStep, $name', async (crash) => {
    const cloud = new Cloud();
    const processor = new Processor(cloud);
    const message = await processor.submit();
    processor.upstream.answer(upstreamFailure());
    cloud.crash(crash);
    const outcome = await processor.process(sqsRecord(message));
    expect(cloud.revive()).toBe(true);
    expect(outcome.batchItemFailures).toHaveLength(1);
    const resultOfFirst = cloud.result(message.jobId);

    await redeliver(processor, message);

    const row = cloud.job(message.jobId);
    expect(row).toMatchObject({ status: 'succeeded' });
    expect(cloud.result(message.jobId)).toMatchObject({ fence: row?.fence });
    if (resultOfFirst) expect(cloud.result(message.jobId)).toEqual(resultOfFirst);
    // A call is counted before it is made: a crash in between counts one that was never made, and hides none.
    const counted = Number(row?.upstreamCalls);
    expect(counted - processor.upstream.calls.length).toBeGreaterThanOrEqual(0);
    expect(counted - processor.upstream.calls.length).toBeLessThanOrEqual(1);
    // The ledger has each call once, at what it has cost or at its estimate; a crash after its first word of a call
    // leaves one that was never made.
    const { held, unknownCalls, spent, closed } = cloud.spending(message.jobId);
    expect({ held, closed }).toEqual({ held: 0, closed: true });
    const inLedger = spent / COST + unknownCalls;
    expect(inLedger - processor.upstream.calls.length).toBeGreaterThanOrEqual(0);
    expect(inLedger - processor.upstream.calls.length).toBeLessThanOrEqual(1);
  });
});

describe('a worker that dies while it gives a job up', () => {
  const failures = () => Array.from({ length: 3 }, () => upstreamFailure());

  test.each(
    [17, 18].flatMap((atStep) => [
      { atStep, when: 'before' as const },
      { atStep, when: 'after' as const },
    ]),
  )('$when the effect of step $atStep leaves the job to the next receive', async (crash) => {
    const cloud = new Cloud();
    const processor = new Processor(cloud);
    const message = await processor.submit();
    processor.upstream.answer(...failures());
    cloud.crash(crash);
    expect((await processor.process(sqsRecord(message))).batchItemFailures).toHaveLength(1);
    expect(cloud.revive()).toBe(true);
    await redeliver(processor, message);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'succeeded', upstreamCalls: 4 });
  });

  test('on the last receive: the message is kept, and a redrive runs the job', async () => {
    const cloud = new Cloud();
    const processor = new Processor(cloud);
    const message = await processor.submit();
    processor.upstream.answer(...failures());
    cloud.crash({ atStep: 18, when: 'before' });
    expect((await processor.process(sqsRecord(message, { receives: 5 }))).batchItemFailures).toHaveLength(1);
    cloud.revive();
    await redeliver(processor, message);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'succeeded' });
  });
});

describe('a worker that dies while it sends a job anew', () => {
  /** The breaker is open for the fleet; this process learns it when it asks for its permit. */
  const openBreaker = (processor: Processor) =>
    processor.cloud.dynamodb.put(CONTROL_TABLE, {
      name: 'breaker#upstream',
      status: 'open',
      epoch: 1,
      changedAt: processor.nowMs,
      openUntil: processor.nowMs + 10_000,
      reason: 'failure-rate',
      openings: 1,
      successes: 0,
      lastOpenedAt: processor.nowMs,
    });
  const steps = ['UpdateItem', 'Decrypt', 'GetSecretValue', 'GetItem', 'UpdateItem', 'SendMessageBatch'];

  test('takes these steps', async () => {
    const cloud = new Cloud();
    const processor = new Processor(cloud);
    const message = await processor.submit();
    openBreaker(processor);
    cloud.steps.length = 0;
    expect(await processor.process(sqsRecord(message))).toEqual({ batchItemFailures: [] });
    expect(cloud.steps).toEqual(steps);
  });

  test.each(
    steps.flatMap((name, index): (Crash & { name: string })[] => [
      { name, atStep: index + 1, when: 'before' },
      { name, atStep: index + 1, when: 'after' },
    ]),
  )('$when the effect of step $atStep, $name: the job runs once the upstream is back', async (crash) => {
    const cloud = new Cloud();
    const processor = new Processor(cloud);
    const message = await processor.submit();
    openBreaker(processor);
    cloud.sent.length = 0;
    cloud.crash(crash);
    const { batchItemFailures } = await processor.process(sqsRecord(message));
    expect(cloud.revive()).toBe(true);
    // Whoever died has acknowledged nothing: the message is there still, and a copy of it perhaps as well.
    expect(batchItemFailures).toHaveLength(1);
    const copies = cloud.sent.map(({ MessageBody }) => MessageBody ?? '');
    expect(copies.length).toBeLessThanOrEqual(1);
    processor.nowMs += LEASE_MS + 1;
    processor.restart();
    cloud.dynamodb.delete(CONTROL_TABLE, 'breaker#upstream');
    for (const body of [...copies, JSON.stringify(message)]) {
      expect(await processor.process(sqsRecord(body, { receives: 2 }))).toEqual({ batchItemFailures: [] });
    }
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'succeeded', upstreamCalls: 1 });
    expect(processor.upstream.calls).toHaveLength(1);
  });
});

test('a result that could not be written at first is written without a second paid call', async () => {
  const cloud = new Cloud();
  const processor = new Processor(cloud);
  const message = await processor.submit();
  let outages = 2;
  cloud.dynamodb.beforeTransaction = () => {
    outages -= 1;
    if (outages >= 0) throw new Error('DynamoDB is down');
  };
  expect(await processor.process(sqsRecord(message))).toEqual({ batchItemFailures: [] });
  expect(processor.upstream.calls).toHaveLength(1);
  expect(cloud.job(message.jobId)).toMatchObject({ status: 'succeeded', upstreamCalls: 1 });
});
