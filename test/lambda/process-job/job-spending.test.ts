import '../doubles/environment';
import { clientWindowKey, reservationKey } from '../../../lib/contract/ledger';
import { Cloud } from '../doubles/cloud';
import { LEDGER_TABLE, MAX_RECEIVE_COUNT } from '../doubles/environment';
import { CLIENT_ID, sqsRecord, WORST_CASE } from '../doubles/events';
import { COST, completion, Processor, upstreamFailure } from '../doubles/processor';

let cloud: Cloud;
let processor: Processor;
beforeEach(() => {
  cloud = new Cloud();
  processor = new Processor(cloud);
});

const acknowledged = { batchItemFailures: [] };
const returned = { batchItemFailures: [{ itemIdentifier: 'message-1' }] };
const down = () => {
  throw new Error('the ledger is down');
};
const up = () => undefined;

/** What the client has committed in the month of the test. */
const committed = () => {
  const month = new Date(processor.nowMs).toISOString().slice(0, 7);
  return cloud.dynamodb.row(LEDGER_TABLE, clientWindowKey(CLIENT_ID, month))?.committed;
};

test('a served job costs what its usage costs, and holds nothing', async () => {
  const message = await processor.submit();
  expect(cloud.spending(message.jobId)).toMatchObject({ held: WORST_CASE, spent: 0, closed: false });
  expect(await processor.process(sqsRecord(message))).toEqual(acknowledged);
  expect(cloud.spending(message.jobId)).toEqual({ held: 0, unknown: 0, unknownCalls: 0, spent: COST, closed: true });
  expect(committed()).toBe(COST);
  expect(processor.metrics).toMatchObject({ SpendMicroUsd: COST });
  expect(processor.metrics).not.toHaveProperty('SpendOverrun');
});

test.each([
  ['the provider’s own error document', { status: 500, providerType: 'api_error' }],
  ['an overload of the provider', { status: 529, providerType: 'overloaded_error' }],
  ['a 429', { status: 429, providerType: 'rate_limit_error', paid: false }],
  ['a 429 of a proxy', { status: 429, paid: false }],
  ['a connect failure', { status: undefined, firstByteArrived: false, paid: false }],
])('%s costs nothing: the next call is paid by what the job holds', async (_, failure) => {
  cloud.setCaps({ globalMonth: WORST_CASE });
  const message = await processor.submit();
  processor.upstream.answer(upstreamFailure(failure));
  expect(await processor.process(sqsRecord(message))).toEqual(acknowledged);
  expect(processor.upstream.calls).toHaveLength(2);
  expect(cloud.spending(message.jobId)).toEqual({ held: 0, unknown: 0, unknownCalls: 0, spent: COST, closed: true });
  expect(committed()).toBe(COST);
});

test.each([
  ['a timeout', { reason: 'upstream-timeout', status: undefined, firstByteArrived: false }],
  ['a bare 5xx', { status: 502 }],
  ['a provider’s own word that it took too long', { status: 504, providerType: 'timeout_error' }],
  ['an error within an answer that had begun', { status: 200, providerType: 'overloaded_error' }],
] as const)('%s stays at its estimate, and the second call is committed beside it', async (_, failure) => {
  const message = await processor.submit();
  let during: unknown;
  processor.upstream.answer(upstreamFailure(failure), async () => {
    during = { ...cloud.spending(message.jobId), committed: committed() };
    return completion;
  });
  expect(await processor.process(sqsRecord(message))).toEqual(acknowledged);
  expect(during).toMatchObject({ held: 0, unknown: 2 * WORST_CASE, unknownCalls: 2, committed: 2 * WORST_CASE });
  const after = { held: 0, unknown: WORST_CASE, unknownCalls: 1, spent: COST, closed: true };
  expect(cloud.spending(message.jobId)).toEqual(after);
  expect(committed()).toBe(WORST_CASE + COST);
});

test('a job that was accepted before there was a ledger gets a reservation', async () => {
  const message = await processor.submit();
  cloud.dynamodb.delete(LEDGER_TABLE, reservationKey(message.jobId));
  expect(await processor.process(sqsRecord(message))).toEqual(acknowledged);
  expect(cloud.job(message.jobId)).toMatchObject({ status: 'succeeded', upstreamCalls: 1 });
  expect(cloud.spending(message.jobId)).toMatchObject({ held: 0, unknown: 0, spent: COST, closed: true });
});

