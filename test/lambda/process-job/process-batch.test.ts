import '../doubles/environment';
import { Cloud } from '../doubles/cloud';
import { JOBS_TABLE, LEASE_MS, MAX_RECEIVE_COUNT } from '../doubles/environment';
import { sqsRecord } from '../doubles/events';
import { COST, completion, Processor, upstreamFailure } from '../doubles/processor';

let cloud: Cloud;
let processor: Processor;
beforeEach(() => {
  cloud = new Cloud();
  processor = new Processor(cloud);
});

const acknowledged = { batchItemFailures: [] };
const returned = (messageId = 'message-1') => ({ batchItemFailures: [{ itemIdentifier: messageId }] });

test('runs a job: one paid call, its result sealed, its usage and end in the row', async () => {
  const message = await processor.submit('the secret of the tower');
  expect(await processor.process(sqsRecord(message))).toEqual(acknowledged);
  const row = cloud.job(message.jobId);
  expect(row).toMatchObject({
    status: 'succeeded',
    usage: completion.usage,
    upstreamCalls: 1,
    fence: 1,
    completedAt: '2026-11-22T12:00:00.000Z',
  });
  expect(row).not.toHaveProperty('leaseOwner');
  expect(row).not.toHaveProperty('leaseUntil');
  expect(cloud.result(message.jobId)).toMatchObject({ fence: 1, expiresAt: row?.expiresAt });
  const { sealedCompletion } = cloud.result(message.jobId) as { sealedCompletion: { ciphertext: Uint8Array } };
  expect(Buffer.from(sealedCompletion.ciphertext).includes('wall')).toBe(false);
  expect(processor.metrics).toEqual({ UpstreamCalls: 1, JobsSucceeded: 1, SpendMicroUsd: COST });
});

test('an upstream that fails twice is called three times, and the job succeeds', async () => {
  const message = await processor.submit();
  processor.upstream.answer(upstreamFailure(), upstreamFailure());
  expect(await processor.process(sqsRecord(message))).toEqual(acknowledged);
  expect(processor.upstream.calls).toHaveLength(3);
  expect(cloud.job(message.jobId)).toMatchObject({ status: 'succeeded', upstreamCalls: 3 });
  expect(processor.metrics).toMatchObject({ UpstreamCalls: 3, UpstreamFailures: 2 });
});

test('an upstream that goes on failing: the job goes back to the queue with its reason and a growing delay', async () => {
  const message = await processor.submit();
  processor.upstream.answer(...Array.from({ length: 6 }, () => upstreamFailure({ providerType: 'api_error' })));
  expect(await processor.process(sqsRecord(message))).toEqual(returned());
  expect(cloud.job(message.jobId)).toMatchObject({
    status: 'queued',
    upstreamCalls: 3,
    failure: { reason: 'upstream-error', detail: 'upstream-error HTTP 500 api_error' },
  });
  await processor.process(sqsRecord(message, { receives: 3 }));
  expect(cloud.delays).toEqual(
    new Map([
      ['receipt-message-1-1', 1],
      ['receipt-message-1-3', 2],
    ]),
  );
  expect(await processor.process(sqsRecord(message, { receives: 4 }))).toEqual(acknowledged);
  expect(cloud.job(message.jobId)).toMatchObject({ status: 'succeeded', upstreamCalls: 7, fence: 3 });
  expect(cloud.job(message.jobId)).not.toHaveProperty('failure');
});

test('waits as long as the upstream asks, where the deadline allows it', async () => {
  const message = await processor.submit();
  processor.upstream.answer(upstreamFailure({ status: 429, retryAfterMs: 7_000 }));
  expect(await processor.process(sqsRecord(message))).toEqual(acknowledged);
  expect(processor.slept).toEqual([7_000]);
});

test('gives the message back for as long as the upstream asks, where the deadline does not', async () => {
  const message = await processor.submit();
  processor.upstream.answer(upstreamFailure({ status: 429, reason: 'upstream-rate-limited', retryAfterMs: 60_000 }));
  expect(await processor.process(sqsRecord(message))).toEqual(returned());
  expect(processor.slept).toEqual([]);
  expect(processor.upstream.calls).toHaveLength(1);
  expect(cloud.delays.get('receipt-message-1-1')).toBe(60);
});

test('a refusal for good fails the job at once, with its reason', async () => {
  const message = await processor.submit();
  processor.upstream.answer(
    upstreamFailure({
      status: 400,
      reason: 'upstream-refused',
      disposition: 'refuse',
      providerType: 'invalid_request_error',
    }),
  );
  expect(await processor.process(sqsRecord(message))).toEqual(acknowledged);
  expect(cloud.job(message.jobId)).toMatchObject({
    status: 'failed',
    completedAt: '2026-11-22T12:00:00.000Z',
    failure: { reason: 'upstream-refused', detail: 'upstream-refused HTTP 400 invalid_request_error' },
  });
  expect(cloud.result(message.jobId)).toBeUndefined();
  expect(processor.metrics).toMatchObject({ JobsFailed: 1 });
});

