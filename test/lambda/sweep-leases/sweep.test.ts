import '../doubles/environment';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import { MemoryBreakerStore } from '../../../lambda/runtime/breaker/memory-breaker-store';
import type { ConsumerState } from '../../../lambda/runtime/consumer-control/consumer';
import { DynamoDbDueJobs } from '../../../lambda/runtime/jobs/dynamodb-due-jobs';
import { SqsWorkQueue } from '../../../lambda/runtime/work-queue/sqs-work-queue';
import type { SweepDependencies } from '../../../lambda/sweep-leases/dependencies';
import { sweep } from '../../../lambda/sweep-leases/sweep';
import { UPSTREAM_BREAKER } from '../../../lib/contract/control';
import type { ControlMessage } from '../../../lib/contract/messages';
import { Cloud, type Crash } from '../doubles/cloud';
import {
  DEAD_LETTER_QUEUE_URL,
  JOBS_TABLE,
  LEASE_MS,
  MAX_CONCURRENCY,
  QUEUE_RETENTION_MS,
  QUEUE_URL,
  STEP_SECONDS,
  STUCK_AFTER_MS,
} from '../doubles/environment';
import { CLIENT_ID, sqsRecord } from '../doubles/events';
import { Processor } from '../doubles/processor';

const silent = () => undefined;
/** Past the end of a lease, and past the time for which its worker may merely have another clock. */
const ABANDONED_AFTER_MS = LEASE_MS + 60_001;

let cloud: Cloud;
let processor: Processor;
let store: MemoryBreakerStore;
let consumer: ConsumerState;
let reminders: ControlMessage[];
let metrics: Record<string, number>;
beforeEach(() => {
  cloud = new Cloud();
  processor = new Processor(cloud);
  store = new MemoryBreakerStore();
  consumer = { isEnabled: true, concurrency: MAX_CONCURRENCY };
  reminders = [];
  metrics = {};
});

const dependencies = (): SweepDependencies => ({
  store,
  dueJobs: new DynamoDbDueJobs(new DynamoDBClient({}), JOBS_TABLE),
  workQueue: new SqsWorkQueue(new SQSClient({}), QUEUE_URL),
  deadLetterQueue: new SqsWorkQueue(new SQSClient({}), DEAD_LETTER_QUEUE_URL),
  consumer: { read: async () => consumer },
  controlQueue: { send: async (message) => void reminders.push(message) },
  count: (name, value = 1) => {
    metrics[name] = (metrics[name] ?? 0) + value;
  },
  log: { debug: silent, info: silent, warn: silent, error: silent },
  now: () => processor.nowMs,
  stuckAfterMs: STUCK_AFTER_MS,
  queueRetentionMs: QUEUE_RETENTION_MS,
  maxConcurrency: MAX_CONCURRENCY,
  stepSeconds: STEP_SECONDS,
});
const run = () => sweep(dependencies());
const swept = (resent: number, buried = 0, failed = 0) => ({ resent, buried, failed });
const sentJobs = () => cloud.sent.map(({ MessageBody }) => JSON.parse(MessageBody ?? '').jobId);
/** A worker that dies over the job. */
const abandon = async (message: { jobId: string }) => {
  processor.upstream.answer(async () => {
    cloud.crash({ atStep: 1, when: 'before' });
    throw new Error('killed');
  });
  await processor.process(sqsRecord(message));
  cloud.revive();
  processor.restart();
};

