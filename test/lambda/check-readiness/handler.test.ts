import '../doubles/environment';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { readiness } from '../../../lambda/check-readiness/readiness';
import { EnvironmentKey } from '../../../lib/contract/environment-keys';
import type { HealthReport } from '../../../lib/contract/health';
import { captureOutput } from '../doubles/console-capture';
import { apiEvent, context } from '../doubles/events';
import { mockOpenLedger } from './open-ledger';

const dynamodb = mockOpenLedger();
const sqs = mockClient(SQSClient);
const secrets = mockClient(SecretsManagerClient);
const upstream = net.createServer((socket) => socket.on('error', () => undefined).resume());
let output: ReturnType<typeof captureOutput>;
let handler: typeof import('../../../lambda/check-readiness/handler')['handler'];

beforeAll(async () => {
  await once(upstream.listen(0, '127.0.0.1'), 'listening');
  process.env[EnvironmentKey.CONTROL_TABLE] = 'control';
  process.env[EnvironmentKey.UPSTREAM_URL] = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  ({ handler } = await import('../../../lambda/check-readiness/handler'));
  output = captureOutput();
});
afterAll(() => {
  output.release();
  upstream.close();
});

const ready = async () => {
  const response = await handler(apiEvent({ clientId: '', resource: '/ready' }) as never, context());
  const body = JSON.parse(response.body) as HealthReport & { readonly version: string };
  return { response, body };
};

test('answers every check with the version, and nothing that names a resource', async () => {
  dynamodb.on(GetItemCommand).resolves({});
  sqs.on(GetQueueAttributesCommand).resolves({});
  secrets.on(GetSecretValueCommand).resolves({ SecretString: '{"apiKey":"sk-live"}', CreatedDate: new Date() });
  const { response, body } = await ready();
  expect(response.statusCode).toBe(200);
  expect(response.headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'application/json' });
  expect(body.version).toBe('1.2.3');
  const critical = body.checks.filter((check) => check.critical).map(({ name }) => name);
  expect(critical).toEqual(['jobs-table', 'limits-table', 'queue', 'spend', 'upstream-credential']);
  const down = body.checks.filter(({ status }) => status === 'down');
  expect(down).toEqual([]);
  expect(body.checks.map(({ name }) => name)).toEqual([
    'jobs-table',
    'limits-table',
    'queue',
    'control-table',
    'spend',
    'breaker',
    'upstream-credential',
    'upstream',
    'memory',
    'disk',
  ]);
  expect(response.body + output.text()).not.toMatch(/sk-live|arn:|amazonaws|control"|127\.0\.0\.1/);
});

test('is 503 where the service cannot take jobs', async () => {
  dynamodb.on(GetItemCommand).rejects(Object.assign(new Error('secret text'), { name: 'ResourceNotFoundException' }));
  // The report of the first test is served again for a second.
  await new Promise((resolve) => setTimeout(resolve, 1_050));
  const { response, body } = await ready();
  expect(response.statusCode).toBe(503);
  expect(body.checks[0]).toMatchObject({ status: 'down', detail: { error: 'ResourceNotFoundException' } });
  expect(response.body).not.toContain('secret text');
});

test.each([
  ['ok', 200],
  ['degraded', 200],
  ['down', 503],
] as const)('%s is answered by %d', async (status, statusCode) => {
  const report = { status, checkedAt: '2026-11-22T00:00:00.000Z', checks: [] };
  const answer = await readiness({ checker: { check: async () => report }, version: '1' });
  expect(answer).toMatchObject({ statusCode, body: JSON.stringify({ ...report, version: '1' }) });
});
