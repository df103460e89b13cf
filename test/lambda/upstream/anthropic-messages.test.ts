import { kindOf } from '../../../lambda/process-job/failure-kind';
import { AnthropicMessages } from '../../../lambda/upstream/anthropic-messages';
import { UpstreamError } from '../../../lambda/upstream/errors';
import { PooledHttp } from '../../../lambda/upstream/pooled-http';
import { submission } from '../doubles/events';
import { type LocalServer, startLocalServer } from '../doubles/local-server';

const NOW = Date.parse('2026-11-22T12:00:00Z');
let server: LocalServer;
let pool: PooledHttp;
let upstream: AnthropicMessages;
beforeEach(async () => {
  server = await startLocalServer();
  pool = new PooledHttp({ maxResponseBytes: 100_000 });
  upstream = new AnthropicMessages(pool, server.url, () => NOW);
});
afterEach(async () => {
  pool.destroy();
  await server.close();
});

const message = (overrides: object = {}) => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-5-20250929',
  content: [{ type: 'text', text: 'Hello' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 12, output_tokens: 6 },
  ...overrides,
});
const answer = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  server.behave((response) =>
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body)),
  );
const complete = () =>
  upstream.complete(submission(), { credential: { kind: 'api-key', value: 'sk-key' }, timeoutMs: 1_000 });
const failure = async () => {
  const error: unknown = await complete().catch((thrown: unknown) => thrown);
  if (!(error instanceof UpstreamError)) throw new Error('it did not fail');
  return error;
};

test('asks as the Messages API wants to be asked', async () => {
  answer(200, message());
  await complete();
  const { request, body } = server.received[0] ?? {};
  expect(request).toMatchObject({ method: 'POST', url: '/v1/messages' });
  expect(request?.headers).toMatchObject({
    'x-api-key': 'sk-key',
    'anthropic-version': '2023-06-01',
    'content-type': 'application/json',
  });
  expect(JSON.parse(body ?? '')).toEqual(submission());
});

test.each([
  [{ kind: 'bearer' as const, value: 'token', betas: ['one', 'two'] }, { 'anthropic-beta': 'one,two' }],
  [{ kind: 'bearer' as const, value: 'token' }, { 'anthropic-beta': undefined }],
])('a token goes where the API wants it, and no key with it', async (credential, headers) => {
  answer(200, message());
  await upstream.complete(submission(), { credential, timeoutMs: 1_000 });
  const { request } = server.received[0] ?? {};
  expect({ 'anthropic-beta': undefined, 'x-api-key': undefined, ...request?.headers }).toMatchObject({
    authorization: 'Bearer token',
    'x-api-key': undefined,
    ...headers,
  });
});

test('reads the texts, the reason for the end, the model and every kind of token', async () => {
  const usage = {
    input_tokens: 12,
    output_tokens: 6,
    cache_creation_input_tokens: 100,
    cache_read_input_tokens: 2_000,
  };
  const content = [
    { type: 'text', text: 'Hel' },
    { type: 'thinking', thinking: 'x' },
    { type: 'text', text: 'lo' },
  ];
  answer(200, message({ usage, content, stop_reason: 'max_tokens' }));
  expect(await complete()).toEqual({
    text: 'Hello',
    stopReason: 'max_tokens',
    model: 'claude-sonnet-4-5-20250929',
    usage: { inputTokens: 12, outputTokens: 6, cacheWriteTokens: 100, cacheReadTokens: 2_000 },
  });
});

test.each([
  [408, 'retry', 'upstream-timeout'],
  [409, 'retry', 'upstream-error'],
  [425, 'retry', 'upstream-error'],
  [429, 'retry', 'upstream-rate-limited'],
  [500, 'retry', 'upstream-error'],
  [502, 'retry', 'upstream-error'],
  [503, 'retry', 'upstream-error'],
  [504, 'retry', 'upstream-timeout'],
  [529, 'retry', 'upstream-error'],
  [401, 'return', 'upstream-credential'],
  [402, 'return', 'upstream-credit'],
  [403, 'return', 'upstream-credential'],
  [301, 'return', 'upstream-error'],
  [501, 'return', 'upstream-error'],
  [400, 'refuse', 'upstream-refused'],
  [404, 'refuse', 'upstream-refused'],
  [413, 'refuse', 'upstream-refused'],
  [422, 'refuse', 'upstream-refused'],
])('HTTP %i means: %s, %s', async (status, disposition, reason) => {
  answer(status, { type: 'error', error: { type: 'some_error', message: 'your prompt was: tower' } });
  const error = await failure();
  expect(error).toMatchObject({ status, disposition, reason, providerType: 'some_error', firstByteArrived: true });
  expect(error.retryable).toBe(disposition === 'retry');
  expect(error.isCredentialRejected).toBe(status === 401 || status === 403);
  expect(error.message).toBe(`${reason} HTTP ${status} some_error`);
});

