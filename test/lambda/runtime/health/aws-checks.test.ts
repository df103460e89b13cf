import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { marshall } from '@aws-sdk/util-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import {
  breakerCheck,
  queueCheck,
  SECRET_GOOD_FOR_MS,
  secretCheck,
  tableCheck,
} from '../../../../lambda/runtime/health/aws-checks';

const dynamodb = mockClient(DynamoDBClient);
const sqs = mockClient(SQSClient);
const secrets = mockClient(SecretsManagerClient);
const never = new AbortController().signal;

beforeEach(() => {
  for (const mock of [dynamodb, sqs, secrets]) mock.reset();
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
  ['the secret', () => secretCheck(new SecretsManagerClient(), 'secret', () => 0).run(never)],
])('an error of %s is the check’s', async (_, run) => {
  dynamodb.onAnyCommand().rejects(new Error('down'));
  sqs.onAnyCommand().rejects(new Error('down'));
  secrets.onAnyCommand().rejects(new Error('down'));
  await expect(run()).rejects.toThrow('down');
});

test('the secret is read once a minute, and answers its age and never its value', async () => {
  const DAY = 86_400_000;
  let nowMs = 10 * DAY;
  secrets.on(GetSecretValueCommand, { SecretId: 'secret' }).resolves({
    SecretString: '{"apiKey":"sk-live"}',
    CreatedDate: new Date(3 * DAY),
  });
  const check = secretCheck(new SecretsManagerClient(), 'secret', () => nowMs);
  expect(await check.run(never)).toEqual({ status: 'ok', detail: { ageDays: 7 } });
  nowMs += SECRET_GOOD_FOR_MS - 1;
  expect(await check.run(never)).toEqual({ status: 'ok', detail: { ageDays: 7 } });
  expect(secrets.commandCalls(GetSecretValueCommand)).toHaveLength(1);
  nowMs += 1;
  secrets.on(GetSecretValueCommand).rejects(new Error('AccessDenied'));
  await expect(check.run(never)).rejects.toThrow('AccessDenied');
});

test('a version without a date has no age', async () => {
  secrets.on(GetSecretValueCommand).resolves({});
  expect(await secretCheck(new SecretsManagerClient(), 's', () => 0).run(never)).toEqual({ status: 'ok' });
});
