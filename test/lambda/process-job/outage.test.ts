import '../doubles/environment';
import type { SQSRecord } from 'aws-lambda';
import { JobsTable } from '../../../lib/contract/tables';
import { Cloud } from '../doubles/cloud';
import { CONTROL_TABLE, JOBS_TABLE, MAX_RECEIVE_COUNT, OPEN_FOR_MS, PATIENCE_MS } from '../doubles/environment';
import { CLIENT_ID, sqsRecord } from '../doubles/events';
import { Processor, upstreamFailure } from '../doubles/processor';

const FAILURES = 5;

let cloud: Cloud;
let processor: Processor;
beforeEach(() => {
  cloud = new Cloud();
  processor = new Processor(cloud, FAILURES);
});

const acknowledged = { batchItemFailures: [] };
const returned = { batchItemFailures: [{ itemIdentifier: 'message-1' }] };
const fail = (times: number, overrides: Parameters<typeof upstreamFailure>[0] = {}) =>
  processor.upstream.answer(...Array.from({ length: times }, () => upstreamFailure(overrides)));
/** Lets another job fail until the breaker is open. */
const openBreaker = async () => {
  fail(FAILURES);
  for (let receives = 1; cloud.breaker()?.status !== 'open'; receives += 1) {
    await processor.process(sqsRecord(await processor.submit(), { messageId: `other-${receives}` }));
  }
  cloud.sent.length = 0;
  processor.upstream.calls.length = 0;
};
/** What another process of the fleet, of which this one has not heard, has made of the breaker. */
const putBreaker = (row: object) =>
  cloud.dynamodb.put(CONTROL_TABLE, {
    name: 'breaker#upstream',
    epoch: 7,
    reason: 'probes-succeeded',
    openings: 0,
    successes: 0,
    changedAt: processor.nowMs,
    ...row,
  });

/** Lets the job's row hold a data key that its own context does not unwrap. */
const falsify = (jobId: string) => {
  const row = cloud.job(jobId) as { sealedRequest: object };
  const sealedRequest = { ...row.sealedRequest, wrappedKey: new Uint8Array(60) };
  cloud.dynamodb.put(JOBS_TABLE, { ...row, part: JobsTable.JOB_PART, sealedRequest });
};

