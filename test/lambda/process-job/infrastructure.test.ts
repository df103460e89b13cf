import '../doubles/environment';
import type { SQSRecord } from 'aws-lambda';
import { Cloud } from '../doubles/cloud';
import { LEASE_MS, MAX_RECEIVE_COUNT, OPEN_FOR_MS, PATIENCE_MS } from '../doubles/environment';
import { CLIENT_ID, sqsRecord } from '../doubles/events';
import { Processor } from '../doubles/processor';

let cloud: Cloud;
let processor: Processor;
beforeEach(() => {
  cloud = new Cloud();
  processor = new Processor(cloud);
});

const acknowledged = { batchItemFailures: [] };
const returned = { batchItemFailures: [{ itemIdentifier: 'message-1' }] };
const down = () => {
  throw new Error('it is down');
};
const up = () => undefined;
/** The record of a message on its last receive, as the queue dates and groups it. */
const lastReceive = (message: object, sentAt = processor.nowMs, messageId = 'message-1'): SQSRecord => {
  const record = sqsRecord(message, { receives: MAX_RECEIVE_COUNT, messageId });
  Object.assign(record.attributes, { SentTimestamp: String(sentAt), MessageGroupId: CLIENT_ID });
  return record;
};
/** The message of the last copy that was sent. */
const copy = () => JSON.parse(cloud.sent.at(-1)?.MessageBody ?? '');

describe.each<[string, () => void, () => void, string]>([
  [
    'KMS',
    () => {
      cloud.beforeDecrypt = down;
    },
    () => {
      cloud.beforeDecrypt = up;
    },
    'internal',
  ],
  [
    'Secrets Manager',
    () => {
      cloud.secret = undefined;
    },
    () => {
      cloud.secret = '{"apiKey":"sk"}';
    },
    'upstream-credential',
  ],
])('while %s is down', (_, fall, rise, reason) => {
  test('a job is sent anew, costs no call and no receive, and runs when it is back', async () => {
    fall();
    const message = await processor.submit();
    for (let round = 0; round < 3 * MAX_RECEIVE_COUNT; round += 1) {
      expect(await processor.process(lastReceive(message))).toEqual(acknowledged);
      expect(cloud.sent).toHaveLength(round + 1);
      processor.nowMs += 2 * OPEN_FOR_MS;
    }
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'queued', failure: { reason }, outage: { rounds: 0 } });
    expect(cloud.sent[0]).toMatchObject({ MessageGroupId: CLIENT_ID, DelaySeconds: (1.5 * OPEN_FOR_MS) / 1_000 });
    expect(processor.upstream.calls).toEqual([]);
    expect(processor.metrics).toMatchObject({ InfrastructureFaults: 15, JobsRequeued: 15 });
    expect(cloud.breaker()).toBeUndefined();
    rise();
    expect(await processor.process(sqsRecord(copy()))).toEqual(acknowledged);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'succeeded' });
  });

  test('a job is given up when its patience is over', async () => {
    fall();
    const message = await processor.submit();
    await processor.process(sqsRecord(message));
    processor.nowMs += PATIENCE_MS;
    expect(await processor.process(sqsRecord(message))).toEqual(acknowledged);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'dead-lettered', failure: { reason } });
    expect(cloud.deadLettered).toHaveLength(1);
  });
});

test('a key that may have been ended while Secrets Manager is down is not called with: the job waits, and loses nothing', async () => {
  processor.maxStaleMs = 60_000;
  processor.restart();
  const key = cloud.secret;
  const [first, second, third] = [await processor.submit(), await processor.submit(), await processor.submit()];
  await processor.process(sqsRecord(first));
  cloud.secret = undefined;
  processor.nowMs += 359_000;
  await processor.process(sqsRecord(second));
  expect(cloud.job(second.jobId)).toMatchObject({ status: 'succeeded' });

  processor.nowMs += 1_000;
  expect(await processor.process(lastReceive(third))).toEqual(acknowledged);
  expect(cloud.job(third.jobId)).toMatchObject({ status: 'queued', failure: { reason: 'upstream-credential' } });
  expect([processor.upstream.calls.length, cloud.deadLettered.length, cloud.breaker()]).toEqual([2, 0, undefined]);
  cloud.secret = key;
  expect(await processor.process(sqsRecord(copy()))).toEqual(acknowledged);
  expect(cloud.job(third.jobId)).toMatchObject({ status: 'succeeded', upstreamCalls: 1 });
});

