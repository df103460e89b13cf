import { randomUUID } from 'node:crypto';
import { CredentialRejectedError } from '../../../../lambda/runtime/rotation/errors';
import { AnthropicAdmin, verifyAnthropicKey } from '../../../../lambda/upstream/admin/anthropic-admin';
import { AdminApiError } from '../../../../lambda/upstream/admin/errors';
import { PooledHttp } from '../../../../lambda/upstream/pooled-http';
import { type LocalServer, startLocalServer } from '../../doubles/local-server';

const adminKey = randomUUID();
let server: LocalServer;
let http: PooledHttp;
let admin: AnthropicAdmin;

beforeEach(async () => {
  server = await startLocalServer();
  http = new PooledHttp();
  admin = new AnthropicAdmin({ http, baseUrl: server.url, readAdminKey: async () => adminKey, timeoutMs: 200 });
});
afterEach(async () => {
  http.destroy();
  await server.close();
});

const answer = (status: number, content: unknown) =>
  server.behave((response) => {
    response.writeHead(status).end(typeof content === 'string' ? content : JSON.stringify(content));
  });

test('lists the keys of every page, with the admin key and the version', async () => {
  server.behave((response, { request }) => {
    const isFirst = !request.url?.includes('after_id');
    const data = [{ id: isFirst ? 'apikey_a' : 'apikey_b', status: isFirst ? 'active' : 'inactive' }];
    response.end(JSON.stringify({ data, has_more: isFirst, last_id: data[0]?.id }));
  });
  expect(await admin.statuses()).toEqual(
    new Map([
      ['apikey_a', 'active'],
      ['apikey_b', 'inactive'],
    ]),
  );
  expect(server.received.map(({ request }) => [request.method, request.url])).toEqual([
    ['GET', '/v1/organizations/api_keys?limit=100'],
    ['GET', '/v1/organizations/api_keys?limit=100&after_id=apikey_a'],
  ]);
  expect(server.received[0]?.request.headers).toMatchObject({
    'x-api-key': adminKey,
    'anthropic-version': '2023-06-01',
  });
});

test('sets a key’s status', async () => {
  await admin.setStatus('apikey_a', 'inactive');
  const [{ request, body } = { request: undefined, body: '' }] = server.received;
  expect([request?.method, request?.url, body]).toEqual([
    'POST',
    '/v1/organizations/api_keys/apikey_a',
    JSON.stringify({ status: 'inactive' }),
  ]);
  expect(request?.headers['content-type']).toBe('application/json');
});

test.each<[string, number, unknown, string]>([
  ['an error', 500, { error: adminKey }, 'list keys of Anthropic: HTTP 500'],
  ['a rate limit', 429, '', 'list keys of Anthropic: HTTP 429'],
  ['a refused admin key', 401, {}, 'list keys of Anthropic: HTTP 401'],
  ['no JSON', 200, `<html>${adminKey}`, 'list keys of Anthropic: the answer is not a JSON object'],
  ['a JSON list', 200, [], 'list keys of Anthropic: the answer is not a JSON object'],
  ['no list', 200, { data: {} }, 'list keys of Anthropic: the answer has no list `data`'],
  ['a key without a status', 200, { data: [{ id: 'a' }] }, 'list keys of Anthropic: the answer has no `status`'],
  ['a page that has no last', 200, { data: [], has_more: true }, 'list keys of Anthropic: the answer has no `last_id`'],
  [
    'pages without end',
    200,
    { data: [], has_more: true, last_id: 'a' },
    'list keys of Anthropic: the list has more than 100 pages',
  ],
])('says by codes alone that it met %s', async (_name, status, content, message) => {
  answer(status, content);
  const error = await admin.statuses().catch((thrown) => thrown);
  expect(error).toBeInstanceOf(AdminApiError);
  expect(error.message).toBe(message);
  expect(error.stack).not.toContain(adminKey);
});

test('gives up on a provider that hangs', async () => {
  server.behave(() => undefined);
  await expect(admin.statuses()).rejects.toThrow(
    expect.objectContaining({ name: 'AdminApiError', message: 'list keys of Anthropic: timeout', status: undefined }),
  );
});

describe('trying a key', () => {
  const key = randomUUID();
  const verify = () => verifyAnthropicKey({ http, baseUrl: server.url })(key);

  test('lists models with it', async () => {
    answer(200, { data: [] });
    await verify();
    const [{ request } = { request: undefined }] = server.received;
    expect([request?.method, request?.url, request?.headers['x-api-key']]).toEqual(['GET', '/v1/models?limit=1', key]);
  });

  test('rejects it where it is refused by a 401', async () => {
    answer(401, {});
    await expect(verify()).rejects.toThrow(CredentialRejectedError);
  });

  test.each<[number, unknown]>([
    [403, {}],
    [429, {}],
    [500, {}],
    [200, '<html>'],
    [200, {}],
  ])('does not judge it by a %i with %j', async (status, content) => {
    answer(status, content);
    await expect(verify()).rejects.toThrow(AdminApiError);
  });
});
