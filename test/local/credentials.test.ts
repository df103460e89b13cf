import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { makeCredentials, seedCredentials } from '../../local/credentials';
import { deployment } from '../cli/doubles/deployment';

const secrets = mockClient(SecretsManagerClient);

beforeEach(() => secrets.reset());

/** What was put into which secret. */
const written = () =>
  secrets
    .commandCalls(PutSecretValueCommand)
    .map(({ args: [{ input }] }) => [input.SecretId, JSON.parse(input.SecretString ?? '')]);

test('makes other keys each time, of which the first is active and the others wait', () => {
  const [one, other] = [makeCredentials(), makeCredentials()];

  expect(one.keys.all().map(({ status }) => status)).toEqual(['active', 'inactive', 'inactive', 'inactive']);
  const values = [one, other].flatMap(({ adminKey, pool }) => [adminKey, ...pool.map(({ apiKey }) => apiKey)]);
  expect(new Set(values).size).toBe(10);
});

test('puts the Admin key, the pool, and its first key into the secrets of the deployment', async () => {
  secrets.on(PutSecretValueCommand).resolves({});
  const credentials = makeCredentials();
  const rotation = { rotator: 'r', sweeper: 's', adminSecret: 'admin', poolSecret: 'pool' };
  await seedCredentials({ ...deployment, rotation }, credentials, {});

  const [first] = credentials.pool;
  expect(written()).toEqual([
    ['admin', { apiKey: credentials.adminKey }],
    ['pool', { keys: credentials.pool }],
    [deployment.upstreamSecret, { apiKey: first?.apiKey, keyId: first?.id }],
  ]);
});

test('gives a deployment without a pool the one key that it has', async () => {
  secrets.on(PutSecretValueCommand).resolves({});
  const none = { rotator: undefined, sweeper: undefined, adminSecret: undefined, poolSecret: undefined };
  await seedCredentials({ ...deployment, rotation: none }, makeCredentials(), {});

  expect(written().map(([id]) => id)).toEqual([deployment.upstreamSecret]);
});
