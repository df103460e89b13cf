import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { rotateStep } from '../../../../lambda/runtime/rotation/rotate-step';
import type { ChosenStrategy } from '../../../../lambda/runtime/rotation/rotation-environment';
import { SecretsManagerVersions } from '../../../../lambda/runtime/rotation/secrets-manager-versions';
import { sweepKeys } from '../../../../lambda/runtime/rotation/sweep-keys';
import { chosenStrategy } from '../../../../lambda/upstream/admin/chosen-strategy';
import { PooledHttp } from '../../../../lambda/upstream/pooled-http';
import { hashClientKey, parseClientKey } from '../../../../lib/contract/client-keys';
import { RotationStep } from '../../../../lib/contract/rotation';
import { ClientsTable } from '../../../../lib/contract/tables';
import { startAnthropicAdminDouble } from '../../../../local/doubles/anthropic-admin';
import { AnthropicKeys } from '../../../../local/doubles/anthropic-keys';
import type { HttpDouble } from '../../../../local/doubles/http-double';
import { startOpenAiAdminDouble } from '../../../../local/doubles/openai-admin';
import { startUpstreamDouble } from '../../../../local/doubles/upstream';
import { DynamoDbDouble } from '../../doubles/dynamodb';
import { SecretsManagerDouble } from '../../doubles/secrets-manager';

const adminKey = randomUUID();
const CLIENT = 'abcdefgh12345678';
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const region = 'eu-central-1';
let secrets: SecretsManagerDouble;
let http: PooledHttp;
let openAi: HttpDouble;

beforeEach(async () => {
  secrets = new SecretsManagerDouble();
  secrets.put('admin', 'first', JSON.stringify({ apiKey: adminKey }), ['AWSCURRENT']);
  secrets.put('rotated', 'first', JSON.stringify({ apiKey: randomUUID() }), ['AWSCURRENT']);
  http = new PooledHttp();
  openAi = await startOpenAiAdminDouble({ adminKey, projectId: 'proj_1', serviceAccountId: 'sa_1' });
});
afterEach(async () => {
  http.destroy();
  await openAi.stop();
});

const worldOf = (strategy: ChosenStrategy) => {
  const client = new SecretsManagerClient({ region });
  return {
    versions: new SecretsManagerVersions(client, 'rotated'),
    strategy: chosenStrategy(
      { strategy, secretId: 'rotated' },
      {
        secrets: client,
        http,
        dynamodb: () => new DynamoDBClient({ region }),
        now: Date.now,
        sleep: async () => undefined,
        count: () => undefined,
      },
    ),
    graceMs: 0,
    now: Date.now,
    sleep: async () => undefined,
    count: () => undefined,
    log,
  };
};

const begin = (): string => {
  const token = randomUUID();
  secrets.put('rotated', token, undefined, ['AWSPENDING']);
  return token;
};

const rotate = async (world: ReturnType<typeof worldOf>, token = begin()) => {
  for (const Step of Object.values(RotationStep)) {
    await rotateStep({ SecretId: 'rotated', ClientRequestToken: token, Step }, world);
  }
  return JSON.parse(secrets.version('rotated', 'AWSCURRENT')?.text ?? '') as { apiKey: string; keyId?: string };
};

