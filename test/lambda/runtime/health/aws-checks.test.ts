import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { marshall } from '@aws-sdk/util-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { breakerCheck, queueCheck, tableCheck } from '../../../../lambda/runtime/health/aws-checks';

const dynamodb = mockClient(DynamoDBClient);
const sqs = mockClient(SQSClient);
const never = new AbortController().signal;

beforeEach(() => {
  for (const mock of [dynamodb, sqs]) mock.reset();
});

test('a table is read by a key that no row has', async () => {
  dynamodb.on(GetItemCommand).resolves({});
  const options = { name: 'jobs-table', isCritical: true, table: 'jobs', key: { jobId: 'x', part: 'y' } };
  const check = tableCheck(new DynamoDBClient(), options);
  expect(check).toMatchObject({ name: 'jobs-table', isCritical: true });
  expect(await check.run(never)).toEqual({ status: 'ok' });
  const { TableName, Key } = dynamodb.commandCalls(GetItemCommand)[0]?.args[0].input ?? {};
  expect({ TableName, Key }).toEqual({ TableName: 'jobs', Key: { jobId: { S: 'x' }, part: { S: 'y' } } });
});

test('the queue is critical, and asked for its depth only', async () => {
  sqs.on(GetQueueAttributesCommand, { QueueUrl: 'queue' }).resolves({});
  const check = queueCheck(new SQSClient(), 'queue');
  expect(check).toMatchObject({ name: 'queue', isCritical: true });
  expect(await check.run(never)).toEqual({ status: 'ok' });
});

test.each([
  [undefined, { status: 'ok', detail: { state: 'closed' } }],
  [{ status: 'closed' }, { status: 'ok', detail: { state: 'closed' } }],
  [{ status: 'half-open' }, { status: 'degraded', detail: { state: 'half-open' } }],
  [{ status: 'open' }, { status: 'degraded', detail: { state: 'open' } }],
  [
    { status: 'open', held: true },
    { status: 'degraded', detail: { state: 'open', held: true } },
  ],
])('the breaker’s row %j is %j', async (row, finding) => {
  dynamodb
    .on(GetItemCommand, { TableName: 'control', Key: { name: { S: 'breaker#upstream' } } })
    .resolves({ Item: row && marshall(row) });
  expect(await breakerCheck(new DynamoDBClient(), 'control', 'upstream').run(never)).toEqual(finding);
});

test.each<[string, () => Promise<unknown>]>([
  [
    'the table',
    () => tableCheck(new DynamoDBClient(), { name: 't', isCritical: true, table: 't', key: {} }).run(never),
  ],
  ['the queue', () => queueCheck(new SQSClient(), 'queue').run(never)],
  ['the breaker', () => breakerCheck(new DynamoDBClient(), 'control', 'upstream').run(never)],
])('an error of %s is the check’s', async (_, run) => {
  dynamodb.onAnyCommand().rejects(new Error('down'));
  sqs.onAnyCommand().rejects(new Error('down'));
  await expect(run()).rejects.toThrow('down');
});