describe('while the breaker is open', () => {
  test('a job costs no call and no receive: its message is sent anew for when the window ends', async () => {
    await openBreaker();
    const message = await processor.submit();
    const record: SQSRecord = sqsRecord(message, { receives: MAX_RECEIVE_COUNT });
    record.attributes.SentTimestamp = '1700000000000';
    expect(await processor.process(record)).toEqual(acknowledged);
    expect(processor.upstream.calls).toEqual([]);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'queued', upstreamCalls: 0, fence: 1 });
    expect(cloud.job(message.jobId)).not.toHaveProperty('leaseOwner');
    expect(cloud.sent).toEqual([
      {
        Id: '0',
        MessageBody: JSON.stringify(message),
        MessageGroupId: CLIENT_ID,
        // The last failing call's backoff has used a part of the window; a delay is whole seconds, rounded down.
        DelaySeconds: OPEN_FOR_MS / 1_000 - 1,
        MessageAttributes: { firstQueuedAt: { DataType: 'Number', StringValue: '1700000000000' } },
      },
    ]);
    expect(processor.metrics).toMatchObject({ JobsRequeued: expect.any(Number) });
    expect(processor.metrics).not.toHaveProperty('JobsDeadLettered');
  });

  test('the date at which it was first sent goes from copy to copy', async () => {
    await openBreaker();
    const record = sqsRecord(await processor.submit());
    record.attributes.SentTimestamp = '1800000000000';
    record.messageAttributes = { firstQueuedAt: { dataType: 'Number', stringValue: '1700000000000' } };
    await processor.process(record);
    expect(cloud.sent[0]?.MessageAttributes).toEqual({
      firstQueuedAt: { DataType: 'Number', StringValue: '1700000000000' },
    });
  });

  test('a copy that the queue refuses leaves the message where it is', async () => {
    await openBreaker();
    const message = await processor.submit();
    cloud.refusedPositions = [0];
    expect(await processor.process(sqsRecord(message))).toEqual(returned);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'queued' });
  });

  test('the call that opens it is sent anew as well, with its reason in the row', async () => {
    fail(FAILURES);
    const message = await processor.submit();
    expect(await processor.process(sqsRecord(message))).toEqual(returned);
    expect(await processor.process(sqsRecord(message, { receives: 2 }))).toEqual(acknowledged);
    expect(processor.upstream.calls).toHaveLength(FAILURES);
    expect(cloud.breaker()).toMatchObject({ status: 'open' });
    expect(cloud.sent).toHaveLength(1);
  });

  test('one probe goes through when the window is over, and the job waits behind the others when it fails', async () => {
    await openBreaker();
    processor.nowMs += OPEN_FOR_MS + 1;
    fail(10);
    const [first, second] = [await processor.submit(), await processor.submit()];
    const outcome = await processor.process(
      sqsRecord(first, { messageId: 'a' }),
      sqsRecord(second, { messageId: 'b' }),
    );
    expect(outcome).toEqual(acknowledged);
    expect(processor.upstream.calls).toHaveLength(1);
    expect(cloud.breaker()).toMatchObject({ status: 'open', openings: 2 });
    const delays = cloud.sent.map(({ DelaySeconds = 0 }) => DelaySeconds);
    expect(Math.max(...delays)).toBeGreaterThanOrEqual((OPEN_FOR_MS / 1_000) * 1.5);
    expect([first, second].map(({ jobId }) => cloud.job(jobId)?.status)).toEqual(['queued', 'queued']);
  });

  test('probes that succeed close it, and everybody is served', async () => {
    await openBreaker();
    processor.nowMs += OPEN_FOR_MS + 1;
    for (let job = 0; job < 3; job += 1) {
      expect(await processor.process(sqsRecord(await processor.submit()))).toEqual(acknowledged);
    }
    expect(cloud.breaker()).toMatchObject({ status: 'closed' });
    expect(processor.metrics).toMatchObject({ JobsSucceeded: 3 });
  });
});

describe('the last receive', () => {
  const last = { receives: MAX_RECEIVE_COUNT };

  test('with the breaker closed, and others served, since the job began to fail: the job is at fault', async () => {
    const message = await processor.submit();
    fail(3);
    cloud.serveAnother(processor.nowMs + 30_000);
    expect(await processor.process(sqsRecord(message, last))).toEqual(returned);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'dead-lettered' });
  });

  test('with an opening since then that only the fleet knows of: the job is sent anew, its streak forgotten', async () => {
    const message = await processor.submit();
    fail(1, { disposition: 'return' });
    await processor.process(sqsRecord(message, { receives: 4 }));
    expect(cloud.job(message.jobId)).toMatchObject({ failedSince: processor.nowMs });
    processor.nowMs += 1_000;
    processor.upstream.answer(async () => {
      putBreaker({ status: 'closed', lastOpenedAt: processor.nowMs - 500 });
      throw upstreamFailure({ disposition: 'return' });
    });
    expect(await processor.process(sqsRecord(message, last))).toEqual(acknowledged);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'queued', outage: { rounds: 1 } });
    expect(cloud.job(message.jobId)).not.toHaveProperty('failedSince');
    expect(cloud.sent).toHaveLength(1);
  });

  test('with an opening before that: the job is at fault', async () => {
    putBreaker({ status: 'closed', changedAt: processor.nowMs - 1, lastOpenedAt: processor.nowMs - 1_000 });
    const message = await processor.submit();
    fail(3);
    cloud.serveAnother(processor.nowMs + 30_000);
    expect(await processor.process(sqsRecord(message, last))).toEqual(returned);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'dead-lettered' });
  });

  test('with a breaker that nobody can read: the job gets another round', async () => {
    const message = await processor.submit();
    processor.upstream.answer(async () => {
      cloud.dynamodb.beforeRead = () => {
        throw new Error('DynamoDB is down');
      };
      throw upstreamFailure({ disposition: 'return' });
    });
    expect(await processor.process(sqsRecord(message, last))).toEqual(acknowledged);
    expect(cloud.sent).toHaveLength(1);
  });

  test('with a row that does not open: the job is at fault, whatever the breaker does', async () => {
    putBreaker({ status: 'closed', changedAt: processor.nowMs + 1, lastOpenedAt: processor.nowMs });
    const message = await processor.submit();
    falsify(message.jobId);
    expect(await processor.process(sqsRecord(message, last))).toEqual(returned);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'dead-lettered', failure: { reason: 'internal' } });
  });

  test('a failure of another kind leaves the streak as it is', async () => {
    const message = await processor.submit();
    fail(1, { disposition: 'return' });
    await processor.process(sqsRecord(message));
    const since = cloud.job(message.jobId)?.failedSince;
    processor.nowMs += 1_000;
    falsify(message.jobId);
    await processor.process(sqsRecord(message, { receives: 2 }));
    expect(cloud.job(message.jobId)).toMatchObject({ failedSince: since, failure: { reason: 'internal' } });
  });
});

