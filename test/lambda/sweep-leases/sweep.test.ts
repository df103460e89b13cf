import '../doubles/environment';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDbJobStore } from '../../../lambda/runtime/jobs/dynamodb-job-store';
import type { SweepDependencies } from '../../../lambda/sweep-leases/dependencies';
import { UPSTREAM_BREAKER } from '../../../lib/contract/control';
import type { Cloud } from '../doubles/cloud';
import { JOBS_TABLE, LEASE_MS, MAX_CONCURRENCY, QUEUE_RETENTION_MS, STUCK_AFTER_MS } from '../doubles/environment';
import { CLIENT_ID, sqsRecord } from '../doubles/events';
import type { Processor } from '../doubles/processor';
import { ABANDONED_AFTER_MS, SweepWorld, swept } from './sweep-world';

let world: SweepWorld;
let cloud: Cloud;
let processor: Processor;
beforeEach(() => {
  world = new SweepWorld();
  ({ cloud, processor } = world);
});
const run = () => world.run();

describe('a job that waits', () => {
  test('is left alone for as long as it may wait, and then sent again, in its client’s group', async () => {
    const message = await processor.submit();
    processor.nowMs += STUCK_AFTER_MS;
    expect(await run()).toEqual(swept(0));
    processor.nowMs += 1;
    expect(await run()).toEqual(swept(1));
    expect(cloud.sent).toEqual([{ Id: '0', MessageBody: JSON.stringify(message), MessageGroupId: CLIENT_ID }]);
    expect(world.metrics).toEqual({ JobsSwept: 1 });
  });

  test('waits anew once it was sent again', async () => {
    const { jobId } = await processor.submit();
    processor.nowMs += STUCK_AFTER_MS + 1;
    await run();
    processor.nowMs += STUCK_AFTER_MS;
    expect(await run()).toEqual(swept(0));
    processor.nowMs += 1;
    expect(await run()).toEqual(swept(1));
    expect(cloud.job(jobId)).toMatchObject({ status: 'queued' });
    expect(cloud.job(jobId)).not.toHaveProperty('abandoned');
  });

  test('runs by the message that it was sent, once, whatever other message it has', async () => {
    const message = await processor.submit();
    processor.nowMs += STUCK_AFTER_MS + 1;
    await run();
    for (const messageId of ['original', 'resent']) {
      expect(await processor.process(sqsRecord(message, { messageId }))).toEqual({ batchItemFailures: [] });
    }
    expect(processor.upstream.calls).toHaveLength(1);
  });

  test('is not sent again once it has ended', async () => {
    const message = await processor.submit();
    await processor.process(sqsRecord(message));
    expect(cloud.job(message.jobId)).not.toHaveProperty('dueAt');
    expect(cloud.job(message.jobId)).not.toHaveProperty('dueBucket');
    processor.nowMs += 10 * STUCK_AFTER_MS;
    expect(await run()).toEqual(swept(0));
  });

  test('behind a backlog waits its turn, unless its message must have expired', async () => {
    await processor.submit();
    cloud.depth = 101;
    processor.nowMs += STUCK_AFTER_MS + 1;
    expect(await run()).toEqual(swept(0));
    processor.nowMs += QUEUE_RETENTION_MS;
    expect(await run()).toEqual(swept(1));
  });

  test('while the breaker is open waits on purpose, and from its closing on anew', async () => {
    await processor.submit();
    const command = { nowMs: processor.nowMs, openUntil: processor.nowMs + 30_000, reason: 'failure-rate' };
    await world.store.trip(UPSTREAM_BREAKER, { ...command, expectedEpoch: 0 });
    world.consumer = { isEnabled: false, concurrency: MAX_CONCURRENCY };
    processor.nowMs += 10 * STUCK_AFTER_MS;
    expect(await run()).toEqual(swept(0));
    await world.store.force(UPSTREAM_BREAKER, { to: 'closed', nowMs: processor.nowMs, reason: 'repaired' });
    processor.nowMs += STUCK_AFTER_MS - 1;
    expect(await run()).toEqual(swept(0));
    processor.nowMs += 1;
    expect(await run()).toEqual(swept(1));
  });

  test('for the delay that it was released with is not stuck before that is over', async () => {
    const { jobId } = await processor.submit();
    const leased = { jobId, owner: 'worker', nowMs: processor.nowMs, leaseMs: LEASE_MS, redriven: false };
    const jobs = new DynamoDbJobStore(new DynamoDBClient({}), JOBS_TABLE);
    await jobs.lease(leased);
    await jobs.release({ jobId, fence: 1 }, { nowMs: processor.nowMs, delayMs: 900_000 });
    processor.nowMs += 900_000 + STUCK_AFTER_MS;
    expect(await run()).toEqual(swept(0));
    processor.nowMs += 1;
    expect(await run()).toEqual(swept(1));
  });

  test('is one of many: no sweep sends more than ten of each partition', async () => {
    for (let job = 0; job < 200; job += 1) await processor.submit();
    processor.nowMs += STUCK_AFTER_MS + 1;
    const { resent } = await run();
    expect(resent).toBeGreaterThan(8);
    expect(resent).toBeLessThanOrEqual(80);
    let total = resent;
    for (let sweeps = 0; sweeps < 20 && total < 200; sweeps += 1) total += (await run()).resent;
    expect(total).toBe(200);
    expect(new Set(world.sentJobs()).size).toBe(200);
  });
});