test('a call that costs more than its worst case is recorded as it is, and told of', async () => {
  const message = await processor.submit();
  const usage = { ...completion.usage, inputTokens: 98, outputTokens: 256 + 100 };
  processor.upstream.answer({ ...completion, usage });
  expect(await processor.process(sqsRecord(message))).toEqual(acknowledged);
  expect(cloud.job(message.jobId)).toMatchObject({ status: 'succeeded' });
  expect(cloud.spending(message.jobId)).toMatchObject({ held: 0, unknown: 0, spent: WORST_CASE + 500, closed: true });
  expect(committed()).toBe(WORST_CASE + 500);
  expect(processor.metrics).toMatchObject({ SpendMicroUsd: WORST_CASE + 500, SpendOverrun: 500 });
});

describe('what an ended job holds is given back', () => {
  const nothing = { held: 0, unknown: 0, unknownCalls: 0, spent: 0, closed: true };

  test('of one that the provider refuses', async () => {
    const message = await processor.submit();
    const refusal = { disposition: 'refuse', status: 400, providerType: 'invalid_request_error' } as const;
    processor.upstream.answer(upstreamFailure({ ...refusal, reason: 'upstream-refused' }));
    expect(await processor.process(sqsRecord(message))).toEqual(acknowledged);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'failed' });
    expect(cloud.spending(message.jobId)).toEqual(nothing);
    expect(committed()).toBe(0);
  });

  test('of one that is dead-lettered', async () => {
    const message = await processor.submit();
    cloud.beforeDecrypt = () => {
      throw Object.assign(new Error('altered'), { name: 'InvalidCiphertextException' });
    };
    expect(await processor.process(sqsRecord(message))).toEqual(returned);
    expect(cloud.spending(message.jobId)).toMatchObject({ held: WORST_CASE, closed: false });
    await processor.process(sqsRecord(message, { receives: MAX_RECEIVE_COUNT }));
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'dead-lettered' });
    expect(cloud.spending(message.jobId)).toEqual(nothing);
    expect(committed()).toBe(0);
  });
});

describe('while the ledger is down', () => {
  test('no call is made, and no receive is burned: the job is sent anew, and runs when it is back', async () => {
    const message = await processor.submit();
    cloud.dynamodb.beforeRead = down;
    const lastReceive = sqsRecord(message, { receives: MAX_RECEIVE_COUNT });
    expect(await processor.process(lastReceive)).toEqual(acknowledged);
    expect(processor.upstream.calls).toEqual([]);
    expect(cloud.deadLettered).toEqual([]);
    expect(cloud.sent).toHaveLength(1);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'queued', upstreamCalls: 0 });
    expect(processor.metrics).toMatchObject({ InfrastructureFaults: 1, JobsRequeued: 1 });
    expect(processor.metrics).not.toHaveProperty('JobsHeldBySpend');
    cloud.dynamodb.beforeRead = up;
    expect(await processor.process(sqsRecord(message))).toEqual(acknowledged);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'succeeded', upstreamCalls: 1 });
    expect(cloud.spending(message.jobId)).toMatchObject({ unknown: 0, spent: COST, closed: true });
  });

  test('when a call has ended: the job succeeds, and stays at its estimate', async () => {
    const message = await processor.submit();
    processor.upstream.answer(async () => {
      cloud.dynamodb.beforeRead = down;
      return completion;
    });
    expect(await processor.process(sqsRecord(message))).toEqual(acknowledged);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'succeeded', upstreamCalls: 1 });
    const open = { held: 0, unknown: WORST_CASE, unknownCalls: 1, spent: 0, closed: false };
    expect(cloud.spending(message.jobId)).toEqual(open);
    expect(processor.metrics).toMatchObject({ LedgerUnavailable: 1, JobsSucceeded: 1 });
    expect(processor.metrics).not.toHaveProperty('SpendMicroUsd');
  });
});