test('a completion that no row can hold fails the job, and is not bought again', async () => {
  const message = await processor.submit();
  const text = Array.from({ length: 200_000 }, (_, i) => String.fromCodePoint(0x4e00 + ((i * 7919) % 20_000))).join('');
  processor.upstream.answer({ ...completion, text });
  expect(await processor.process(sqsRecord(message))).toEqual(acknowledged);
  expect(cloud.job(message.jobId)).toMatchObject({ status: 'failed', failure: { reason: 'completion-too-large' } });
});

describe('the last receive', () => {
  const last = { receives: MAX_RECEIVE_COUNT };
  const poison = () => {
    processor.upstream.answer(...Array.from({ length: 3 }, () => upstreamFailure()));
    cloud.serveAnother(processor.nowMs + 30_000);
  };

  test('marks the job dead-lettered with its reason, and lets the queue move the message at once', async () => {
    const message = await processor.submit();
    poison();
    expect(await processor.process(sqsRecord(message, last))).toEqual(returned());
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'dead-lettered', failure: { reason: 'upstream-error' } });
    expect(cloud.delays.get('receipt-message-1-5')).toBe(0);
    expect(processor.metrics).toMatchObject({ JobsDeadLettered: 1 });
    expect(processor.metrics).not.toHaveProperty('JobsReturnedToQueue');
  });

  test('of a job that is dead-lettered already leaves it so', async () => {
    const message = await processor.submit();
    poison();
    await processor.process(sqsRecord(message, last));
    const before = cloud.job(message.jobId);
    expect(await processor.process(sqsRecord(message, last))).toEqual(returned());
    expect(cloud.job(message.jobId)).toEqual(before);
    expect(processor.upstream.calls).toHaveLength(3);
  });

  test('is followed by a redrive, which runs the job again', async () => {
    const message = await processor.submit();
    poison();
    await processor.process(sqsRecord(message, last));
    expect(await processor.process(sqsRecord(message, { receives: 1 }))).toEqual(acknowledged);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'succeeded', fence: 2, upstreamCalls: 4 });
  });
});

describe('the upstream credential', () => {
  const rejected = () => upstreamFailure({ status: 401, reason: 'upstream-credential', disposition: 'return' });

  test('is read anew once when it is rejected, and the call made once more', async () => {
    const first = await processor.submit();
    await processor.process(sqsRecord(first));
    cloud.secret = JSON.stringify({ apiKey: 'sk-rotated' });
    const second = await processor.submit();
    processor.upstream.answer(rejected());
    expect(await processor.process(sqsRecord(second))).toEqual(acknowledged);
    expect(processor.upstream.calls.map(({ credential }) => credential.value)).toEqual([
      'sk-upstream-key',
      'sk-upstream-key',
      'sk-rotated',
    ]);
    expect(processor.metrics).not.toHaveProperty('UpstreamAccountRefused');
    expect(processor.metrics).toMatchObject({ CredentialRenewals: 1 });
    expect(cloud.job(second.jobId)).toMatchObject({ status: 'succeeded', upstreamCalls: 2 });
  });

  test('that is rejected anew as well is not the job’s fault: it goes back to the queue after two calls', async () => {
    await processor.process(sqsRecord(await processor.submit()));
    cloud.secret = JSON.stringify({ apiKey: 'sk-rotated' });
    const message = await processor.submit();
    processor.upstream.answer(rejected(), rejected());
    expect(await processor.process(sqsRecord(message))).toEqual(returned());
    expect(processor.upstream.calls).toHaveLength(3);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'queued', failure: { reason: 'upstream-credential' } });
    expect(processor.metrics).toMatchObject({ UpstreamAccountRefused: 1 });
  });

  test('that is rejected, and was not rotated, costs no second call', async () => {
    const message = await processor.submit();
    processor.upstream.answer(rejected());
    expect(await processor.process(sqsRecord(message))).toEqual(returned());
    expect(processor.upstream.calls).toHaveLength(1);
    expect(processor.metrics).toMatchObject({ UpstreamAccountRefused: 1 });
  });

  test('of an account without credit is not looked at anew', async () => {
    const message = await processor.submit();
    processor.upstream.answer(upstreamFailure({ status: 402, reason: 'upstream-credit', disposition: 'return' }));
    await processor.process(sqsRecord(message));
    expect(processor.upstream.calls).toHaveLength(1);
    expect(cloud.steps.filter((name) => name === 'GetSecretValue')).toHaveLength(1);
    expect(processor.metrics).toMatchObject({ UpstreamAccountRefused: 1 });
  });

  test.each([
    ['cannot be read', undefined],
    ['is not JSON', 'sk-upstream-key'],
    ['has no key', '{}'],
    ['would break a header', '{"apiKey":"a\\nb"}'],
  ])('that %s costs no call', async (_, secret) => {
    cloud.secret = secret;
    const message = await processor.submit();
    expect(await processor.process(sqsRecord(message))).toEqual(acknowledged);
    expect(processor.upstream.calls).toHaveLength(0);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'queued', failure: { reason: 'upstream-credential' } });
    expect(cloud.sent).toHaveLength(1);
  });
});