describe('a job whose worker died', () => {
  test('is sent again a minute after its lease, long before its message comes back', async () => {
    const message = await processor.submit();
    await world.abandon(message);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'running' });
    processor.nowMs = Number(cloud.job(message.jobId)?.leaseUntil) + 60_000;
    expect(await run()).toEqual(swept(0));
    processor.nowMs += 1;
    expect(await run()).toEqual(swept(1));
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'queued', abandoned: 1 });
    expect(await processor.process(sqsRecord(message))).toEqual({ batchItemFailures: [] });
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'succeeded' });
  });

  test('and is taken over before the sweeper comes is left to its new worker', async () => {
    const message = await processor.submit();
    await world.abandon(message);
    processor.nowMs += ABANDONED_AFTER_MS;
    const { dueJobs } = world.dependencies;
    const list: typeof dueJobs.list = async (...args) => {
      const due = await dueJobs.list(...args);
      if (due.length > 0) await processor.process(sqsRecord(message, { receives: 2 }));
      return due;
    };
    const result = await world.run({ dueJobs: { ...bound(dueJobs), list } });
    expect(result).toEqual(swept(0));
    expect(cloud.sent).toEqual([]);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'succeeded' });
  });

  test('six times is given up: whatever runs it dies of it', async () => {
    const message = await processor.submit();
    for (let death = 1; death <= 5; death += 1) {
      await world.abandon(message);
      processor.nowMs += ABANDONED_AFTER_MS;
      expect(await run()).toEqual(swept(1));
    }
    await world.abandon(message);
    processor.nowMs += ABANDONED_AFTER_MS;
    expect(await run()).toEqual(swept(0, 1));
    expect(cloud.job(message.jobId)).toMatchObject({
      status: 'dead-lettered',
      failure: { reason: 'internal', detail: 'abandoned by 6 workers' },
    });
    expect(cloud.deadLettered.map(({ MessageBody }) => JSON.parse(MessageBody ?? ''))).toEqual([message]);
    expect(world.metrics).toEqual({ JobsSwept: 5, JobsDeadLettered: 1 });
    processor.nowMs += 10 * STUCK_AFTER_MS;
    expect(await run()).toEqual(swept(0));
  });

  test('and given up is not run again by the copies of its message that come back', async () => {
    const message = await processor.submit();
    for (let death = 1; death <= 6; death += 1) {
      await world.abandon(message);
      processor.nowMs += ABANDONED_AFTER_MS;
      await run();
    }
    const buried = cloud.job(message.jobId);
    for (let receives = 1; receives <= 5; receives += 1) {
      const record = sqsRecord(message, { receives });
      expect(await processor.process(record)).toEqual({ batchItemFailures: [{ itemIdentifier: record.messageId }] });
    }
    expect(cloud.job(message.jobId)).toEqual(buried);
    expect(buried).toMatchObject({ status: 'dead-lettered', abandoned: 6 });
  });
});

