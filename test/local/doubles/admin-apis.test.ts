import { randomUUID } from 'node:crypto';
import { startAnthropicAdminDouble } from '../../../local/doubles/anthropic-admin';
import { AnthropicKeys } from '../../../local/doubles/anthropic-keys';
import type { HttpDouble } from '../../../local/doubles/http-double';
import { startOpenAiAdminDouble } from '../../../local/doubles/openai-admin';
import { startUpstreamDouble } from '../../../local/doubles/upstream';
import { UpstreamControl } from '../../../local/upstream-control';

const adminKey: string = randomUUID();
const doubles: HttpDouble[] = [];
const keep = (double: HttpDouble): HttpDouble => {
  doubles.push(double);
  return double;
};
afterEach(async () => {
  await Promise.all(doubles.splice(0).map((double) => double.stop()));
});

const tell = (double: HttpDouble, fault: unknown) =>
  fetch(`${double.url}/_double/fail`, { method: 'POST', body: JSON.stringify(fault) });

describe('Anthropic', () => {
  const KEYS = '/v1/organizations/api_keys';
  const [first, second] = [randomUUID(), randomUUID()];
  let admin: HttpDouble;
  let upstream: HttpDouble;

  beforeEach(async () => {
    const keys = new AnthropicKeys();
    keys.add('apikey_a', first);
    keys.add('apikey_b', second, 'inactive');
    admin = keep(await startAnthropicAdminDouble({ adminKey, keys }));
    upstream = keep(await startUpstreamDouble({ apiKey: randomUUID(), keys }));
  });

  const ask = (path: string, init: RequestInit = {}, key = adminKey) =>
    fetch(`${admin.url}${path}`, { ...init, headers: { 'x-api-key': key, 'anthropic-version': '2023-06-01' } });
  const setStatus = (id: string, status: string) =>
    ask(`${KEYS}/${id}`, { method: 'POST', body: JSON.stringify({ status }) });
  const call = (path: string, apiKey: string, init: RequestInit = {}) =>
    fetch(`${upstream.url}${path}`, { ...init, headers: { 'x-api-key': apiKey, 'anthropic-version': '2023-06-01' } });

  test('lists keys page by page, without their values', async () => {
    const page = async (query: string) => (await ask(`${KEYS}?limit=1${query}`)).json();
    expect(await page('')).toMatchObject({ data: [{ id: 'apikey_a', status: 'active' }], has_more: true });
    const last = await page('&after_id=apikey_a');
    expect(last).toMatchObject({ data: [{ id: 'apikey_b', status: 'inactive' }], has_more: false });
    expect(JSON.stringify(last)).not.toContain(second);
    expect(await page('&status=inactive')).toMatchObject({ data: [{ id: 'apikey_b' }] });
  });

  test('a key works at the upstream as long as it is active', async () => {
    const prompt = { model: 'm', max_tokens: 5, messages: [{ role: 'user', content: '[[m]] x' }] };
    const statuses = async () => [
      (await call('/v1/models', second)).status,
      (await call('/v1/messages', second, { method: 'POST', body: JSON.stringify(prompt) })).status,
    ];
    expect(await statuses()).toEqual([401, 401]);
    expect((await setStatus('apikey_b', 'active')).status).toBe(200);
    expect(await statuses()).toEqual([200, 200]);
    const control = new UpstreamControl(upstream.url);
    expect((await control.log()).calls).toMatchObject([
      { marker: 'm', keyId: 'apikey_b', accepted: false },
      { marker: 'm', keyId: 'apikey_b', accepted: true },
    ]);
    expect((await control.calls()).total).toEqual({ calls: 2, paid: 1 });
  });

  test('refuses another admin key, an unknown key and status, and to bring back an archived key', async () => {
    expect((await ask(KEYS, {}, first)).status).toBe(401);
    expect((await ask(`${KEYS}/apikey_x`)).status).toBe(404);
    expect((await setStatus('apikey_a', 'expired')).status).toBe(400);
    expect((await setStatus('apikey_a', 'archived')).status).toBe(200);
    expect((await setStatus('apikey_a', 'active')).status).toBe(400);
  });

  test('plays the faults that it was told, for the requests that they are for', async () => {
    await tell(admin, { answer: 500, method: 'POST' });
    await tell(admin, { answer: 'garbage' });
    expect(await (await ask(KEYS)).text()).toContain('<html>');
    expect((await setStatus('apikey_a', 'inactive')).status).toBe(500);
    await tell(admin, { answer: 'lost' });
    await expect(setStatus('apikey_a', 'inactive')).rejects.toThrow();
    expect(await (await ask(`${KEYS}/apikey_a`)).json()).toMatchObject({ status: 'inactive' });
    expect((await tell(admin, { answer: 200 })).status).toBe(400);
    const { calls } = (await (await fetch(`${admin.url}/_double/calls`)).json()) as { calls: unknown[] };
    expect(calls).toHaveLength(4);
  });
});

describe('OpenAI', () => {
  const PROJECT = '/v1/organization/projects/proj_1';
  let double: HttpDouble;
  beforeEach(async () => {
    double = keep(await startOpenAiAdminDouble({ adminKey, projectId: 'proj_1', serviceAccountId: 'sa_1' }));
  });

  const ask = (path: string, init: RequestInit = {}, key = adminKey) =>
    fetch(`${double.url}${path}`, { ...init, headers: { authorization: `Bearer ${key}` } });
  const mint = (content: unknown, account = 'sa_1') =>
    ask(`${PROJECT}/service_accounts/${account}/api_keys`, { method: 'POST', body: JSON.stringify(content) });

  test('mints a key whose value it tells once, and which works until it is deleted', async () => {
    const key = (await (await mint({ name: 'n' })).json()) as { id: string; value: string };
    const listed = await (await ask(`${PROJECT}/api_keys`)).json();
    expect(listed).toMatchObject({ data: [{ id: key.id, name: 'n', owner: { service_account: { id: 'sa_1' } } }] });
    expect(JSON.stringify(listed)).not.toContain(key.value);
    expect((await ask('/v1/models', {}, key.value)).status).toBe(200);
    expect((await ask(`${PROJECT}/api_keys/${key.id}`, { method: 'DELETE' })).status).toBe(200);
    expect((await ask('/v1/models', {}, key.value)).status).toBe(401);
    expect((await ask(`${PROJECT}/api_keys/${key.id}`, { method: 'DELETE' })).status).toBe(404);
  });

  test('lists page by page', async () => {
    for (const name of ['n1', 'n2', 'n3']) await mint({ name });
    const page = async (query: string) =>
      (await (await ask(`${PROJECT}/api_keys?limit=2${query}`)).json()) as { has_more: boolean; last_id: string };
    const first = await page('');
    expect(first).toMatchObject({ data: [{ name: 'n1' }, { name: 'n2' }], has_more: true });
    expect(await page(`&after=${first.last_id}`)).toMatchObject({ data: [{ name: 'n3' }], has_more: false });
  });

  test.each<[string, () => Promise<Response>, number]>([
    ['another admin key', () => ask(`${PROJECT}/api_keys`, {}, 'x'), 401],
    ['another service account', () => mint({ name: 'n' }, 'sa_2'), 404],
    ['a key without a name', () => mint({}), 400],
    ['a life of 0 seconds', () => mint({ name: 'n', expires_in_seconds: 0 }), 400],
    ['a life of more than a year', () => mint({ name: 'n', expires_in_seconds: 31_536_001 }), 400],
  ])('refuses %s', async (_name, request, status) => {
    expect((await request()).status).toBe(status);
  });
});
