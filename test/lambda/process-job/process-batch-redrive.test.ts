import '../doubles/environment';
import type { Job } from '../../../lambda/runtime/jobs/job';
import { Cloud } from '../doubles/cloud';
import { JOBS_TABLE, LEASE_MS, PATIENCE_MS } from '../doubles/environment';
import { sqsRecord } from '../doubles/events';
import { Processor, upstreamFailure } from '../doubles/processor';

let cloud: Cloud;
let processor: Processor;
beforeEach(() => {
  cloud = new Cloud();
  processor = new Processor(cloud);
});
const acknowledged = { batchItemFailures: [] };
const deadLetter = { messageId: 'redriven' };
const returned = { batchItemFailures: [{ itemIdentifier: 'redriven' }] };

const change = (jobId: string, row: Partial<Job>) =>
  cloud.dynamodb.put(JOBS_TABLE, { ...cloud.job(jobId), ...row } as Record<string, unknown>);

test('a worker that gives a job up after it has lost it leaves a dead letter that does nothing', async () => {
  processor = new Processor(cloud, 1);
  const message = await processor.submit();
  const { nowMs } = processor;
  change(message.jobId, { outage: { since: nowMs - PATIENCE_MS, at: nowMs - 1, rounds: 1 } });
  processor.upstream.answer(async () => {
    processor.nowMs += LEASE_MS + 1;
    const second = new Processor(cloud);
    second.nowMs = processor.nowMs;
    expect(await second.process(sqsRecord(message, { messageId: 'another' }))).toEqual(acknowledged);
    throw upstreamFailure({ disposition: 'return' });
  });
  await processor.process(sqsRecord(message));
  expect(processor.metrics).toMatchObject({ LeasesLost: 1 });
  expect(cloud.deadLettered.map(({ MessageBody }) => JSON.parse(MessageBody ?? ''))).toEqual([message]);

  const ended = cloud.job(message.jobId);
  expect(ended).toMatchObject({ status: 'succeeded' });
  expect(await processor.process(sqsRecord(message, deadLetter))).toEqual(acknowledged);
  expect(cloud.job(message.jobId)).toEqual(ended);
  expect(processor.upstream.calls).toHaveLength(1);
});

describe('the redriven dead letter of a job', () => {
  test.each(['succeeded', 'failed'] as const)('that has %s is acknowledged without a call', async (status) => {
    const message = await processor.submit();
    change(message.jobId, { status });
    const before = cloud.job(message.jobId);
    expect(await processor.process(sqsRecord(message, deadLetter))).toEqual(acknowledged);
    expect(cloud.job(message.jobId)).toEqual(before);
    expect(processor.upstream.calls).toEqual([]);
  });

  test('that runs elsewhere waits for the end of its lease', async () => {
    const message = await processor.submit();
    change(message.jobId, { status: 'running', fence: 1, leaseOwner: 'another', leaseUntil: processor.nowMs + 5_000 });
    const before = cloud.job(message.jobId);
    expect(await processor.process(sqsRecord(message, deadLetter))).toEqual(returned);
    expect(cloud.job(message.jobId)).toEqual(before);
    expect(cloud.delays.get('receipt-redriven-1')).toBe(6);
    expect(processor.upstream.calls).toEqual([]);
  });

  test('that waits runs it, and its own message then does nothing', async () => {
    const message = await processor.submit();
    for (const messageId of ['redriven', 'its own', 'redriven again']) {
      expect(await processor.process(sqsRecord(message, { messageId }))).toEqual(acknowledged);
    }
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'succeeded', upstreamCalls: 1 });
  });
});