describe('while DynamoDB is down', () => {
  test('the message is sent anew as it is, with its date and client', async () => {
    const message = await processor.submit();
    cloud.dynamodb.beforeUpdate = down;
    const sentAt = processor.nowMs - 60_000;
    expect(await processor.process(lastReceive(message, sentAt))).toEqual(acknowledged);
    expect(copy()).toEqual(message);
    expect(cloud.sent[0]).toMatchObject({
      MessageGroupId: CLIENT_ID,
      MessageAttributes: { firstQueuedAt: { StringValue: String(sentAt) } },
    });
    expect(processor.metrics).toMatchObject({ InfrastructureFaults: 1, JobsRequeued: 1 });
    cloud.dynamodb.beforeUpdate = up;
    expect(await processor.process(sqsRecord(copy()))).toEqual(acknowledged);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'succeeded', upstreamCalls: 1 });
  });

  test('after the lease: another receive waits for the end of the lease, and then runs the job', async () => {
    const message = await processor.submit();
    let updates = 0;
    cloud.dynamodb.beforeUpdate = () => {
      updates += 1;
      if (updates > 1) down();
    };
    expect(await processor.process(lastReceive(message))).toEqual(acknowledged);
    expect(processor.upstream.calls).toEqual([]);
    cloud.dynamodb.beforeUpdate = up;
    processor.nowMs += 1_000;
    expect(await processor.process(lastReceive(copy(), processor.nowMs, 'copy'))).toEqual(acknowledged);
    const untilMs = Number(cloud.job(message.jobId)?.leaseUntil);
    expect(processor.nowMs + Number(cloud.sent.at(-1)?.DelaySeconds) * 1_000).toBeGreaterThan(untilMs);
    processor.nowMs += LEASE_MS;
    expect(await processor.process(sqsRecord(copy()))).toEqual(acknowledged);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'succeeded', upstreamCalls: 1 });
  });

  test('for longer than the job’s patience: the receives count again', async () => {
    const message = await processor.submit();
    cloud.dynamodb.beforeUpdate = down;
    expect(await processor.process(lastReceive(message, processor.nowMs - PATIENCE_MS))).toEqual(returned);
    expect(await processor.process(lastReceive(message, processor.nowMs - PATIENCE_MS + 1))).toEqual(acknowledged);
  });

  test('and the queue as well: the message is kept', async () => {
    const message = await processor.submit();
    cloud.dynamodb.beforeUpdate = down;
    cloud.refusedPositions = [0];
    expect(await processor.process(lastReceive(message))).toEqual(returned);
    expect(cloud.sent).toEqual([]);
  });

  test('when the result is to be written: the job is sent anew', async () => {
    const message = await processor.submit();
    cloud.dynamodb.beforeTransaction = down;
    expect(await processor.process(lastReceive(message))).toEqual(acknowledged);
    expect(cloud.job(message.jobId)).toMatchObject({ status: 'queued', failure: { reason: 'internal' } });
    expect(cloud.sent).toHaveLength(1);
  });
});

test('a row that does not open is no fault of AWS: it reaches the dead-letter queue by its receives', async () => {
  const message = await processor.submit();
  cloud.beforeDecrypt = () => {
    throw Object.assign(new Error('altered'), { name: 'InvalidCiphertextException' });
  };
  expect(await processor.process(sqsRecord(message))).toEqual(returned);
  expect(await processor.process(lastReceive(message))).toEqual(returned);
  expect(cloud.job(message.jobId)).toMatchObject({ status: 'dead-lettered' });
  expect(processor.metrics).not.toHaveProperty('InfrastructureFaults');
});
