import '../../doubles/environment';
import { DynamoDBClient, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { DynamoDbJobStore } from '../../../../lambda/runtime/jobs/dynamodb-job-store';
import { LeaseLostError } from '../../../../lambda/runtime/jobs/errors';
import { type Job, queuedJob } from '../../../../lambda/runtime/jobs/job';
import { refusalOf } from '../../../../lambda/runtime/jobs/lease';
import { Cloud } from '../../doubles/cloud';
import { JOBS_TABLE } from '../../doubles/environment';
import { completion } from '../../doubles/processor';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const sealed = { wrappedKey: Buffer.from('k'), iv: Buffer.from('i'), ciphertext: Buffer.from('c') };
const job: Job = queuedJob(
  {
    jobId: 'job_1',
    clientId: 'client-a',
    requestHash: 'hash',
    sealedRequest: sealed,
    model: 'm',
    reservation: { inputTokens: 1, outputTokens: 2 },
    correlationId: 'trace-1',
    retentionDays: 30,
  },
  NOW,
);
const request = { jobId: 'job_1', owner: 'worker', nowMs: NOW, leaseMs: 1_000, redriven: false };
const success = { usage: completion.usage, sealedCompletion: sealed, expiresAt: job.expiresAt, nowMs: NOW };
const failure = { reason: 'internal' as const };

let cloud: Cloud;
let store: DynamoDbJobStore;
beforeEach(() => {
  cloud = new Cloud();
  store = new DynamoDbJobStore(new DynamoDBClient({}), JOBS_TABLE);
});
const put = (overrides: Partial<Job> = {}) => cloud.dynamodb.put(JOBS_TABLE, { ...job, part: 'job', ...overrides });

test('a job is created once', async () => {
  expect(await store.create(job)).toBe(true);
  expect(await store.create({ ...job, clientId: 'client-b' })).toBe(false);
  expect(await store.readState('job_1')).toMatchObject({ clientId: 'client-a', status: 'queued' });
});

test('the state comes without the sealed request', async () => {
  put();
  expect(await store.readState('job_1')).not.toHaveProperty('sealedRequest');
  expect(await store.readState('job_2')).toBeUndefined();
});

test('the table’s condition and the rule of leasing say the same of every job', async () => {
  const rows = fc.record({
    status: fc.constantFrom('queued', 'running', 'succeeded', 'failed', 'dead-lettered'),
    leaseUntil: fc.integer({ min: NOW - 2, max: NOW + 2 }),
    abandoned: fc.constantFrom(undefined, 1, 4, 5, 6),
  });
  await fc.assert(
    fc.asyncProperty(rows, fc.boolean(), async (row, redriven) => {
      put(row as Partial<Job>);
      const outcome = await store.lease({ ...request, redriven });
      const refusal = refusalOf(row as Job, { nowMs: NOW, redriven });
      expect(outcome.kind).toBe(refusal?.kind ?? 'leased');
      if (refusal) expect(outcome).toEqual(refusal);
    }),
  );
});

test('a job that is not there cannot be leased', async () => {
  expect(await store.lease(request)).toEqual({ kind: 'missing' });
});

test('one lease excludes every other until it ends; each one raises the fence', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(1_500), { minLength: 1, maxLength: 20 }), async (pauses) => {
      put();
      let [nowMs, fence, until] = [NOW, 0, Number.NEGATIVE_INFINITY];
      for (const [position, pause] of pauses.entries()) {
        nowMs += pause;
        const outcome = await store.lease({ ...request, owner: `worker-${position}`, nowMs });
        // The first lease and five over dead workers; the next one is the sweeper's to refuse for good.
        const isFree = until < nowMs && fence < 6;
        expect(outcome.kind).toBe(isFree ? 'leased' : 'held');
        if (outcome.kind !== 'leased') continue;
        expect(outcome.job.fence).toBe(fence + 1);
        [fence, until] = [outcome.job.fence, nowMs + request.leaseMs];
      }
    }),
  );
});

describe('a lease that was taken over', () => {
  const lease = { jobId: 'job_1', fence: 1 };
  test.each([
    ['countUpstreamCall', () => store.countUpstreamCall(lease)],
    ['succeed', () => store.succeed(lease, success)],
    ['fail', () => store.fail(lease, failure, NOW)],
    ['release', () => store.release(lease, { nowMs: NOW, failure })],
    ['deadLetter', () => store.deadLetter(lease, failure, NOW)],
  ])('%s writes nothing', async (_, write) => {
    put({ status: 'running', fence: 2, leaseUntil: NOW + 1_000, leaseOwner: 'another' });
    const before = cloud.job('job_1');
    await expect(write()).rejects.toThrow(LeaseLostError);
    expect(cloud.job('job_1')).toEqual(before);
    expect(cloud.result('job_1')).toBeUndefined();
  });
});

