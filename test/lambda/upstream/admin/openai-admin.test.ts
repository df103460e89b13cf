import { randomUUID } from 'node:crypto';
import { CredentialRejectedError } from '../../../../lambda/runtime/rotation/errors';
import { OpenAiServiceAccountKeys, verifyOpenAiKey } from '../../../../lambda/upstream/admin/openai-admin';
import { PooledHttp } from '../../../../lambda/upstream/pooled-http';
import { type LocalServer, startLocalServer } from '../../doubles/local-server';

const adminKey = randomUUID();
const PROJECT = '/v1/organization/projects/proj_1';
let server: LocalServer;
let http: PooledHttp;

beforeEach(async () => {
  server = await startLocalServer();
  http = new PooledHttp();
});
afterEach(async () => {
  http.destroy();
  await server.close();
});

const keysOf = (expiresInSeconds?: number) =>
  new OpenAiServiceAccountKeys({
    http,
    baseUrl: server.url,
    readAdminKey: async () => adminKey,
    settings: { projectId: 'proj_1', serviceAccountId: 'sa_1', ...(expiresInSeconds && { expiresInSeconds }) },
  });

const answer = (status: number, content: unknown) =>
  server.behave((response) => {
    response.writeHead(status).end(JSON.stringify(content));
  });

test('lists the keys of its own service account, of every page', async () => {
  const owned = (id: string, account: string) => ({
    id,
    name: `name of ${id}`,
    owner: { type: 'service_account', service_account: { id: account } },
  });
  server.behave((response, { request }) => {
    const isFirst = !request.url?.includes('after=');
    const data = isFirst
      ? [owned('key_1', 'sa_1'), owned('key_2', 'sa_2'), { id: 'key_3', owner: { type: 'user', user: {} } }]
      : [owned('key_4', 'sa_1')];
    response.end(JSON.stringify({ data, has_more: isFirst, last_id: 'key_3' }));
  });
  expect(await keysOf().list()).toEqual([
    { id: 'key_1', name: 'name of key_1' },
    { id: 'key_4', name: 'name of key_4' },
  ]);
  expect(server.received.map(({ request }) => request.url)).toEqual([
    `${PROJECT}/api_keys?limit=100`,
    `${PROJECT}/api_keys?limit=100&after=key_3`,
  ]);
  expect(server.received[0]?.request.headers.authorization).toBe(`Bearer ${adminKey}`);
});

test.each<[number | undefined, object]>([
  [undefined, { name: 'n' }],
  [3_600, { name: 'n', expires_in_seconds: 3_600 }],
])('mints a key that ends after %s seconds', async (seconds, content) => {
  const value = randomUUID();
  answer(200, { id: 'key_1', value });
  expect(await keysOf(seconds).create('n')).toEqual({ id: 'key_1', value });
  const [{ request, body } = { request: undefined, body: '' }] = server.received;
  expect([request?.method, request?.url]).toEqual(['POST', `${PROJECT}/service_accounts/sa_1/api_keys`]);
  expect(JSON.parse(body)).toEqual(content);
});

test('a key that was minted without its value is none', async () => {
  answer(200, { id: 'key_1' });
  await expect(keysOf().create('n')).rejects.toThrow('mint a key of OpenAI: the answer has no `value`');
});

test.each([200, 404])('ends a key, or finds it ended: %i', async (status) => {
  answer(status, { deleted: true });
  await keysOf().remove('key_1');
  const [{ request } = { request: undefined }] = server.received;
  expect([request?.method, request?.url]).toEqual(['DELETE', `${PROJECT}/api_keys/key_1`]);
});

test('says so where a key could not be ended', async () => {
  answer(500, {});
  await expect(keysOf().remove('key_1')).rejects.toThrow('delete a key of OpenAI: HTTP 500');
});

test('tries a key by listing models', async () => {
  const key = randomUUID();
  answer(200, { data: [] });
  await verifyOpenAiKey({ http, baseUrl: server.url })(key);
  expect(server.received[0]?.request.headers.authorization).toBe(`Bearer ${key}`);
  answer(401, {});
  await expect(verifyOpenAiKey({ http, baseUrl: server.url })(key)).rejects.toThrow(CredentialRejectedError);
});