describe('a job that is never run, whatever message it is sent', () => {
  const sendAgain = async (times: number) => {
    for (let time = 0; time < times; time += 1) {
      processor.nowMs += STUCK_AFTER_MS + 1;
      expect(await run()).toEqual(swept(1));
    }
  };

  test('is given up after it was sent again twenty times, and a redrive runs it', async () => {
    const message = await processor.submit();
    await sendAgain(20);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'queued', resent: 20 });
    processor.nowMs += STUCK_AFTER_MS + 1;
    expect(await run()).toEqual(swept(0, 1));
    expect(cloud.job(message.jobId)).toMatchObject({
      status: 'dead-lettered',
      failure: { reason: 'internal', detail: 'sent again 20 times and never run' },
    });
    expect(cloud.deadLettered.map(({ MessageBody }) => JSON.parse(MessageBody ?? ''))).toEqual([message]);
    processor.nowMs += 10 * STUCK_AFTER_MS;
    expect(await run()).toEqual(swept(0));
    expect(await processor.process(sqsRecord(message))).toEqual({ batchItemFailures: [] });
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'succeeded' });
  });

  test('counts anew once a worker has had it', async () => {
    const message = await processor.submit();
    await sendAgain(20);
    const jobs = new DynamoDbJobStore(new DynamoDBClient({}), JOBS_TABLE);
    const leased = { jobId: message.jobId, owner: 'worker', nowMs: processor.nowMs, leaseMs: LEASE_MS };
    await jobs.lease({ ...leased, redriven: false });
    await jobs.release({ jobId: message.jobId, fence: 1 }, { nowMs: processor.nowMs });
    await sendAgain(20);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'queued', resent: 20 });
  });

  test('is not one that waits behind a backlog, however long', async () => {
    const { jobId } = await processor.submit();
    cloud.depth = 101;
    for (let waits = 0; waits < 100; waits += 1) {
      processor.nowMs += STUCK_AFTER_MS + 1;
      expect(await run()).toEqual(swept(0));
    }
    expect(cloud.job(jobId)).toMatchObject({ status: 'queued' });
    expect(cloud.job(jobId)).not.toHaveProperty('resent');
  });
});

test('a job that cannot be sent does not hold up the others, and is sent by a later sweep', async () => {
  await processor.submit();
  await processor.submit();
  processor.nowMs += STUCK_AFTER_MS + 1;
  let sends = 0;
  const { workQueue } = world.dependencies;
  const send: typeof workQueue.send = async (messages) => {
    sends += 1;
    return sends === 1 ? [0] : workQueue.send(messages);
  };
  const depth = async () => 0;
  expect(await world.run({ workQueue: { send, depth } })).toEqual(swept(1, 0, 1));
  processor.nowMs += STUCK_AFTER_MS + 1;
  expect((await run()).resent).toBe(2);
  expect(new Set(world.sentJobs()).size).toBe(2);
});

test('a consumer that cannot be read keeps no job from being swept, and is an error in the end', async () => {
  await processor.submit();
  processor.nowMs += STUCK_AFTER_MS + 1;
  const failing = { read: () => Promise.reject(new Error('Lambda is down')) };
  await expect(world.run({ consumer: failing })).rejects.toThrow(AggregateError);
  expect(cloud.sent).toHaveLength(1);
});

describe('how long the breaker has been open', () => {
  const opened = { nowMs: 0, openUntil: 30_000, reason: 'failure-rate', expectedEpoch: 0 };
  const openFor = async (ms: number) => {
    await world.store.trip(UPSTREAM_BREAKER, { ...opened, nowMs: processor.nowMs });
    processor.nowMs += ms;
  };

  test('is published by every sweep, in seconds, and is 0 where it never was', async () => {
    await run();
    expect(world.gauges).toEqual({ BreakerOpenSeconds: 0 });
    await openFor(90_999);
    await run();
    expect(world.gauges).toEqual({ BreakerOpenSeconds: 90 });
  });

  test('counts from the first opening, whatever probes have failed since', async () => {
    await openFor(60_000);
    const { nowMs } = processor;
    const taken = { owner: 'a', epoch: 1, nowMs, leaseMs: 10_000, maxSkewMs: 0 };
    expect(await world.store.takeProbe(UPSTREAM_BREAKER, taken)).toMatchObject({ row: { status: 'half-open' } });
    const failed = { kind: 'failed' as const, openUntil: nowMs + 30_000, reason: 'probe-failed' };
    const { row } = await world.store.recordProbe(UPSTREAM_BREAKER, { owner: 'a', epoch: 2, nowMs, result: failed });
    expect(row).toMatchObject({ status: 'open', changedAt: nowMs });
    processor.nowMs += 60_000;
    await run();
    expect(world.gauges).toEqual({ BreakerOpenSeconds: 120 });
  });

  test('is 0 once it has closed', async () => {
    await openFor(60_000);
    await world.store.force(UPSTREAM_BREAKER, { to: 'closed', nowMs: processor.nowMs, reason: 'repaired' });
    await run();
    expect(world.gauges).toEqual({ BreakerOpenSeconds: 0 });
  });

  test('is published even where the sweep fails', async () => {
    await openFor(60_000);
    const failing = { read: () => Promise.reject(new Error('Lambda is down')) };
    await expect(world.run({ consumer: failing })).rejects.toThrow(AggregateError);
    expect(world.gauges).toEqual({ BreakerOpenSeconds: 60 });
  });
});

const bound = (dueJobs: SweepDependencies['dueJobs']) => ({
  claim: dueJobs.claim.bind(dueJobs),
  bury: dueJobs.bury.bind(dueJobs),
});
