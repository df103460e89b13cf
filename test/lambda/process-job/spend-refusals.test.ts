import '../doubles/environment';
import { JobsTable } from '../../../lib/contract/tables';
import { Cloud } from '../doubles/cloud';
import { JOBS_TABLE, MAX_RECEIVE_COUNT, PATIENCE_MS } from '../doubles/environment';
import { CLIENT_ID, sqsRecord, WORST_CASE } from '../doubles/events';
import { COST, Processor, upstreamFailure } from '../doubles/processor';

const CUT = { reason: 'INC-1', at: 0, by: 'somebody' };

let cloud: Cloud;
let processor: Processor;
beforeEach(() => {
  cloud = new Cloud();
  processor = new Processor(cloud);
});

const acknowledged = { batchItemFailures: [] };
const returned = { batchItemFailures: [{ itemIdentifier: 'message-1' }] };
/** The message on its last receive, as the queue groups it. */
const lastReceive = (message: object) => {
  const record = sqsRecord(message, { receives: MAX_RECEIVE_COUNT });
  Object.assign(record.attributes, { MessageGroupId: CLIENT_ID });
  return record;
};

describe('a second call that no cap covers', () => {
  /** A job whose first call may have cost all that there is. */
  const spendAll = async () => {
    cloud.setCaps({ globalMonth: WORST_CASE });
    const message = await processor.submit();
    processor.upstream.answer(upstreamFailure({ status: 502 }));
    return message;
  };

  test('is not made, and the job has failed by its first', async () => {
    const message = await spendAll();
    expect(await processor.process(sqsRecord(message))).toEqual(returned);
    expect(processor.upstream.calls).toHaveLength(1);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'queued', failure: { reason: 'upstream-error' } });
    expect(cloud.spending(message.jobId)).toMatchObject({ held: 0, unknown: WORST_CASE, closed: false });
    expect(processor.metrics).toMatchObject({ UpstreamCalls: 1, UpstreamFailures: 1, JobsReturnedToQueue: 1 });
    expect(processor.metrics).not.toHaveProperty('JobsHeldBySpend');
  });

  test('holds the job back when it is received anew: its message is copied, and no receive counts', async () => {
    const message = await spendAll();
    await processor.process(sqsRecord(message));
    for (let round = 1; round <= 2 * MAX_RECEIVE_COUNT; round += 1) {
      processor.nowMs += 60_000;
      expect(await processor.process(lastReceive(message))).toEqual(acknowledged);
      expect(cloud.sent).toHaveLength(round);
    }
    expect(cloud.sent[0]).toMatchObject({
      MessageBody: JSON.stringify(message),
      MessageGroupId: CLIENT_ID,
      DelaySeconds: 60,
    });
    expect(cloud.deadLettered).toEqual([]);
    expect(processor.upstream.calls).toHaveLength(1);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'queued', upstreamCalls: 1 });
    expect(processor.metrics).toMatchObject({ JobsHeldBySpend: 2 * MAX_RECEIVE_COUNT });
    expect(processor.metrics).not.toHaveProperty('InfrastructureFaults');
  });

  test('runs once the cap is raised', async () => {
    const message = await spendAll();
    await processor.process(sqsRecord(message));
    cloud.setCaps({});
    expect(await processor.process(sqsRecord(message, { receives: 2 }))).toEqual(acknowledged);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'succeeded', upstreamCalls: 2 });
    expect(cloud.spending(message.jobId)).toMatchObject({ unknown: WORST_CASE, spent: COST, closed: true });
  });

  test('lets the job fail when its patience is over, and not before', async () => {
    const message = await spendAll();
    await processor.process(sqsRecord(message));
    const createdAt = Date.parse(String(cloud.job(message.jobId)?.createdAt));
    processor.nowMs = createdAt + PATIENCE_MS - 1;
    await processor.process(lastReceive(message));
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'queued' });
    processor.nowMs = createdAt + PATIENCE_MS;
    expect(await processor.process(lastReceive(message))).toEqual(acknowledged);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'failed', failure: { reason: 'spend-cap' } });
    expect(cloud.deadLettered).toEqual([]);
    // What nobody has told stays charged; nothing is held beside it.
    expect(cloud.spending(message.jobId)).toMatchObject({ held: 0, unknown: WORST_CASE, closed: true });
  });
});

test('a cut-off holds a job back, however long it lasts, and the job runs after it', async () => {
  const message = await processor.submit();
  cloud.setCaps({}, CUT);
  for (const ms of [60_000, PATIENCE_MS, PATIENCE_MS]) {
    processor.nowMs += ms;
    expect(await processor.process(lastReceive(message))).toEqual(acknowledged);
  }
  expect(processor.upstream.calls).toEqual([]);
  expect(cloud.deadLettered).toEqual([]);
  expect(cloud.job(message.jobId)).toMatchObject({ status: 'queued', upstreamCalls: 0 });
  expect(cloud.spending(message.jobId)).toMatchObject({ held: WORST_CASE, closed: false });
  expect(processor.metrics).toMatchObject({ JobsHeldBySpend: 3, JobsRequeued: 3 });
  cloud.setCaps({});
  const copy = JSON.parse(cloud.sent.at(-1)?.MessageBody ?? '');
  expect(await processor.process(sqsRecord(copy))).toEqual(acknowledged);
  expect(cloud.job(message.jobId)).toMatchObject({ status: 'succeeded', upstreamCalls: 1 });
  expect(cloud.spending(message.jobId)).toMatchObject({ held: 0, spent: COST, closed: true });
});

test.each([
  ['that left the price book', 'gone'],
  ['whose price is not in force', 'later'],
])('a job of a model %s fails, without a call', async (_, model) => {
  const message = await processor.submit();
  cloud.dynamodb.put(JOBS_TABLE, { ...cloud.job(message.jobId), [JobsTable.SORT_KEY]: JobsTable.JOB_PART, model });
  expect(await processor.process(sqsRecord(message))).toEqual(acknowledged);
  expect(cloud.job(message.jobId)).toMatchObject({ status: 'failed', failure: { reason: 'price-unknown' } });
  expect(processor.upstream.calls).toEqual([]);
  expect(cloud.sent).toEqual([]);
  expect(cloud.spending(message.jobId)).toMatchObject({ held: 0, unknown: 0, spent: 0, closed: true });
  expect(processor.metrics).toMatchObject({ JobsFailed: 1 });
});
