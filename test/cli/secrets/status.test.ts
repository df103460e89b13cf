import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { CloudDouble, NOW } from '../doubles/cloud';

const DAY_MS = 86_400_000;
const metrics = mockClient(CloudWatchClient);

let cloud: CloudDouble;
beforeEach(() => {
  cloud = new CloudDouble();
  cloud.secrets.version('v1', ['AWSPREVIOUS'], { ageMs: 40 * DAY_MS });
  cloud.secrets.version('v2', ['AWSCURRENT'], { ageMs: 10 * DAY_MS });
  cloud.secrets.nextRotationMs = NOW + 20 * DAY_MS;
  strategy('key-pool');
  metrics.reset();
  metrics.on(GetMetricStatisticsCommand).resolves({
    Datapoints: [
      { Timestamp: new Date(NOW - 90_000_000), Minimum: 4 },
      { Timestamp: new Date(NOW - 3_600_000), Minimum: 3 },
    ],
  });
});

const strategy = (name: string) =>
  cloud.lambda.on(GetFunctionConfigurationCommand, { FunctionName: 'rotate-secret' }).resolves({
    Environment: { Variables: { BULWARK_ROTATION_STRATEGY: name, BULWARK_SECRET_LABEL: 'dev-data/UpstreamSecret' } },
  });

const status = (...args: string[]) => cloud.bulwark('secrets', 'status', ...args);

test('shows age, versions, strategy, next rotation and what is left in the pool', async () => {
  const { code, printed } = await status();
  expect([code, printed.slice(0, 3)]).toEqual([
    0,
    [
      'upstream  key-pool; 10d 0h old; next rotation 2026-12-12T12:00:00.000Z; 3 healthy keys in the pool',
      '          AWSPREVIOUS  v1  2026-10-13T12:00:00.000Z',
      '          AWSCURRENT  v2  2026-11-12T12:00:00.000Z',
    ],
  ]);
  expect(printed.filter((line) => /^\w/.test(line)).slice(1)).toEqual([
    'admin     static; 10d 0h old',
    'pool      static; 10d 0h old',
  ]);
});

test('counts the pool of this secret, and not of another', async () => {
  await status();
  expect(metrics.commandCalls(GetMetricStatisticsCommand)[0]?.args[0].input.Dimensions).toEqual([
    { Name: 'service', Value: 'bulwark' },
    { Name: 'secret', Value: 'dev-data/UpstreamSecret' },
  ]);
});

test('is one document with --json', async () => {
  cloud.secrets.lastRotationMs = NOW - 10 * DAY_MS;
  const [upstream] = JSON.parse((await status('--json')).printed.join());
  expect(upstream).toEqual({
    name: 'upstream',
    strategy: 'key-pool',
    ageMs: 10 * DAY_MS,
    versions: [
      { id: 'v1', stages: ['AWSPREVIOUS'], created: '2026-10-13T12:00:00.000Z' },
      { id: 'v2', stages: ['AWSCURRENT'], created: '2026-11-12T12:00:00.000Z' },
    ],
    isRotating: false,
    lastRotation: '2026-11-12T12:00:00.000Z',
    nextRotation: '2026-12-12T12:00:00.000Z',
    healthyPoolKeys: 3,
  });
});

test('says that a rotation is in progress', async () => {
  cloud.secrets.version('v3', ['AWSPENDING']);
  cloud.secrets.fate = 'stuck';
  expect((await status()).printed[0]).toMatch(/; a rotation is in progress$/);
});

test('does not count a pool where there is none, nor on an emulator, which has no such metric', async () => {
  expect((await status('--endpoint', 'http://127.0.0.1:4566')).printed[0]).not.toMatch(/pool$/);
  strategy('random');
  expect((await status()).printed[0]).toMatch(/^upstream {2}random; 10d 0h old; next rotation /);
  expect(metrics.calls()).toEqual([]);
});

test('a deployment without rotation shows one static secret', async () => {
  cloud.rotates = false;
  expect((await status()).printed[0]).toBe('upstream  static; 10d 0h old');
});

test('a deployment that stores no credential says so', async () => {
  cloud.hasSecret = false;
  expect((await status()).printed).toEqual(['none is stored: the service shows the upstream who it is']);
  expect((await status('--json')).printed.join('')).toBe('[]');
});

test('reads no value, and leaves no record', async () => {
  await status();
  expect(cloud.secrets.mock.commandCalls(GetSecretValueCommand)).toEqual([]);
  expect(cloud.audit).toEqual([]);
});