describe('openai-admin', () => {
  const strategy = (): ChosenStrategy => ({
    name: 'openai-admin',
    settings: { adminSecret: 'admin', projectId: 'proj_1', serviceAccountId: 'sa_1', baseUrl: openAi.url },
  });
  const listed = async () => {
    const response = await fetch(`${openAi.url}/v1/organization/projects/proj_1/api_keys`, {
      headers: { authorization: `Bearer ${adminKey}` },
    });
    return ((await response.json()) as { data: { id: string }[] }).data.map(({ id }) => id);
  };
  const fail = (fault: object) => fetch(`${openAi.url}/_double/fail`, { method: 'POST', body: JSON.stringify(fault) });

  test('mints a key, and ends the one before it after its grace', async () => {
    const world = worldOf(strategy());
    const [first, second] = [await rotate(world), await rotate(world)];
    expect(await listed()).toEqual([first.keyId, second.keyId]);
    expect(await sweepKeys(world)).toEqual({ retired: 1 });
    expect(await listed()).toEqual([second.keyId]);
  });

  test('a key whose minting was not answered is found again by its name', async () => {
    const world = worldOf(strategy());
    const token = begin();
    await fail({ answer: 'lost', method: 'POST' });
    await expect(rotate(world, token)).rejects.toThrow('mint a key of OpenAI: reset');
    expect(await listed()).toHaveLength(1);
    const { keyId } = await rotate(world, token);
    expect(await listed()).toEqual([keyId]);
  });

  test.each([429, 500, 'garbage'])('a provider that answers %s leaves the old key current', async (answer) => {
    const world = worldOf(strategy());
    const old = await rotate(world);
    await fail({ answer, method: 'POST' });
    await expect(rotate(world)).rejects.toThrow(expect.objectContaining({ name: 'AdminApiError' }));
    expect(JSON.parse(secrets.version('rotated', 'AWSCURRENT')?.text ?? '')).toEqual(old);
  });
});

describe('key-pool', () => {
  const keys = new AnthropicKeys();
  const pool = ['apikey_a', 'apikey_b', 'apikey_c'].map((id) => ({ id, apiKey: randomUUID() }));
  const putPool = (version: string, entries: readonly unknown[]) =>
    secrets.put('pool', version, JSON.stringify({ keys: entries }), ['AWSCURRENT']);
  let anthropic: HttpDouble;
  let upstream: HttpDouble;
  let world: ReturnType<typeof worldOf>;

  beforeEach(async () => {
    anthropic = await startAnthropicAdminDouble({ adminKey, keys });
    upstream = await startUpstreamDouble({ apiKey: randomUUID(), keys });
    for (const { id, apiKey } of pool) keys.add(id, apiKey, id === 'apikey_a' ? 'active' : 'inactive');
    secrets.put('rotated', 'of the pool', JSON.stringify({ apiKey: pool[0]?.apiKey, keyId: 'apikey_a' }), [
      'AWSCURRENT',
    ]);
    const urls = { adminUrl: anthropic.url, upstreamUrl: upstream.url };
    world = worldOf({ name: 'key-pool', settings: { adminSecret: 'admin', poolSecret: 'pool', ...urls } });
  });
  afterEach(async () => {
    await anthropic.stop();
    await upstream.stop();
  });

  test('passes over a key that the provider refuses, until somebody puts the pool anew', async () => {
    putPool('mistyped', [pool[0], { id: 'apikey_b', apiKey: randomUUID() }, pool[2]]);
    expect(await rotate(world)).toMatchObject({ keyId: 'apikey_c' });
    expect(await sweepKeys(world)).toEqual({ retired: 1, healthy: 2, unhealthy: ['apikey_b'] });
    putPool('mended', pool);
    expect(await sweepKeys(world)).toEqual({ retired: 0, healthy: 3 });
  });
});

test('client-key: the client’s row has the new key, and loses the old one after its grace', async () => {
  const table = new DynamoDbDouble({ clients: [ClientsTable.PARTITION_KEY] }, async (_name, work) => work());
  table.put('clients', { clientId: CLIENT, keys: [] });
  const world = worldOf({
    name: 'client-key',
    settings: { clientsTable: 'clients', clientId: CLIENT, environment: 'dev' },
  });
  const first = await rotate(world);
  expect(parseClientKey(first.apiKey)).toEqual({ environment: 'dev', clientId: CLIENT });
  const second = await rotate(world);
  const hashes = () => (table.row('clients', CLIENT)?.keys as { hash: string }[] | undefined)?.map(({ hash }) => hash);
  expect(hashes()).toEqual([hashClientKey(first.apiKey), hashClientKey(second.apiKey)]);
  await sweepKeys(world);
  expect(hashes()).toEqual([hashClientKey(second.apiKey)]);
});

test('random: a value of the length that was asked for, another each time', async () => {
  const world = worldOf({ name: 'random', settings: { length: 40 } });
  const [first, second] = [await rotate(world), await rotate(world)];
  expect(first.apiKey).toMatch(/^[A-Za-z0-9]{40}$/);
  expect(second.apiKey).not.toBe(first.apiKey);
});