describe('two workers', () => {
  test('with the same message: one calls the upstream, the other gives it back until the lease ends', async () => {
    const message = await processor.submit();
    const outcome = await processor.process(
      sqsRecord(message, { messageId: 'message-1' }),
      sqsRecord(message, { messageId: 'message-2' }),
    );
    expect(outcome).toEqual(returned('message-2'));
    expect(processor.upstream.calls).toHaveLength(1);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'succeeded', fence: 1 });
    expect(cloud.delays).toEqual(new Map([['receipt-message-2-1', LEASE_MS / 1000 + 1]]));
    expect(await processor.process(sqsRecord(message, { messageId: 'message-2', receives: 2 }))).toEqual(acknowledged);
  });

  test('where the first lost its lease, only the second writes, and the message is left to it', async () => {
    const message = await processor.submit();
    processor.upstream.answer(async () => {
      processor.nowMs += LEASE_MS + 1;
      const second = new Processor(cloud);
      second.nowMs = processor.nowMs;
      second.upstream.answer({ ...completion, text: 'from the second' });
      expect(await second.process(sqsRecord(message, { receives: 2 }))).toEqual(acknowledged);
      return { ...completion, text: 'from the first' };
    });
    expect(await processor.process(sqsRecord(message))).toEqual(returned());
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'succeeded', fence: 3, upstreamCalls: 2 });
    expect(cloud.result(message.jobId)).toMatchObject({ fence: 3 });
    expect(processor.metrics).toMatchObject({ LeasesLost: 1 });
    expect(cloud.delays.size).toBe(0);
  });

  test('a worker that lost its lease between two calls does not pay for another', async () => {
    const message = await processor.submit();
    processor.upstream.answer(async () => {
      const row = cloud.job(message.jobId);
      cloud.dynamodb.put(JOBS_TABLE, { ...row, fence: 2 });
      throw upstreamFailure();
    });
    expect(await processor.process(sqsRecord(message))).toEqual(returned());
    expect(processor.upstream.calls).toHaveLength(1);
    expect(processor.metrics).toMatchObject({ LeasesLost: 1 });
  });
});

test.each([
  ['no JSON', 'jobs, jobs'],
  ['JSON of another kind', 'null'],
  ['without a job', '{"correlationId":"a"}'],
  ['of a job that does not exist', '{"jobId":"job_0","correlationId":"a"}'],
])('a message %s is kept for the dead-letter queue, and costs no call', async (_, body) => {
  expect(await processor.process(sqsRecord(body))).toEqual(returned());
  expect(processor.upstream.calls).toHaveLength(0);
  expect(processor.metrics).toEqual({ JobsReturnedToQueue: 1 });
});

test('a poisoned message does not touch the others of its batch', async () => {
  const message = await processor.submit();
  const outcome = await processor.process(
    sqsRecord('{', { messageId: 'bad' }),
    sqsRecord(message, { messageId: 'good' }),
  );
  expect(outcome).toEqual(returned('bad'));
  expect(cloud.job(message.jobId)).toMatchObject({ status: 'succeeded' });
});

test('no call is begun past the deadline: the job is held, whatever it has waited for', async () => {
  const message = await processor.submit();
  processor.budgetMs = 0;
  expect(await processor.process(sqsRecord(message, { receives: MAX_RECEIVE_COUNT }))).toEqual(acknowledged);
  expect(processor.upstream.calls).toHaveLength(0);
  expect(cloud.job(message.jobId)).toMatchObject({
    status: 'queued',
    upstreamCalls: 0,
    failure: { reason: 'internal', detail: 'OutOfTimeError' },
    outage: { rounds: 0 },
  });
  expect(cloud.sent).toHaveLength(1);
  expect(processor.metrics).toMatchObject({ InfrastructureFaults: 1 });
});
