import { randomUUID } from 'node:crypto';
import {
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { invoke } from '../../cli/secrets/invoke';
import { RotationStep, SecretStage } from '../../lib/contract/rotation';
import type { AdminFault } from '../../local/doubles/admin-faults';
import { RotatedDeployment } from '../promises/rotation/rotated-deployment';
import { runBulwark } from './run-bulwark';
import { StackUnderTest } from './stack-under-test';

const stack = new StackUnderTest();
const { deployment, adminUrl, endpoint } = stack.addresses;
const rotated = new RotatedDeployment(deployment, stack.access);
const secrets = new SecretsManagerClient({ ...stack.access });
const SecretId = deployment.upstreamSecret;
const STEPS = Object.values(RotationStep);

/** What Secrets Manager does before the first step. */
async function begin(): Promise<string> {
  const ClientRequestToken = randomUUID();
  const VersionStages = [SecretStage.PENDING];
  await secrets.send(new PutSecretValueCommand({ SecretId, ClientRequestToken, VersionStages }));
  return ClientRequestToken;
}

const step = (ClientRequestToken: string, Step: string) =>
  invoke(stack.access, deployment.rotation.rotator ?? '', { SecretId, ClientRequestToken, Step });

async function giveUp(token: string): Promise<void> {
  const stage = { SecretId, VersionStage: SecretStage.PENDING, RemoveFromVersionId: token };
  await secrets.send(new UpdateSecretVersionStageCommand(stage));
}

const tellAdmin = (path: string, body: unknown = {}) =>
  fetch(`${adminUrl}/_double/${path}`, { method: 'POST', body: JSON.stringify(body) });

test('an operator rotates the key by one command, and sees that it is done', async () => {
  const before = await rotated.currentKey();
  expect(await runBulwark(endpoint, 'secrets', 'rotate', '--env', 'local', '--reason', 'test')).toMatchObject({
    code: 0,
  });
  const after = await rotated.currentKey();
  expect(after.apiKey).not.toBe(before.apiKey);
  expect(await stack.upstream.accepts(after.apiKey)).toBe(true);
  const status = await runBulwark(endpoint, 'secrets', 'status', '--env', 'local', '--json');
  const upstream = JSON.parse(status.stdout).find(({ name }: { name: string }) => name === 'upstream');
  expect(upstream).toMatchObject({ strategy: 'key-pool', isRotating: false });
  for (const { apiKey } of await rotated.pool()) expect(status.stdout).not.toContain(apiKey);
});

test('a program gets the current key, which works, and nobody else sees it', async () => {
  const { apiKey } = await rotated.currentKey();
  const headers = "{ 'x-api-key': process.env.ANTHROPIC_API_KEY, 'anthropic-version': '2023-06-01' }";
  const program = `fetch('${stack.addresses.upstreamUrl}/v1/models', { headers: ${headers} }).then(({ status }) => process.exit(status === 200 ? 5 : 6))`;
  const exec = ['secrets', 'exec', '--env', 'local', '--', process.execPath, '-e', program];
  const { code, stdout, stderr } = await runBulwark(endpoint, ...exec);

  expect([code, stdout]).toEqual([5, '']);
  expect(stderr).toMatch(
    /^bulwark: warning: ANTHROPIC_API_KEY has the key of local itself, which is not short-lived: /,
  );
  expect(stderr).not.toContain(apiKey);
});

test('a rotation that the Admin API breaks off leaves the old key current, and ends well when it is tried again', async () => {
  const before = await rotated.currentKey();
  const token = await begin();
  await tellAdmin('fail', { answer: 500, times: 20 } satisfies AdminFault);
  try {
    await expect(step(token, RotationStep.CREATE)).rejects.toThrow(/failed: /);
  } finally {
    await tellAdmin('reset');
  }
  expect(await rotated.currentKey()).toEqual(before);
  expect(await stack.upstream.accepts(before.apiKey)).toBe(true);

  for (const name of STEPS) await step(token, name);
  const after = await rotated.currentKey();
  expect(after.apiKey).not.toBe(before.apiKey);
  // As Secrets Manager may, after an answer that was lost.
  for (const name of STEPS) await step(token, name);
  expect(await rotated.currentKey()).toEqual(after);
});

test('what Secrets Manager does when a schedule is deployed, a test of a version without a value, changes nothing', async () => {
  const before = await rotated.currentKey();
  const token = await begin();
  await step(token, RotationStep.TEST);
  await giveUp(token);
  expect(await rotated.currentKey()).toEqual(before);
});

test('a step of a rotation that nobody has begun is refused', async () => {
  await expect(step(randomUUID(), RotationStep.CREATE)).rejects.toThrow('no version with this token');
});
