import '../doubles/environment';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { handler } from '../../../lambda/submit-job/handler';
import { Cloud } from '../doubles/cloud';
import { captureOutput } from '../doubles/console-capture';
import { JOBS_TABLE, MAX_BODY_BYTES } from '../doubles/environment';
import { apiEvent, CLIENT_ID, context, submission, submitEvent, WORST_CASE } from '../doubles/events';
import { LIMIT_STEPS } from '../doubles/limit-steps';

let cloud: Cloud;
let output: ReturnType<typeof captureOutput>;
beforeEach(() => {
  cloud = new Cloud();
  output = captureOutput();
});
afterEach(() => output.release());

const submit = async (event: APIGatewayProxyEvent) => {
  const response = await handler(event as never, context());
  return { ...response, body: JSON.parse(response.body) };
};

const jobsWritten = (): number =>
  [...cloud.dynamodb.items.keys()].filter((key) => key.startsWith(`${JOBS_TABLE}|`)).length;

const withKey = (key: string, body: unknown = submission(), clientId = CLIENT_ID) =>
  submitEvent(body, { headers: { 'idempotency-key': key }, clientId });

test('writes a queued job, sealed, and answers where its state is', async () => {
  const { statusCode, headers, body } = await submit(submitEvent());
  expect(statusCode).toBe(202);
  expect(body).toEqual({
    id: expect.stringMatching(/^job_[0-9a-f]{32}$/),
    status: 'queued',
  });
  expect(headers).toMatchObject({ location: `jobs/${body.id}`, 'retry-after': '1', 'x-correlation-id': 'request-1' });
  const row = cloud.job(body.id);
  expect(row).toMatchObject({
    status: 'queued',
    clientId: CLIENT_ID,
    model: 'claude-sonnet-4-5',
    correlationId: 'request-1',
    reservation: { inputTokens: 18 + 16 + 64, outputTokens: 256 },
    fence: 0,
    upstreamCalls: 0,
    requestHash: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(Number(row?.expiresAt) - Date.now() / 1000).toBeCloseTo(30 * 86_400, -2);
});

test('neither the row nor a log line holds the prompt', async () => {
  const { body } = await submit(submitEvent(submission('the secret of the tower')));
  const row = cloud.job(body.id) as { sealedRequest: { ciphertext: Uint8Array } };
  expect(Buffer.from(row.sealedRequest.ciphertext).includes('secret of the tower')).toBe(false);
  expect(JSON.stringify({ ...row, sealedRequest: '' })).not.toContain('tower');
  expect(output.text()).toContain(body.id);
  expect(output.text()).not.toContain('tower');
});

test('without an idempotency key, equal requests are two jobs', async () => {
  const [first, second] = [await submit(submitEvent()), await submit(submitEvent())];
  expect(first.body.id).not.toBe(second.body.id);
});

test('the same key and body is the same job, however the body is written', async () => {
  const first = await submit(withKey('order-1'));
  const { model, max_tokens, messages } = submission();
  const second = await submit(withKey('order-1', JSON.stringify({ messages, model, max_tokens }, null, 2)));
  expect(second.statusCode).toBe(202);
  expect(second.body).toEqual(first.body);
  expect(first.headers).not.toHaveProperty('idempotency-replayed');
  expect(second.headers).toMatchObject({ 'idempotency-replayed': 'true' });
  expect(jobsWritten()).toBe(1);
});

test('the same key and another body is refused, and the job stays as it was', async () => {
  const first = await submit(withKey('order-1'));
  const before = cloud.job(first.body.id);
  const second = await submit(withKey('order-1', submission('Something else')));
  expect(second.statusCode).toBe(422);
  expect(second.body).toMatchObject({ type: 'urn:bulwark:problem:idempotency-key-reused', status: 422 });
  expect(cloud.job(first.body.id)).toEqual(before);
});

test('the same key of another client is another job', async () => {
  const first = await submit(withKey('order-1'));
  const second = await submit(withKey('order-1', submission(), '0000000000000000'));
  expect(second.body.id).not.toBe(first.body.id);
});

test('fifty requests at once with one key are one job', async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, () => submit(withKey('order-1'))));
  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  expect(answers.every(({ statusCode }) => statusCode === 202)).toBe(true);
  expect(answers.filter(({ headers }) => headers?.['idempotency-replayed'] === undefined)).toHaveLength(1);
  expect(jobsWritten()).toBe(1);
});

test('a key whose job has expired, but is not deleted yet, makes a new job', async () => {
  const { body } = await submit(withKey('daily-22'));
  const old = cloud.job(body.id);
  const expiresAt = Math.floor(Date.now() / 1000) - 60;
  cloud.dynamodb.put(JOBS_TABLE, { ...old, status: 'succeeded', expiresAt });
  cloud.keepReservationUntil(body.id, expiresAt);
  cloud.dynamodb.put(JOBS_TABLE, { jobId: body.id, part: 'result', fence: 1 });
  const again = await submit(withKey('daily-22', submission('A new day')));
  expect(again).toMatchObject({ statusCode: 202, body: { id: body.id, status: 'queued' } });
  expect(again.headers).not.toHaveProperty('idempotency-replayed');
  expect(cloud.job(body.id)).toMatchObject({ status: 'queued', fence: 0 });
  expect(cloud.result(body.id)).toBeUndefined();
});

