import '../doubles/environment';
import { SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import type { HealthReport } from '../../../lib/contract/health';
import { captureOutput } from '../doubles/console-capture';
import { apiEvent, context } from '../doubles/events';
import { type Federation, startFederation } from '../doubles/federation';
import { shiftClock } from '../doubles/shifted-clock';
import { mockOpenLedger } from './open-ledger';

const clock = shiftClock();
let federation: Federation;
let output: ReturnType<typeof captureOutput>;
let handler: typeof import('../../../lambda/check-readiness/handler')['handler'];

beforeAll(async () => {
  mockOpenLedger();
  mockClient(SQSClient).onAnyCommand().resolves({});
  output = captureOutput();
  federation = await startFederation();
  ({ handler } = await import('../../../lambda/check-readiness/handler'));
});
afterAll(() => {
  output.release();
  clock.release();
  return federation.endpoints.stop();
});

const ready = async () => {
  const { statusCode, body } = await handler(apiEvent({ clientId: '', resource: '/ready' }) as never, context());
  const { checks } = JSON.parse(body) as HealthReport;
  return { statusCode, body, check: checks.find(({ name }) => name === 'upstream-credential') };
};

test('an account that does not let its identities be federated is told apart, and is 503', async () => {
  const off = Object.assign(new Error('off'), { name: 'OutboundWebIdentityFederationDisabledException' });
  federation.sts.onAnyCommand().rejects(off);
  const { statusCode, check } = await ready();
  expect(statusCode).toBe(503);
  expect(check).toMatchObject({ status: 'down', detail: { error: 'outbound web identity federation is off' } });
});

test('where it was switched on, the service is ready within seconds, and says nothing of the token', async () => {
  federation.sts.reset();
  federation.attest();
  // A report is served again for a second, and the exchange that has failed is not made again for as long.
  clock.forward(1_000);
  const { statusCode, body, check } = await ready();
  expect(statusCode).toBe(200);
  expect(check).toMatchObject({ status: 'ok', detail: { state: 'fresh' } });
  expect(body).not.toContain(federation.endpoints.issued[0]);
});
