import { readRotationEnvironment } from '../../../../lambda/runtime/rotation/rotation-environment';
import { EnvironmentKey } from '../../../../lib/contract/environment-keys';

const read = (strategy: string, settings: unknown, others: Record<string, string> = {}) =>
  readRotationEnvironment({
    [EnvironmentKey.ROTATED_SECRET]: 'arn',
    [EnvironmentKey.ROTATION_GRACE_MS]: '1000',
    [EnvironmentKey.ROTATION_STRATEGY]: strategy,
    [EnvironmentKey.ROTATION_SETTINGS]: typeof settings === 'string' ? settings : JSON.stringify(settings),
    ...others,
  });

const openAi = { adminSecret: 'a', projectId: 'p', serviceAccountId: 's', baseUrl: 'https://api.example.com' };
const pool = {
  adminSecret: 'a',
  poolSecret: 'p',
  adminUrl: 'https://a.example.com',
  upstreamUrl: 'http://127.0.0.1:1',
};
const client = { clientsTable: 't', clientId: 'abcdefgh12345678', environment: 'dev' };

test.each<[string, object]>([
  ['random', { length: 16 }],
  ['random', { length: 4_096 }],
  ['openai-admin', openAi],
  ['openai-admin', { ...openAi, expiresInSeconds: 1 }],
  ['key-pool', pool],
  ['client-key', client],
  ['hosted', {}],
])('reads %s with %j', (name, settings) => {
  expect(read(name, settings)).toEqual({ secretId: 'arn', graceMs: 1_000, strategy: { name, settings } });
});

test.each<[string, unknown, string]>([
  ['random', { length: 15 }, '`BULWARK_ROTATION_SETTINGS`.`length` must be an integer from 16 to 4096'],
  ['random', { length: 4_097 }, '`length` must be an integer from 16 to 4096'],
  ['random', {}, '`length` must be'],
  ['openai-admin', { ...openAi, baseUrl: 'ftp://x' }, '`baseUrl` must be an http(s) URL without a trailing slash'],
  ['openai-admin', { ...openAi, baseUrl: 'https://x/' }, '`baseUrl` must be'],
  ['openai-admin', { ...openAi, expiresInSeconds: 0 }, '`expiresInSeconds` must be an integer from 1 to 31536000'],
  ['key-pool', { ...pool, poolSecret: '' }, '`poolSecret` must be a text'],
  ['client-key', { ...client, clientId: 'x' }, '`clientId` must match'],
  ['client-key', { ...client, environment: 'Dev' }, '`environment` must match'],
  ['random', '[]', '`BULWARK_ROTATION_SETTINGS` must be a JSON object'],
  ['random', '{', '`BULWARK_ROTATION_SETTINGS` must be a JSON object'],
  ['roulette', {}, '`BULWARK_ROTATION_STRATEGY` must be one of random, openai-admin, key-pool, client-key, hosted'],
])('refuses %s with %j', (name, settings, problem) => {
  expect(() => read(name, settings)).toThrow(problem);
});

test('names everything that is wrong at once', () => {
  expect(() => readRotationEnvironment({})).toThrow(
    'The environment is not usable: `BULWARK_ROTATED_SECRET` must be set; `BULWARK_ROTATION_GRACE_MS` must be an ' +
      'integer from 0 to 31622400000; `BULWARK_ROTATION_STRATEGY` must be one of random, openai-admin, key-pool, ' +
      'client-key, hosted; `BULWARK_ROTATION_SETTINGS` must be a JSON object.',
  );
});