describe('a request that is refused writes nothing but that it was there', () => {
  const long = 'x'.repeat(MAX_BODY_BYTES);
  const base64 = (bytes: readonly number[] | string) => ({
    body: Buffer.from(bytes as string).toString('base64'),
    isBase64Encoded: true,
  });
  const withType = (type: string | undefined) =>
    submitEvent(submission(), { headers: { 'Content-Type': type as string } });

  test.each<[string, APIGatewayProxyEvent, number, string]>([
    ['no body', submitEvent('', { body: null }), 400, 'malformed-json'],
    ['an empty body', submitEvent(''), 400, 'malformed-json'],
    ['half a document', submitEvent('{"model": "m"'), 400, 'malformed-json'],
    ['two documents', submitEvent('{}{}'), 400, 'malformed-json'],
    ['bytes that are not UTF-8', submitEvent('', base64([0x22, 0xff, 0xfe, 0x22])), 400, 'malformed-json'],
    ['an overlong UTF-8 form', submitEvent('', base64([0x22, 0xc0, 0xaf, 0x22])), 400, 'malformed-json'],
    ['a nest of arrays', submitEvent('['.repeat(30_000)), 400, 'invalid-request'],
    ['a closed nest of arrays', submitEvent('['.repeat(30_000) + ']'.repeat(30_000)), 400, 'invalid-request'],
    ['null', submitEvent('null'), 400, 'invalid-request'],
    ['a number', submitEvent('1e999'), 400, 'invalid-request'],
    ['an extra field', submitEvent({ ...submission(), stream: true }), 400, 'invalid-request'],
    ['a prototype', submitEvent(JSON.stringify(submission()).replace('{', '{"__proto__":{},')), 400, 'invalid-request'],
    ['a wrong type', submitEvent({ ...submission(), max_tokens: '256' }), 400, 'invalid-request'],
    [
      'an endless number of tokens',
      submitEvent(JSON.stringify(submission()).replace('256', '1e999')),
      400,
      'invalid-request',
    ],
    ['no messages', submitEvent({ ...submission(), messages: [] }), 400, 'invalid-request'],
    ['a header in the model', submitEvent({ ...submission(), model: 'a\r\nx-api-key: b' }), 400, 'invalid-request'],
    ['a body of one byte too many', submitEvent(`"${long}"`), 413, 'payload-too-large'],
    [
      'a large body in few characters',
      submitEvent(`"${'\u{1f3f0}'.repeat(MAX_BODY_BYTES / 4)}"`),
      413,
      'payload-too-large',
    ],
    ['a large body in base64', submitEvent('', base64(long + long)), 413, 'payload-too-large'],
    ['an 11 MB body', submitEvent('y'.repeat(11 * 1024 * 1024)), 413, 'payload-too-large'],
    ['a byte order mark', submitEvent(`\ufeff${JSON.stringify(submission())}`), 400, 'malformed-json'],
    [
      'a byte order mark in base64',
      submitEvent('', base64(`\ufeff${JSON.stringify(submission())}`)),
      400,
      'malformed-json',
    ],
    ['a name twice', submitEvent(JSON.stringify(submission()).replace('{', '{"model":"m",')), 400, 'invalid-request'],
    ['a control character', submitEvent(submission('x\u001b[2J')), 400, 'invalid-request'],
    ['half of a surrogate pair', submitEvent(submission('\ud83c')), 400, 'invalid-request'],
    [
      'a deflated body',
      submitEvent(submission(), { headers: { 'content-encoding': 'gzip' } }),
      415,
      'unsupported-media-type',
    ],
    ['no content type', withType(undefined), 415, 'unsupported-media-type'],
    ['text', withType('text/plain'), 415, 'unsupported-media-type'],
    ['a look-alike of JSON', withType('application/jsonp'), 415, 'unsupported-media-type'],
    ['another charset', withType('application/json; charset=utf-16'), 415, 'unsupported-media-type'],
    ['an empty idempotency key', withKey(''), 400, 'invalid-idempotency-key'],
    ['an idempotency key of 256 characters', withKey('k'.repeat(256)), 400, 'invalid-idempotency-key'],
    ['an idempotency key with a space', withKey('order 1'), 400, 'invalid-idempotency-key'],
    ['an idempotency key beyond ASCII', withKey('bestellung-\u00e4'), 400, 'invalid-idempotency-key'],
    [
      'two idempotency keys',
      submitEvent(submission(), {
        multiValueHeaders: { 'Idempotency-Key': ['a', 'b'], 'Content-Type': ['application/json'] },
      }),
      400,
      'invalid-idempotency-key',
    ],
    ['no client', submitEvent(submission(), { clientId: '' }), 401, 'unauthenticated'],
  ])('%s', async (_, event, status, slug) => {
    const { statusCode, headers, body } = await submit(event);
    expect(body).toMatchObject({
      type: `urn:bulwark:problem:${slug}`,
      status,
      instance: 'urn:bulwark:request:request-1',
    });
    expect(statusCode).toBe(status);
    expect(headers).toMatchObject({ 'content-type': 'application/problem+json' });
    expect(cloud.steps.filter((step) => step !== 'UpdateItem')).toEqual([]);
    expect(jobsWritten()).toBe(0);
  });
});

