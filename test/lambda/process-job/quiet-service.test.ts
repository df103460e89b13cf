import '../doubles/environment';
import { Cloud } from '../doubles/cloud';
import { CONTROL_TABLE, MAX_RECEIVE_COUNT, OPEN_FOR_MS } from '../doubles/environment';
import { sqsRecord } from '../doubles/events';
import { Processor, upstreamFailure } from '../doubles/processor';

let cloud: Cloud;
let processor: Processor;
beforeEach(() => {
  cloud = new Cloud();
  // The breaker of one process never sees enough failures here.
  processor = new Processor(cloud);
});

const acknowledged = { batchItemFailures: [] };
const returned = { batchItemFailures: [{ itemIdentifier: 'message-1' }] };
const last = { receives: MAX_RECEIVE_COUNT };
const fail = (overrides: Parameters<typeof upstreamFailure>[0] = {}, times = 1) =>
  processor.upstream.answer(
    ...Array.from({ length: times }, () => upstreamFailure({ disposition: 'return', ...overrides })),
  );
/** Fails a job on its last receive; the next round is a minute later. */
const failOnce = async (message: object, overrides: Parameters<typeof upstreamFailure>[0] = {}) => {
  fail(overrides);
  const outcome = await processor.process(sqsRecord(message, last));
  processor.nowMs += 60_000;
  return outcome;
};

test('the only job of an outage is held on its last receive, for as long as a breaker would stay open', async () => {
  const message = await processor.submit();
  expect(await failOnce(message)).toEqual(acknowledged);
  expect(cloud.job(message.jobId)).toMatchObject({ status: 'queued', outage: { rounds: 1 } });
  expect(cloud.job(message.jobId)).toMatchObject({ dueAt: processor.nowMs - 60_000 + 1.5 * OPEN_FOR_MS });
  expect(cloud.sent.map(({ DelaySeconds }) => DelaySeconds)).toEqual([(1.5 * OPEN_FOR_MS) / 1_000]);
  expect(cloud.breaker()).toBeUndefined();
});

test('when it fails again and nobody was served, it opens the breaker for the fleet', async () => {
  const message = await processor.submit();
  await failOnce(message);
  const openedAt = processor.nowMs;
  expect(await failOnce(message)).toEqual(acknowledged);
  expect(cloud.breaker()).toMatchObject({ status: 'open', reason: 'no-job-served', openUntil: openedAt + OPEN_FOR_MS });
  expect(cloud.job(message.jobId)).toMatchObject({ status: 'queued', outage: { rounds: 1 } });
});

test('a breaker that another has closed meanwhile stays as it is', async () => {
  const message = await processor.submit();
  await failOnce(message);
  const row = { status: 'closed', epoch: 3, changedAt: 0, reason: 'x', openings: 0, successes: 0 };
  cloud.dynamodb.put(CONTROL_TABLE, { name: 'breaker#upstream', ...row });
  let reads = 0;
  cloud.dynamodb.beforeRead = () => {
    reads += 1;
    // The decision rests on two reads; the opening reads once more.
    if (reads < 4) return;
    cloud.dynamodb.put(CONTROL_TABLE, { name: 'breaker#upstream', ...row, epoch: 5, changedAt: 1 });
  };
  processor.restart();
  expect(await failOnce(message)).toEqual(acknowledged);
  expect(cloud.breaker()).toMatchObject({ status: 'closed', epoch: 5 });
});

test('a job that others are served beside is given up', async () => {
  const message = await processor.submit();
  await failOnce(message);
  fail();
  await processor.process(sqsRecord(message, { receives: 4 }));
  processor.nowMs += 3_000;
  expect(await processor.process(sqsRecord(await processor.submit(), { messageId: 'good' }))).toEqual(acknowledged);
  expect(await failOnce(message)).toEqual(returned);
  expect(cloud.job(message.jobId)).toMatchObject({ status: 'dead-lettered', failure: { reason: 'upstream-error' } });
  expect(cloud.breaker()).toBeUndefined();
});

