import '../doubles/environment';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import type { HealthReport } from '../../../lib/contract/health';
import { captureOutput } from '../doubles/console-capture';
import { apiEvent, context } from '../doubles/events';
import { shiftClock } from '../doubles/shifted-clock';
import { mockOpenLedger } from './open-ledger';

const DAY_MS = 86_400_000;
const secrets = mockClient(SecretsManagerClient);
const clock = shiftClock();
let output: ReturnType<typeof captureOutput>;
let handler: typeof import('../../../lambda/check-readiness/handler')['handler'];

beforeAll(async () => {
  mockOpenLedger();
  mockClient(SQSClient).onAnyCommand().resolves({});
  output = captureOutput();
  ({ handler } = await import('../../../lambda/check-readiness/handler'));
});
afterAll(() => {
  output.release();
  clock.release();
});

const ready = async () => {
  const { statusCode, body } = await handler(apiEvent({ clientId: '', resource: '/ready' }) as never, context());
  const { checks } = JSON.parse(body) as HealthReport;
  return { statusCode, check: checks.find(({ name }) => name === 'upstream-credential') };
};
const fail = () => secrets.on(GetSecretValueCommand).rejects(new Error('down'));
const give = (madeAt: number) =>
  secrets
    .on(GetSecretValueCommand)
    .resolves({ SecretString: JSON.stringify({ apiKey: 'key-of-the-test' }), CreatedDate: new Date(madeAt) });

test('follows the secret: none at all, one that is fresh, one that is held, one that is fresh again', async () => {
  fail();
  expect(await ready()).toMatchObject({
    statusCode: 503,
    check: { status: 'down', detail: { error: 'SecretUnavailableError' } },
  });
  clock.forward(1_000);
  give(Date.now() - 3 * DAY_MS);
  expect(await ready()).toMatchObject({
    statusCode: 200,
    check: { status: 'ok', detail: { state: 'fresh', ageDays: 3 } },
  });
  fail();
  clock.forward(60_000);
  expect(await ready()).toMatchObject({
    statusCode: 200,
    check: { status: 'degraded', detail: { state: 'stale', heldSeconds: 60, ageDays: 3 } },
  });
  expect(output.lines()).toContainEqual(expect.objectContaining({ SecretStale: 1 }));
  give(Date.now());
  clock.forward(10_000);
  expect(await ready()).toMatchObject({
    statusCode: 200,
    check: { status: 'ok', detail: { state: 'fresh', ageDays: 0 } },
  });
  expect(output.text()).not.toContain('key-of-the-test');
});

test('is read once a minute, however often anybody asks', async () => {
  const before = secrets.commandCalls(GetSecretValueCommand).length;
  for (let second = 0; second < 120; second += 1) {
    clock.forward(1_000);
    await ready();
  }
  expect(secrets.commandCalls(GetSecretValueCommand).length - before).toBeLessThanOrEqual(3);
});