test.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON ; Charset="UTF-8"'])(
  'the content type %s is accepted',
  async (type) => {
    const { statusCode } = await submit(submitEvent(submission(), { headers: { 'Content-Type': type } }));
    expect(statusCode).toBe(202);
  },
);

test('a body of exactly the limit is accepted, and so is base64', async () => {
  const frame = JSON.stringify(submission('')).length;
  const atLimit = JSON.stringify(submission('x'.repeat(MAX_BODY_BYTES - frame)));
  const body = Buffer.from(atLimit).toString('base64');
  expect(atLimit).toHaveLength(MAX_BODY_BYTES);
  expect((await submit(submitEvent(atLimit))).statusCode).toBe(202);
  expect((await submit(submitEvent('', { body, isBase64Encoded: true }))).statusCode).toBe(202);
});

test('names what is wrong where, without a value of the request', async () => {
  const hostile = { ...submission(), max_tokens: 0, 'sk-secret': 1, messages: [{ role: 'sk-secret', content: 5 }] };
  const { body } = await submit(submitEvent(hostile));
  expect(body.errors).toEqual([
    {
      pointer: '#',
      detail: 'must have no other properties than model, max_tokens, system, temperature, stop_sequences, messages',
    },
    { pointer: '#/max_tokens', detail: 'must be >= 1' },
    { pointer: '#/messages/0/role', detail: 'must be equal to one of the allowed values' },
    { pointer: '#/messages/0/content', detail: 'must be string' },
  ]);
  expect(JSON.stringify(body)).not.toContain('sk-secret');
  expect(output.text()).not.toContain('sk-secret');
});

test('lists at most twenty faults of a hostile body', async () => {
  const messages = Array.from({ length: 200 }, () => ({ role: 'x', content: 1, more: 2 }));
  const { body } = await submit(submitEvent({ ...submission(), messages }));
  expect(body.errors).toHaveLength(20);
});

test('a failure inside is a 500 that says nothing, and is logged without the body', async () => {
  cloud.crash({ atStep: 3, when: 'before' });
  const { statusCode, body } = await submit(submitEvent(submission('the secret of the tower')));
  expect(statusCode).toBe(500);
  expect(body).toEqual({
    type: 'urn:bulwark:problem:internal',
    status: 500,
    title: 'The service failed to answer.',
    instance: 'urn:bulwark:request:request-1',
  });
  expect(output.lines()).toContainEqual(expect.objectContaining({ level: 'ERROR', message: 'The request failed.' }));
  expect(output.text()).not.toContain('tower');
});

test.each([
  ['a sane correlation id is kept', 'trace-42.a:b', 'trace-42.a:b'],
  ['a hostile one is replaced', 'a"} {"level":"ERROR', 'request-1'],
  ['a long one is replaced', 'a'.repeat(129), 'request-1'],
])('%s', async (_, given, expected) => {
  const { headers, body } = await submit(submitEvent(submission(), { headers: { 'X-Correlation-Id': given } }));
  expect(headers?.['x-correlation-id']).toBe(expected);
  expect(cloud.job(body.id)).toMatchObject({ correlationId: expected });
});

test('a request without an authorizer is refused whatever its body', async () => {
  const { statusCode } = await submit(
    apiEvent({ clientId: '', headers: { 'content-type': 'application/json' }, body: '{}' }),
  );
  expect(statusCode).toBe(401);
});

/** Steps of the first request of a month, for which the caps are leased to shards; a test below says which they are. */
const STEPS = [
  ...LIMIT_STEPS,
  'GenerateDataKey',
  'TransactWriteItems',
  'BatchGetItem',
  'TransactWriteItems',
  'TransactWriteItems',
];

test('the steps of a submission are these', async () => {
  await submit(submitEvent());
  expect(cloud.steps).toEqual(STEPS);
});

describe('a client that retries after any crash gets one job', () => {
  const crashes = STEPS.flatMap((name, index) => [
    { name, atStep: index + 1, when: 'before' as const },
    { name, atStep: index + 1, when: 'after' as const },
  ]);

  test.each(crashes)('$when the effect of step $atStep, $name', async (crash) => {
    cloud.crash(crash);
    const first = await submit(withKey('order-1'));
    expect(cloud.revive()).toBe(true);
    expect([500, 503]).toContain(first.statusCode);
    const retried = await submit(withKey('order-1'));
    expect(retried.statusCode).toBe(202);
    expect(jobsWritten()).toBe(1);
    expect(cloud.job(retried.body.id)).toMatchObject({ status: 'queued' });
    expect(cloud.spending(retried.body.id)).toMatchObject({ held: WORST_CASE, spent: 0, unknown: 0 });
    expect(cloud.committedBy(CLIENT_ID)).toBe(WORST_CASE);
  });
});