test('a call that an outage breaks is not judged by one that began after it and ended before the outage', async () => {
  const message = await processor.submit();
  const startedAt = processor.nowMs;
  processor.upstream.answer(async () => {
    processor.nowMs += 30_000;
    throw upstreamFailure({ disposition: 'return', status: undefined, reason: 'upstream-connection' });
  });
  processor.budgetMs = 60_000;
  await processor.process(sqsRecord(message, { receives: MAX_RECEIVE_COUNT - 1 }));
  cloud.serveAnother(startedAt + 10_000);
  expect(cloud.job(message.jobId)).toMatchObject({ failedSince: startedAt + 30_000 });
  expect(await failOnce(message)).toEqual(acknowledged);
  expect(cloud.job(message.jobId)).toMatchObject({ status: 'queued', outage: { rounds: 1 } });
});

test('what another process of the fleet was served counts as well', async () => {
  const message = await processor.submit();
  cloud.serveAnother(processor.nowMs + 2_001);
  expect(await failOnce(message)).toEqual(returned);
  expect(cloud.job(message.jobId)).toMatchObject({ status: 'dead-lettered' });
});

test('a job beside which others are served between its rounds alone is given up after ten', async () => {
  const message = await processor.submit();
  for (let round = 1; round < 10; round += 1) {
    expect(await failOnce(message)).toEqual(acknowledged);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'queued', outage: { rounds: round } });
    cloud.serveAnother(processor.nowMs - 30_000);
  }
  expect(await failOnce(message)).toEqual(returned);
  expect(cloud.job(message.jobId)).toMatchObject({ status: 'dead-lettered' });
  expect(cloud.breaker()).toBeUndefined();
});

test('nobody is known to be served while the table cannot be read: the job gets another round', async () => {
  const message = await processor.submit();
  cloud.serveAnother(processor.nowMs + 2_001);
  processor.upstream.answer(async () => {
    cloud.dynamodb.beforeRead = () => {
      throw new Error('DynamoDB is down');
    };
    throw upstreamFailure({ disposition: 'return' });
  });
  expect(await processor.process(sqsRecord(message, last))).toEqual(acknowledged);
  expect(cloud.job(message.jobId)).toMatchObject({ status: 'queued' });
});

test('that a success cannot be written down does not fail the job that had it', async () => {
  const message = await processor.submit();
  processor.upstream.answer(async () => {
    cloud.dynamodb.beforeUpdate = () => {
      throw new Error('throttled');
    };
    return { text: 'x', stopReason: 'end_turn', model: 'm', usage: usage() };
  });
  expect(await processor.process(sqsRecord(message))).toEqual(acknowledged);
  expect(cloud.job(message.jobId)).toMatchObject({ status: 'succeeded' });
});

const usage = () => ({ inputTokens: 1, outputTokens: 1, cacheWriteTokens: 0, cacheReadTokens: 0 });

describe.each<[string, Parameters<typeof upstreamFailure>[0]]>([
  ['a rate limit', { status: 429, reason: 'upstream-rate-limited', retryAfterMs: 120_000 }],
  ['an overload', { status: 529 }],
  ['a refused key', { status: 401, reason: 'upstream-credential' }],
  ['exhausted credit', { status: 400, reason: 'upstream-credit' }],
])('%s', (_, failure) => {
  test('opens the breaker on the last receive, where nobody is served', async () => {
    const message = await processor.submit();
    expect(await failOnce(message, failure)).toEqual(acknowledged);
    expect(cloud.breaker()).toMatchObject({ status: 'open', reason: 'no-job-served' });
  });

  test('never is the job’s own fault, however often, and whoever else is served', async () => {
    const message = await processor.submit();
    for (let round = 0; round < 20; round += 1) {
      cloud.serveAnother(processor.nowMs + 30_000);
      expect(await failOnce(message, failure)).toEqual(acknowledged);
    }
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'queued', outage: { rounds: 0 } });
    expect(cloud.sent).toHaveLength(20);
    expect(Number(cloud.sent[0]?.DelaySeconds) * 1_000).toBe(1.5 * (failure?.retryAfterMs ?? OPEN_FOR_MS));
  });
});

test('a call that the function’s own end cuts off is held against nobody', async () => {
  const message = await processor.submit();
  const end = new AbortController();
  processor.upstream.answer(async () => {
    end.abort(new Error('the function ends'));
    throw new Error('never heard');
  });
  expect(await processor.processUntil(end.signal, sqsRecord(message, last))).toEqual(acknowledged);
  expect(cloud.job(message.jobId)).toMatchObject({ status: 'queued', failure: { reason: 'upstream-timeout' } });
});