test('a result is never written twice, whatever the row says', async () => {
  put({ status: 'running', fence: 1 });
  cloud.dynamodb.put(JOBS_TABLE, { jobId: 'job_1', part: 'result', fence: 0 });
  await expect(store.succeed({ jobId: 'job_1', fence: 1 }, success)).rejects.toThrow(LeaseLostError);
  expect(cloud.job('job_1')).toMatchObject({ status: 'running' });
  expect(cloud.result('job_1')).toEqual({ jobId: 'job_1', part: 'result', fence: 0 });
});

test('a lease whose answer was lost is the worker’s own when it is asked for again', async () => {
  put();
  const first = await store.lease(request);
  expect(await store.lease({ ...request, nowMs: NOW + 1 })).toEqual(first);
  expect(await store.lease({ ...request, owner: 'another' })).toEqual({ kind: 'held', untilMs: NOW + 1_000 });
});

describe('a lease that has ended with its job still running', () => {
  const ended = { status: 'running' as const, fence: 1, leaseOwner: 'worker', leaseUntil: NOW - 1 };
  const leased = (abandoned: number) => ({ kind: 'leased', job: { fence: 2, leaseUntil: NOW + 1_000, abandoned } });

  test.each([
    ['by another worker', 'another'],
    ['by a worker of the same name', 'worker'],
  ])('is taken over %s, and its worker counted as dead', async (_, owner) => {
    put(ended);
    expect(await store.lease({ ...request, owner })).toMatchObject(leased(1));
    // The answer was lost, and the update is sent again.
    expect(await store.lease({ ...request, owner })).toMatchObject(leased(1));
  });

  test.each([
    [4, leased(5)],
    [5, { kind: 'held', untilMs: NOW + 60_000 }],
  ])('after %d dead workers: %j', async (abandoned, outcome) => {
    put({ ...ended, abandoned });
    expect(await store.lease({ ...request, owner: 'another' })).toMatchObject(outcome);
  });

  test('is left to whoever moves the job while it is being taken over', async () => {
    put(ended);
    const client = new DynamoDBClient({});
    const send = async (command: never) => {
      const sent = client.send(command);
      await sent.catch(() => put({ status: 'queued' }));
      return sent;
    };
    const racing = new DynamoDbJobStore({ send } as unknown as DynamoDBClient, JOBS_TABLE);
    expect(await racing.lease({ ...request, owner: 'another' })).toEqual({ kind: 'held', untilMs: NOW });
    expect(cloud.job('job_1')).toMatchObject({ status: 'queued', fence: 0 });
  });
});

test('a success whose answer was lost is written again without harm', async () => {
  put({ status: 'running', fence: 1 });
  const lease = { jobId: 'job_1', fence: 1 };
  await store.succeed(lease, success);
  const [row, result] = [cloud.job('job_1'), cloud.result('job_1')];
  await store.succeed(lease, success);
  expect([cloud.job('job_1'), cloud.result('job_1')]).toEqual([row, result]);
});

test('a conflict of transactions is no lost lease', async () => {
  put({ status: 'running', fence: 1 });
  cloud.dynamodb.beforeTransaction = () => {
    throw new TransactionCanceledException({
      message: 'conflict',
      $metadata: {},
      CancellationReasons: [{ Code: 'TransactionConflict' }, { Code: 'None' }],
    });
  };
  await expect(store.succeed({ jobId: 'job_1', fence: 1 }, success)).rejects.toThrow(TransactionCanceledException);
});

test('an expired job is removed with its result, unless it was replaced meanwhile', async () => {
  put({ expiresAt: 5 });
  cloud.dynamodb.put(JOBS_TABLE, { jobId: 'job_1', part: 'result' });
  expect(await store.removeExpired({ jobId: 'job_1', expiresAt: 4 })).toBe(false);
  expect(await store.removeExpired({ jobId: 'job_1', expiresAt: 5 })).toBe(true);
  expect(cloud.dynamodb.rowCount(JOBS_TABLE)).toBe(0);
});
