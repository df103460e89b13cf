import '../doubles/environment';
import { randomUUID } from 'node:crypto';
import { EnvironmentKey } from '../../../lib/contract/environment-keys';
import { RotationStep, RotationStrategyName } from '../../../lib/contract/rotation';
import { startAnthropicAdminDouble } from '../../../local/doubles/anthropic-admin';
import { AnthropicKeys } from '../../../local/doubles/anthropic-keys';
import type { HttpDouble } from '../../../local/doubles/http-double';
import { startUpstreamDouble } from '../../../local/doubles/upstream';
import { captureOutput } from '../doubles/console-capture';
import { context } from '../doubles/events';
import { SecretsManagerDouble } from '../doubles/secrets-manager';

const HOUR_MS = 3_600_000;
const adminKey = randomUUID();
const pool = ['apikey_a', 'apikey_b', 'apikey_c'].map((id) => ({ id, apiKey: randomUUID() }));
const keys = new AnthropicKeys();
let admin: HttpDouble;
let upstream: HttpDouble;
let secrets: SecretsManagerDouble;
let rotate: typeof import('../../../lambda/rotate-secret/handler').handler;
let sweep: typeof import('../../../lambda/sweep-keys/handler').handler;
let output: ReturnType<typeof captureOutput>;

beforeAll(async () => {
  admin = await startAnthropicAdminDouble({ adminKey, keys });
  upstream = await startUpstreamDouble({ apiKey: randomUUID(), keys });
  Object.assign(process.env, {
    [EnvironmentKey.ROTATED_SECRET]: 'rotated',
    [EnvironmentKey.SECRET_LABEL]: 'vault/Upstream',
    [EnvironmentKey.ROTATION_STRATEGY]: RotationStrategyName.KEY_POOL,
    [EnvironmentKey.ROTATION_GRACE_MS]: String(HOUR_MS),
    [EnvironmentKey.ROTATION_SETTINGS]: JSON.stringify({
      adminSecret: 'admin',
      poolSecret: 'pool',
      adminUrl: admin.url,
      upstreamUrl: upstream.url,
    }),
  });
  rotate = (await import('../../../lambda/rotate-secret/handler')).handler;
  sweep = (await import('../../../lambda/sweep-keys/handler')).handler;
});
afterAll(async () => {
  await admin.stop();
  await upstream.stop();
});

beforeEach(() => {
  output = captureOutput();
  secrets = new SecretsManagerDouble();
  for (const [position, { id, apiKey }] of pool.entries()) keys.add(id, apiKey, position === 0 ? 'active' : 'inactive');
  secrets.put('rotated', 'first', JSON.stringify({ apiKey: pool[0]?.apiKey, keyId: pool[0]?.id }), ['AWSCURRENT']);
  secrets.put('pool', 'first', JSON.stringify({ keys: pool }), ['AWSCURRENT']);
  secrets.put('admin', 'first', JSON.stringify({ apiKey: adminKey }), ['AWSCURRENT']);
});
afterEach(() => output.release());

const begin = (): string => {
  const token = randomUUID();
  secrets.put('rotated', token, undefined, ['AWSPENDING']);
  return token;
};

const rotateAll = async (token: string) => {
  for (const Step of Object.values(RotationStep)) {
    await rotate({ SecretId: 'rotated', ClientRequestToken: token, Step }, context());
  }
};

const currentKey = () => JSON.parse(secrets.version('rotated', 'AWSCURRENT')?.text ?? '').keyId;
const statuses = () => keys.all().map(({ status }) => status);

test('rotates to the next key of the pool, and says no key in any line of the log', async () => {
  await rotateAll(begin());
  expect(currentKey()).toBe('apikey_b');
  expect(secrets.version('rotated', 'AWSPENDING')).toBeUndefined();
  expect(statuses()).toEqual(['active', 'active', 'inactive']);
  expect(output.lines()).toContainEqual(expect.objectContaining({ step: 'finishSecret' }));
  const written = JSON.stringify(output.lines());
  for (const secret of [adminKey, ...pool.map(({ apiKey }) => apiKey)]) expect(written).not.toContain(secret);
});

test('the sweeper ends the old key after its grace, and reports age, pool and what it ended', async () => {
  const start = Date.now();
  secrets.now = () => new Date(start - HOUR_MS - 60_000);
  await rotateAll(begin());
  expect(await sweep({ source: 'aws.events' }, context())).toEqual({ retired: 1, healthy: 3 });
  expect(statuses()).toEqual(['inactive', 'active', 'inactive']);
  expect(output.lines()).toContainEqual(
    expect.objectContaining({
      SecretAgeDays: expect.any(Number),
      HealthyPoolKeys: 3,
      KeysRetired: 1,
      service: 'bulwark',
      secret: 'vault/Upstream',
      _aws: expect.objectContaining({
        CloudWatchMetrics: [expect.objectContaining({ Dimensions: [['service', 'secret']] })],
      }),
    }),
  );
});

test('revokes where it is told to, and refuses what is neither true nor false', async () => {
  await rotateAll(begin());
  await expect(sweep({ revoke: 'yes' }, context())).rejects.toThrow('`revoke` must be true or false, got: string');
  expect(await sweep({ revoke: true }, context())).toEqual({ retired: 1, healthy: 2, unhealthy: ['apikey_a'] });
  expect(statuses()).toEqual(['archived', 'active', 'inactive']);
});

test('a pool without another key sets the gauge to the one that is left', async () => {
  secrets.put('pool', 'one', JSON.stringify({ keys: pool.slice(0, 1) }), ['AWSCURRENT']);
  await expect(rotateAll(begin())).rejects.toThrow('No other key of the pool works; tried: 0. Add keys to the pool.');
  expect(currentKey()).toBe('apikey_a');
  expect(output.lines()).toContainEqual(expect.objectContaining({ HealthyPoolKeys: 1, secret: 'vault/Upstream' }));
});

test.each<[number | string, string]>([
  [429, 'list keys of Anthropic: HTTP 429'],
  [500, 'list keys of Anthropic: HTTP 500'],
  ['garbage', 'list keys of Anthropic: the answer is not a JSON object'],
])('an Admin API that answers %s stops the rotation, which a retry ends well', async (answer, message) => {
  await fetch(`${admin.url}/_double/fail`, { method: 'POST', body: JSON.stringify({ answer }) });
  const token = begin();
  await expect(rotateAll(token)).rejects.toThrow(message);
  expect(currentKey()).toBe('apikey_a');
  await rotateAll(token);
  expect(currentKey()).toBe('apikey_b');
});

test('a deployment’s testSecret, on a version without a value, is harmless', async () => {
  await rotate({ SecretId: 'rotated', ClientRequestToken: begin(), Step: 'testSecret' }, context());
  expect(currentKey()).toBe('apikey_a');
  expect(statuses()).toEqual(['active', 'inactive', 'inactive']);
});

test('refuses what is no event of a rotation', async () => {
  await expect(rotate({}, context())).rejects.toThrow('Not an event of a rotation');
});

test('a retry of createSecret that finds another value in its version says so', async () => {
  const token = begin();
  await rotate({ SecretId: 'rotated', ClientRequestToken: token, Step: 'createSecret' }, context());
  const { SecretsManagerVersions } = await import('../../../lambda/runtime/rotation/secrets-manager-versions');
  const { SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
  const versions = new SecretsManagerVersions(new SecretsManagerClient({}), 'rotated');
  await expect(versions.put(token, 'other')).rejects.toThrow('Another run of this rotation has stored another value.');
});
