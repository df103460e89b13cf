import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { jest } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { EnvironmentError } from '../../../../lambda/runtime/environment/errors';
import { readEnvironment } from '../../../../lambda/runtime/environment/read-environment';
import { FederatedToken } from '../../../../lambda/runtime/federation/federated-token';
import { credentialFields, upstreamCredential } from '../../../../lambda/runtime/federation/upstream-credential';
import { ApiKeyCredential } from '../../../../lambda/runtime/secrets/api-key-credential';
import { EnvironmentKey } from '../../../../lib/contract/environment-keys';

const { FEDERATION, UPSTREAM_SECRET, SECRET_CACHE_MS, SECRET_MAX_STALE_MS } = EnvironmentKey;
const settings = {
  identity: { audience: 'a', lifetimeSeconds: 300, signingAlgorithm: 'RS256' },
  endpoint: {
    provider: 'openai',
    tokenUrl: 'https://api.example.test',
    identityProviderId: 'i',
    serviceAccountId: 's',
  },
};
const silent = () => undefined;
const tools = { clientOptions: {}, count: silent, log: { warn: silent } };
const read = (environment: Record<string, string>) => readEnvironment(credentialFields, environment);

test('is federated where that is set, else a secret that is used for five minutes', () => {
  expect(read({ [UPSTREAM_SECRET]: 'arn' })).toEqual({
    upstreamSecret: 'arn',
    secretCacheMs: 300_000,
    secretMaxStaleMs: Number.POSITIVE_INFINITY,
  });
  expect(upstreamCredential(read({ [UPSTREAM_SECRET]: 'arn' }), tools)).toBeInstanceOf(ApiKeyCredential);
  const both = read({ [UPSTREAM_SECRET]: 'arn', [FEDERATION]: JSON.stringify(settings) });
  expect(both.federation).toEqual(settings);
  expect(upstreamCredential(both, tools)).toBeInstanceOf(FederatedToken);
});

test('the environment must name one of them', () => {
  expect(() => upstreamCredential(read({}), tools)).toThrow(
    new EnvironmentError([`\`${UPSTREAM_SECRET}\` or \`${FEDERATION}\` must be set`]),
  );
});

test.each([
  ['{'],
  ['null'],
  ['{}'],
  ['[]'],
  [JSON.stringify({ ...settings, identity: {} })],
  [JSON.stringify({ ...settings, endpoint: { ...settings.endpoint, provider: 'other' } })],
  [JSON.stringify({ ...settings, endpoint: { ...settings.endpoint, tokenUrl: 'x' } })],
])('the settings %s are refused', (json) => {
  expect(() => read({ [FEDERATION]: json })).toThrow(
    new EnvironmentError([`\`${FEDERATION}\` must be what a \`FederatedCredential\` writes`]),
  );
});

test.each(['-1', '31622400001', 'x'])('a secret that cannot be read anew is not used on for %s ms', (ms) => {
  expect(() => read({ [UPSTREAM_SECRET]: 'arn', [SECRET_MAX_STALE_MS]: ms })).toThrow(EnvironmentError);
});

test.each([
  ['400', 'SecretUnavailableError'],
  ['5000', undefined],
])('a secret of 1 s that is not to be had is used for %s ms more', async (maxStaleMs, failure) => {
  const secrets = mockClient(SecretsManagerClient);
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] });
  const environment = { [UPSTREAM_SECRET]: 'arn', [SECRET_CACHE_MS]: '1000', [SECRET_MAX_STALE_MS]: maxStaleMs };
  const credential = upstreamCredential(read(environment), tools);
  secrets.on(GetSecretValueCommand).resolves({ SecretString: '{"apiKey":"key-1"}' });
  await credential.get();
  secrets.on(GetSecretValueCommand).rejects(new Error('down'));
  jest.advanceTimersByTime(1_500);
  const outcome = await credential.get().then(
    () => undefined,
    ({ name }) => name,
  );
  jest.useRealTimers();
  expect(outcome).toBe(failure);
});

test.each(['999', '86400001', 'x'])('a secret is not used for %s ms', (ms) => {
  expect(() => read({ [UPSTREAM_SECRET]: 'arn', [SECRET_CACHE_MS]: ms })).toThrow(EnvironmentError);
});