describe('a proxy between here and the upstream', () => {
  test.each([400, 404, 405, 407, 413, 421, 451, 499])(
    'that answers HTTP %i is no refusal of the request',
    async (status) => {
      answer(status, '<html><body>Not here</body></html>', { 'content-type': 'text/html' });
      const error = await failure();
      expect(error).toMatchObject({ status, disposition: 'return', reason: 'upstream-error' });
      expect(kindOf(error)).toBe('upstream');
    },
  );

  test('is not told by its status alone', async () => {
    answer(404, { type: 'error', error: { type: 'not_found_error', message: 'model: x' } });
    expect(kindOf(await failure())).toBe('request');
  });
});

describe('an account without credit', () => {
  const answerWith = (status: number, type: string, text: string) =>
    answer(status, { type: 'error', error: { type, message: text } });

  test.each([
    [400, 'billing_error', 'Pay.'],
    [403, 'billing_error', 'Pay.'],
    [429, 'insufficient_quota', 'You exceeded your current quota.'],
    [429, 'billing_hard_limit_reached', 'Limit.'],
    [400, 'invalid_request_error', 'Your credit balance is too low to access the Anthropic API.'],
  ])('that shows as HTTP %i %s is no fault of the request', async (status, type, text) => {
    answerWith(status, type, text);
    const error = await failure();
    expect(error).toMatchObject({ reason: 'upstream-credit', disposition: 'return', status, paid: false });
    expect(error).toMatchObject({ isAccountRefused: true, isCredentialRejected: false });
  });

  test('cannot be claimed by a request that is quoted', async () => {
    answerWith(400, 'invalid_request_error', 'messages.0: “Your credit balance is too low” is not a role');
    expect(await failure()).toMatchObject({ reason: 'upstream-refused', disposition: 'refuse' });
  });
});

test.each([
  [429, false],
  [503, false],
  [529, false],
  [401, false],
  [500, true],
  [504, true],
])('a call that met HTTP %i was paid for: %p', async (status, paid) => {
  answer(status, {});
  expect(await failure()).toMatchObject({ paid });
});

test('a call without a connection cost nothing', async () => {
  await server.close();
  expect(await failure()).toMatchObject({ reason: 'upstream-connection', disposition: 'retry', paid: false });
});

test.each([
  ['7', 7_000],
  ['0', 0],
  ['Sun, 22 Nov 2026 12:00:30 GMT', 30_000],
  ['Sun, 22 Nov 2026 11:00:00 GMT', 0],
  ['99999999', 900_000],
  ['soon', undefined],
])('retry-after: %s', async (header, retryAfterMs) => {
  answer(429, {}, { 'retry-after': header });
  expect((await failure()).retryAfterMs).toBe(retryAfterMs);
});

test.each([
  ['garbage', '<html>'],
  ['nothing', ''],
  ['null', 'null'],
  ['no content', message({ content: undefined })],
  ['no usage', message({ usage: undefined })],
  ['a negative usage', message({ usage: { input_tokens: -1, output_tokens: 0 } })],
  ['a usage in text', message({ usage: { input_tokens: '1', output_tokens: 0 } })],
  ['half a token', message({ usage: { input_tokens: 1, output_tokens: 0.5 } })],
  ['no reason for the end', message({ stop_reason: null })],
])('an answer of %s is no completion', async (_, body) => {
  answer(200, body);
  expect(await failure()).toMatchObject({ reason: 'upstream-malformed', disposition: 'return', status: 200 });
});

test.each([
  ['text', 'oops'],
  ['an unusual type', { error: { type: 'tower \u0000' } }],
  ['no type', { error: {} }],
])('an error document of %s names no provider type', async (_, body) => {
  answer(500, body);
  expect((await failure()).providerType).toBeUndefined();
});

test('a huge answer is refused for good: another call would buy the same', async () => {
  answer(200, 'x'.repeat(200_000));
  expect(await failure()).toMatchObject({
    reason: 'completion-too-large',
    disposition: 'refuse',
    firstByteArrived: true,
  });
});

test('a connection reset before the answer may be tried again', async () => {
  server.behave((response) => response.socket?.resetAndDestroy());
  expect(await failure()).toMatchObject({
    reason: 'upstream-connection',
    disposition: 'retry',
    firstByteArrived: false,
  });
});

test('a connection reset inside the answer may be tried again, and was probably paid for', async () => {
  server.behave((response) => {
    response.writeHead(200, { 'content-length': '100' }).write('{');
    setTimeout(() => response.socket?.resetAndDestroy(), 20);
  });
  expect(await failure()).toMatchObject({
    reason: 'upstream-connection',
    disposition: 'retry',
    firstByteArrived: true,
  });
});

test('a slow answer ends with the time allowed', async () => {
  server.behave(() => undefined);
  const error = await upstream
    .complete(submission(), { credential: { kind: 'api-key', value: 'k' }, timeoutMs: 50 })
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ reason: 'upstream-timeout', disposition: 'retry', firstByteArrived: false });
});

test('no error holds the key or the prompt', async () => {
  server.behave((response) => response.socket?.destroy());
  const error = await failure();
  expect(`${error.stack} ${JSON.stringify(error)} ${JSON.stringify(error.cause)}`).not.toMatch(/sk-key|bulwark\?/);
});