describe('a job that waits', () => {
  test('is left alone for as long as it may wait, and then sent again, in its client’s group', async () => {
    const message = await processor.submit();
    processor.nowMs += STUCK_AFTER_MS;
    expect(await run()).toEqual(swept(0));
    processor.nowMs += 1;
    expect(await run()).toEqual(swept(1));
    expect(cloud.sent).toEqual([{ Id: '0', MessageBody: JSON.stringify(message), MessageGroupId: CLIENT_ID }]);
    expect(metrics).toEqual({ JobsSwept: 1 });
  });

  test('waits anew once it was sent again', async () => {
    await processor.submit();
    processor.nowMs += STUCK_AFTER_MS + 1;
    await run();
    processor.nowMs += STUCK_AFTER_MS;
    expect(await run()).toEqual(swept(0));
    processor.nowMs += 1;
    expect(await run()).toEqual(swept(1));
    expect(cloud.job(sentJobs()[0])).toMatchObject({ status: 'queued' });
    expect(cloud.job(sentJobs()[0])).not.toHaveProperty('abandoned');
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
    await store.trip(UPSTREAM_BREAKER, { ...command, expectedEpoch: 0 });
    consumer = { isEnabled: false, concurrency: MAX_CONCURRENCY };
    processor.nowMs += 10 * STUCK_AFTER_MS;
    expect(await run()).toEqual(swept(0));
    await store.force(UPSTREAM_BREAKER, { to: 'closed', nowMs: processor.nowMs, reason: 'repaired' });
    processor.nowMs += STUCK_AFTER_MS - 1;
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
    expect(new Set(sentJobs()).size).toBe(200);
  });
});

describe('a job whose worker died', () => {
  test('is sent again a minute after its lease, long before its message comes back', async () => {
    const message = await processor.submit();
    await abandon(message);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'running' });
    processor.nowMs += ABANDONED_AFTER_MS - 1;
    expect(await run()).toEqual(swept(0));
    processor.nowMs += 1;
    expect(await run()).toEqual(swept(1));
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'queued', abandoned: 1 });
    expect(await processor.process(sqsRecord(message))).toEqual({ batchItemFailures: [] });
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'succeeded', fence: 2 });
  });

  test('and is taken over before the sweeper comes is left to its new worker', async () => {
    const message = await processor.submit();
    await abandon(message);
    processor.nowMs += ABANDONED_AFTER_MS;
    const { dueJobs } = dependencies();
    const list: typeof dueJobs.list = async (...args) => {
      const due = await dueJobs.list(...args);
      if (due.length > 0) await processor.process(sqsRecord(message, { receives: 2 }));
      return due;
    };
    const result = await sweep({ ...dependencies(), dueJobs: { ...bound(dueJobs), list } });
    expect(result).toEqual(swept(0));
    expect(cloud.sent).toEqual([]);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'succeeded' });
  });

  test('six times is given up: whatever runs it dies of it', async () => {
    const message = await processor.submit();
    for (let death = 1; death <= 5; death += 1) {
      await abandon(message);
      processor.nowMs += ABANDONED_AFTER_MS;
      expect(await run()).toEqual(swept(1));
    }
    await abandon(message);
    processor.nowMs += ABANDONED_AFTER_MS;
    expect(await run()).toEqual(swept(0, 1));
    expect(cloud.job(message.jobId)).toMatchObject({
      status: 'dead-lettered',
      failure: { reason: 'internal', detail: 'abandoned by 6 workers' },
    });
    expect(cloud.deadLettered.map(({ MessageBody }) => JSON.parse(MessageBody ?? ''))).toEqual([message]);
    expect(metrics).toEqual({ JobsSwept: 5, JobsDeadLettered: 1 });
    processor.nowMs += 10 * STUCK_AFTER_MS;
    expect(await run()).toEqual(swept(0));
  });

  test('and given up is not run again by the copies of its message that come back', async () => {
    const message = await processor.submit();
    for (let death = 1; death <= 6; death += 1) {
      await abandon(message);
      processor.nowMs += ABANDONED_AFTER_MS;
      await run();
    }
    const buried = cloud.job(message.jobId);
    for (let receives = 1; receives <= 5; receives += 1) {
      const record = sqsRecord(message, { receives });
      expect(await processor.process(record)).toEqual({ batchItemFailures: [{ itemIdentifier: record.messageId }] });
    }
    expect(cloud.job(message.jobId)).toEqual(buried);
    expect(buried).toMatchObject({ status: 'dead-lettered', abandoned: 6, fence: 6 });
  });
});

