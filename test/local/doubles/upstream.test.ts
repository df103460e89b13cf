import type { HttpDouble } from '../../../local/doubles/http-double';
import { startUpstreamDouble } from '../../../local/doubles/upstream';
import type { UpstreamStep } from '../../../local/doubles/upstream-script';
import { UpstreamControl } from '../../../local/upstream-control';

const API_KEY = 'sk-test';
let double: HttpDouble;
let control: UpstreamControl;

beforeEach(async () => {
  double = await startUpstreamDouble({ apiKey: API_KEY });
  control = new UpstreamControl(double.url);
});

afterEach(() => double.stop());

const body = (content: string, maxTokens = 50) => ({
  model: 'claude-sonnet-4-5',
  max_tokens: maxTokens,
  messages: [{ role: 'user', content }],
});

function call(request: unknown, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
  return fetch(`${double.url}/v1/messages`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-api-key': API_KEY,
      'anthropic-version': '2023-06-01',
      ...headers,
    },
    body: typeof request === 'string' ? request : JSON.stringify(request),
    ...(signal && { signal }),
  });
}

test('answers a completion with its usage', async () => {
  await control.script('m', [{ kind: 'reply', text: 'one two three' }]);
  const response = await call(body('four words go in [[m]]'));
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({
    id: expect.stringMatching(/^msg_[0-9a-f]{24}$/),
    type: 'message',
    role: 'assistant',
    model: 'claude-sonnet-4-5',
    content: [{ type: 'text', text: 'one two three' }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 5, output_tokens: 3 },
  });
});

test('cuts a completion at max_tokens', async () => {
  await control.script('m', [{ kind: 'reply', text: 'one two three' }]);
  const response = await call(body('[[m]]', 2));
  expect(await response.json()).toMatchObject({
    content: [{ type: 'text', text: 'one two' }],
    stop_reason: 'max_tokens',
    usage: { output_tokens: 2 },
  });
});

test.each<[string, unknown, Record<string, string>, number, string]>([
  ['a wrong key', body('x'), { 'x-api-key': 'sk-other' }, 401, 'authentication_error'],
  ['no version header', body('x'), { 'anthropic-version': '' }, 400, 'invalid_request_error'],
  ['no JSON', '{', {}, 400, 'invalid_request_error'],
  ['no model', { ...body('x'), model: undefined }, {}, 400, 'invalid_request_error'],
  ['max_tokens of 0', body('x', 0), {}, 400, 'invalid_request_error'],
  ['no messages', { ...body('x'), messages: [] }, {}, 400, 'invalid_request_error'],
  ['an unknown role', { ...body('x'), messages: [{ role: 'system', content: 'x' }] }, {}, 400, 'invalid_request_error'],
])('refuses %s', async (_name, request, headers, status, type) => {
  const response = await call(request, headers);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ type: 'error', error: { type, message: expect.any(String) } });
  expect((await control.calls()).total).toEqual({ calls: 1, paid: 0 });
});

test.each<[number, string]>([
  [429, 'rate_limit_error'],
  [500, 'api_error'],
  [529, 'overloaded_error'],
  [413, 'request_too_large'],
])('plays an error %i as %s, with retry-after where told', async (status, type) => {
  await control.script('m', [
    { kind: 'error', status, retryAfter: 3 },
    { kind: 'error', status },
  ]);
  const first = await call(body('[[m]]'));
  expect([first.status, first.headers.get('retry-after')]).toEqual([status, '3']);
  expect(await first.json()).toMatchObject({ error: { type } });
  const second = await call(body('[[m]]'));
  expect([second.status, second.headers.get('retry-after')]).toEqual([status, null]);
  expect((await call(body('[[m]]'))).status).toBe(200);
  expect(await control.callsOf('m')).toEqual({ calls: 3, paid: 1 });
});

test.each<[UpstreamStep['kind'], number]>([
  ['reset-before', 0],
  ['reset-after', 1],
])('plays %s: the connection breaks, and %i calls are paid', async (kind, paid) => {
  await control.script('m', [{ kind }]);
  await expect(call(body('[[m]]')).then((response) => response.text())).rejects.toThrow();
  expect(await control.callsOf('m')).toEqual({ calls: 1, paid });
});

test('plays a hang until the caller gives up', async () => {
  await control.script('m', [{ kind: 'hang' }]);
  await expect(call(body('[[m]]'), {}, AbortSignal.timeout(200))).rejects.toThrow(/timeout|aborted/i);
});

test('plays a slow answer and one that is no completion', async () => {
  await control.script('m', [{ kind: 'garbage', delayMs: 150 }]);
  const startedAt = performance.now();
  expect(await (await call(body('[[m]]'))).json()).toEqual({ unexpected: true });
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(149);
});

test('counts by marker and by key, and forgets on reset', async () => {
  const post = (path: string, content: unknown) =>
    fetch(`${double.url}${path}`, { method: 'POST', body: JSON.stringify(content) });
  await post('/_double/keys', { accepted: [API_KEY, 'sk-new'] });
  await call(body('[[a]]'));
  await call(body('[[b]]'), { 'x-api-key': 'sk-new' });
  await call(body('none'), { 'x-api-key': 'sk-new' });
  expect(await control.calls()).toEqual({
    total: { calls: 3, paid: 3 },
    markers: { a: { calls: 1, paid: 1 }, b: { calls: 1, paid: 1 }, '': { calls: 1, paid: 1 } },
    keys: { [API_KEY]: { calls: 1, paid: 1 }, 'sk-new': { calls: 2, paid: 2 } },
  });
  await post('/_double/reset', {});
  expect(await control.calls()).toEqual({ total: { calls: 0, paid: 0 }, markers: {}, keys: {} });
  expect((await call(body('x'), { 'x-api-key': 'sk-new' })).status).toBe(401);
});

test.each([
  [{ kind: 'explode' }, '`kind` must be one of reply, error, hang, reset-before, reset-after, garbage, got: explode'],
  [{ kind: 'error', status: 200 }, '`status` must be a whole number from 400 to 599, got: 200'],
  [{ kind: 'error', retryAfter: -1 }, '`retryAfter` must be a number of seconds, got: -1'],
  [{ kind: 'reply', delayMs: 'x' }, '`delayMs` must be a number of milliseconds, got: x'],
])('refuses the step %j', async (step, problem) => {
  const response = await fetch(`${double.url}/_double/script`, {
    method: 'POST',
    body: JSON.stringify({ default: step }),
  });
  expect([response.status, await response.json()]).toEqual([400, { error: problem }]);
});