describe('a job that fails by itself, and opens the breaker each time', () => {
  /** Fails the job as the probe of one more window. */
  const failAsProbe = async (message: object) => {
    processor.nowMs += 2 * OPEN_FOR_MS + 1;
    fail(1);
    return processor.process(sqsRecord(message));
  };
  const closeByOthers = async () => {
    processor.nowMs += 2 * OPEN_FOR_MS + 1;
    for (let probe = 0; probe < 2; probe += 1) await processor.process(sqsRecord(await processor.submit()));
    expect(cloud.breaker()).toMatchObject({ status: 'closed' });
  };

  test('is not given up for one outage, however many probes it fails', async () => {
    await openBreaker();
    const message = await processor.submit();
    for (let probe = 0; probe < 30; probe += 1) expect(await failAsProbe(message)).toEqual(acknowledged);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'queued', outage: { rounds: 1 } });
    expect(cloud.deadLettered).toEqual([]);
  });

  test('is given up after ten rounds between which the upstream served others', async () => {
    const message = await processor.submit();
    for (let round = 1; round <= 10; round += 1) {
      fail(FAILURES);
      await processor.process(sqsRecord(message, { receives: 1 }));
      expect(await processor.process(sqsRecord(message, { receives: 2 }))).toEqual(acknowledged);
      if (round === 10) break;
      expect(cloud.job(message.jobId)).toMatchObject({ status: 'queued', outage: { rounds: round } });
      await closeByOthers();
    }
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'dead-lettered', failure: { reason: 'upstream-error' } });
    expect(cloud.deadLettered.map(({ MessageBody }) => JSON.parse(MessageBody ?? ''))).toEqual([message]);
    expect(processor.metrics).toMatchObject({ JobsDeadLettered: 1 });
  });

  test('is given up after a day of an upstream that serves nobody', async () => {
    await openBreaker();
    const message = await processor.submit();
    await failAsProbe(message);
    processor.nowMs += PATIENCE_MS;
    expect(await failAsProbe(message)).toEqual(acknowledged);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'dead-lettered' });
    expect(cloud.deadLettered).toHaveLength(1);
  });

  test('whose copy the dead-letter queue does not take is not given up', async () => {
    await openBreaker();
    const message = await processor.submit();
    await failAsProbe(message);
    processor.nowMs += PATIENCE_MS;
    cloud.refusedPositions = [0];
    expect(await failAsProbe(message)).toEqual(returned);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'running' });
  });
});
