import '../doubles/environment';
import type { DynamoDBStreamEvent } from 'aws-lambda';
import { handler } from '../../../lambda/relay-outbox/handler';
import { Cloud } from '../doubles/cloud';
import { captureOutput } from '../doubles/console-capture';
import { context, streamRecord } from '../doubles/events';

let cloud: Cloud;
let output: ReturnType<typeof captureOutput>;
beforeEach(() => {
  cloud = new Cloud();
  output = captureOutput();
});
afterEach(() => output.release());

const row = (jobId: string, overrides: object = {}) => ({
  jobId,
  part: 'job',
  status: 'queued',
  clientId: 'client-a',
  correlationId: `trace-${jobId}`,
  sealedRequest: { ciphertext: Buffer.from('sealed') },
  ...overrides,
});
const relay = (...Records: object[]) => handler({ Records } as DynamoDBStreamEvent, context());
const jobs = (count: number) => Array.from({ length: count }, (_, i) => streamRecord(row(`job-${i}`), String(100 + i)));
const sentJobs = () => cloud.sent.map(({ MessageBody }) => JSON.parse(MessageBody ?? '').jobId);

test('sends identifiers only, in the client’s message group', async () => {
  expect(await relay(streamRecord(row('job-1')))).toEqual({ batchItemFailures: [] });
  expect(cloud.sent).toEqual([
    { Id: '0', MessageBody: '{"jobId":"job-1","correlationId":"trace-job-1"}', MessageGroupId: 'client-a' },
  ]);
});

test('sends many in batches of ten', async () => {
  expect(await relay(...jobs(25))).toEqual({ batchItemFailures: [] });
  expect(cloud.steps).toHaveLength(3);
  expect(sentJobs()).toEqual(Array.from({ length: 25 }, (_, i) => `job-${i}`));
  expect(output.lines()).toContainEqual(expect.objectContaining({ JobsRelayed: [10, 10, 5] }));
});

test.each([
  ['a changed job', streamRecord(row('job-1'), '1', 'MODIFY')],
  ['a deleted job', { eventName: 'REMOVE', dynamodb: { SequenceNumber: '1', Keys: {} } }],
  ['a result', streamRecord({ jobId: 'job-1', part: 'result' })],
  ['a job that is not queued', streamRecord(row('job-1', { status: 'running' }))],
])('%s is no news', async (_, record) => {
  expect(await relay(record)).toEqual({ batchItemFailures: [] });
  expect(cloud.steps).toEqual([]);
});

test('answers the first record that the queue refused', async () => {
  cloud.refusedPositions = [7, 3];
  expect(await relay(...jobs(25))).toEqual({ batchItemFailures: [{ itemIdentifier: '103' }] });
  expect(sentJobs()).toHaveLength(8);
});

test('answers the first record of a batch that was not sent', async () => {
  cloud.crash({ atStep: 2, when: 'before' });
  expect(await relay(...jobs(25))).toEqual({ batchItemFailures: [{ itemIdentifier: '110' }] });
  expect(sentJobs()).toHaveLength(10);
});

test('a crash between written and sent: the stream comes again, and each job is sent', async () => {
  cloud.crash({ atStep: 2, when: 'after' });
  const records = jobs(25);
  const { batchItemFailures } = await relay(...records);
  cloud.revive();
  const from = records.findIndex(({ dynamodb }) => dynamodb.SequenceNumber === batchItemFailures[0]?.itemIdentifier);
  expect(await relay(...records.slice(from))).toEqual({ batchItemFailures: [] });
  expect(new Set(sentJobs()).size).toBe(25);
});