describe('a sweep that dies, and the next one', () => {
  /** One look at the queue, one query for each shard of both states, the claim, the message. */
  const STEPS = ['GetQueueAttributes', ...Array.from({ length: 16 }, () => 'Query'), 'UpdateItem', 'SendMessageBatch'];
  const crashes = STEPS.flatMap((name, index): (Crash & { name: string })[] => [
    { name, atStep: index + 1, when: 'before' },
    { name, atStep: index + 1, when: 'after' },
  ]);

  test.each(crashes)('$when the effect of step $atStep, $name: a stuck job runs, and ends once', async (crash) => {
    const message = await processor.submit();
    processor.nowMs += STUCK_AFTER_MS + 1;
    cloud.steps.length = 0;
    cloud.crash(crash);
    await run().catch(silent);
    cloud.revive();
    for (let minutes = 0; cloud.sent.length === 0 && minutes < 60; minutes += 1) {
      processor.nowMs += 60_000;
      await run();
    }
    expect(sentJobs()).toContain(message.jobId);
    for (const jobId of sentJobs()) await processor.process(sqsRecord({ ...message, jobId }));
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'succeeded', upstreamCalls: 1 });
  });

  test('has these steps: it looks, claims and sends', async () => {
    await processor.submit();
    processor.nowMs += STUCK_AFTER_MS + 1;
    cloud.steps.length = 0;
    await run();
    expect(cloud.steps).toEqual(STEPS);
  });

  const BURIAL = ['Query', 'UpdateItem', 'SendMessageBatch', 'UpdateItem'];
  test.each(
    BURIAL.flatMap((name, index) => [
      { name, atStep: 17 + index, when: 'before' as const },
      { name, atStep: 17 + index, when: 'after' as const },
    ]),
  )('$when the effect of step $atStep, $name, while it gives a job up: it ends dead-lettered', async (crash) => {
    const message = await processor.submit();
    const row = { ...cloud.job(message.jobId), status: 'running', fence: 6, leaseUntil: 1, abandoned: 5 };
    const bucket = String(cloud.job(message.jobId)?.dueBucket).replace('queued', 'running');
    cloud.dynamodb.put(JOBS_TABLE, { ...row, dueAt: 1, dueBucket: bucket });
    processor.nowMs += 1;
    cloud.steps.length = 0;
    cloud.crash(crash);
    await run().catch(silent);
    cloud.revive();
    // A job that was put back, but not given up, waits: it is sent once more, and then its worker dies again.
    for (let minutes = 0; cloud.job(message.jobId)?.status !== 'dead-lettered' && minutes < 60; minutes += 1) {
      processor.nowMs += 60_000;
      await run();
      if (cloud.sent.length > 0 && cloud.job(message.jobId)?.status === 'queued') {
        cloud.sent.length = 0;
        await abandon(message);
      }
    }
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'dead-lettered', failure: { reason: 'internal' } });
    expect(cloud.deadLettered.length).toBeGreaterThanOrEqual(1);
    expect(cloud.deadLettered.length).toBeLessThanOrEqual(2);
  });
});

test('a job that cannot be sent does not hold up the others, and is sent by a later sweep', async () => {
  await processor.submit();
  await processor.submit();
  processor.nowMs += STUCK_AFTER_MS + 1;
  let sends = 0;
  const { workQueue } = dependencies();
  const send: typeof workQueue.send = async (messages) => {
    sends += 1;
    return sends === 1 ? [0] : workQueue.send(messages);
  };
  const depth = async () => 0;
  expect(await sweep({ ...dependencies(), workQueue: { send, depth } })).toEqual(swept(1, 0, 1));
  processor.nowMs += STUCK_AFTER_MS + 1;
  expect((await run()).resent).toBe(2);
  expect(new Set(sentJobs()).size).toBe(2);
});

test('a consumer that cannot be read keeps no job from being swept, and is an error in the end', async () => {
  await processor.submit();
  processor.nowMs += STUCK_AFTER_MS + 1;
  const failing = { read: () => Promise.reject(new Error('Lambda is down')) };
  await expect(sweep({ ...dependencies(), consumer: failing })).rejects.toThrow(AggregateError);
  expect(cloud.sent).toHaveLength(1);
});

const bound = (dueJobs: SweepDependencies['dueJobs']) => ({
  claim: dueJobs.claim.bind(dueJobs),
  bury: dueJobs.bury.bind(dueJobs),
});
