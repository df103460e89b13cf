import '../doubles/upload-environment';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { handler } from '../../../lambda/create-upload/handler';
import { UploadsTable, uploadIdOfKey, uploadKeyOf } from '../../../lib/contract/uploads';
import { Cloud } from '../doubles/cloud';
import { captureOutput } from '../doubles/console-capture';
import { apiEvent, CLIENT_ID, context, PLAN } from '../doubles/events';
import { MAX_UPLOAD, QUARANTINE, UPLOADS_TABLE, WINDOW_SECONDS } from '../doubles/upload-environment';

let cloud: Cloud;
let output: ReturnType<typeof captureOutput>;
beforeEach(() => {
  cloud = new Cloud({ [UPLOADS_TABLE]: [UploadsTable.PARTITION_KEY] });
  output = captureOutput();
});
afterEach(() => output.release());

const wish = { contentType: 'image/png', sizeBytes: 1_234 };

const requestOf = (body: unknown, overrides: Parameters<typeof apiEvent>[0] = {}): APIGatewayProxyEvent =>
  apiEvent({
    httpMethod: 'POST',
    resource: '/v1/uploads',
    path: '/v1/uploads',
    headers: { 'Content-Type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...overrides,
  });

const create = async (event: APIGatewayProxyEvent) => {
  const response = await handler(event as never, context());
  return { ...response, body: JSON.parse(response.body) };
};

const policyIn = (fields: Record<string, string>) => JSON.parse(Buffer.from(fields.Policy ?? '', 'base64').toString());

test('answers a form for exactly one object, and writes the row that it is for', async () => {
  const before = Date.now();
  const { statusCode, headers, body } = await create(requestOf({ ...wish, name: 'cat.png' }));
  expect(statusCode).toBe(201);
  expect(body).toEqual({
    id: expect.stringMatching(/^upl_[0-9a-f]{32}$/),
    status: 'awaiting',
    upload: { url: expect.stringContaining(QUARANTINE), fields: expect.any(Object) },
    expiresAt: expect.any(String),
  });
  expect(headers).toMatchObject({ location: `uploads/${body.id}`, 'cache-control': 'no-store' });
  const seconds = (Date.parse(body.expiresAt) - before) / 1_000;
  expect(Math.abs(seconds - WINDOW_SECONDS)).toBeLessThan(30);
  expect(cloud.dynamodb.row(UPLOADS_TABLE, body.id)).toMatchObject({
    uploadId: body.id,
    clientId: CLIENT_ID,
    status: 'awaiting',
    contentType: 'image/png',
    sizeBytes: 1_234,
    name: 'cat.png',
    uploadUntil: body.expiresAt,
  });
  expect(output.text()).toContain(body.id);
});

test('the form fixes key, type, size and bucket, and ends soon; no other field may be added', async () => {
  const { body } = await create(requestOf(wish));
  const { fields } = body.upload;
  const { conditions, expiration } = policyIn(fields);
  const key = uploadKeyOf(CLIENT_ID, body.id);
  expect(uploadIdOfKey(key)).toBe(body.id);
  expect(fields).toMatchObject({ key, bucket: QUARANTINE, 'Content-Type': 'image/png' });
  expect(conditions).toEqual(
    expect.arrayContaining([
      ['content-length-range', 1, 1_234],
      { 'Content-Type': 'image/png' },
      { bucket: QUARANTINE },
      { key },
    ]),
  );
  // Whatever a condition begins with and does not name whole would let the client choose.
  expect(JSON.stringify(conditions)).not.toMatch(/starts-with|tagging|acl|redirect/i);
  expect(Math.abs(Date.parse(expiration) - Date.parse(body.expiresAt))).toBeLessThan(30_000);
});

test('each request is an upload of its own', async () => {
  const [first, second] = [await create(requestOf(wish)), await create(requestOf(wish))];
  expect(first.body.id).not.toBe(second.body.id);
});

describe('a request that is refused writes nothing', () => {
  test.each<[string, unknown, Record<string, string>[]]>([
    ['no size', { contentType: 'image/png' }, [{ pointer: '#', detail: "must have required property 'sizeBytes'" }]],
    ['no bytes', { ...wish, sizeBytes: 0 }, [{ pointer: '#/sizeBytes', detail: 'must be >= 1' }]],
    ['half a byte', { ...wish, sizeBytes: 1.5 }, [{ pointer: '#/sizeBytes', detail: 'must be integer' }]],
    [
      'a byte too many',
      { ...wish, sizeBytes: MAX_UPLOAD + 1 },
      [{ pointer: '#/sizeBytes', detail: `must be <= ${MAX_UPLOAD}` }],
    ],
    [
      'more than S3 takes',
      { ...wish, sizeBytes: 5 * 1024 ** 3 + 1 },
      [{ pointer: '#/sizeBytes', detail: 'must be <= 5368709120' }],
    ],
    [
      'a type that nobody knows',
      { ...wish, contentType: 'video/mp4' },
      [{ pointer: '#/contentType', detail: expect.stringMatching(/^must be one of image\/png, /) as never }],
    ],
    [
      'a type with a parameter',
      { ...wish, contentType: 'text/plain; charset=utf-8' },
      [{ pointer: '#/contentType', detail: expect.any(String) as never }],
    ],
    [
      'a type in capitals',
      { ...wish, contentType: 'IMAGE/PNG' },
      [{ pointer: '#/contentType', detail: expect.any(String) as never }],
    ],
    [
      'a path for a name',
      { ...wish, name: '../cat.png' },
      [{ pointer: '#/name', detail: expect.any(String) as never }],
    ],
    ['an empty name', { ...wish, name: '' }, [{ pointer: '#/name', detail: expect.any(String) as never }]],
    [
      'a name with a line end',
      { ...wish, name: 'a\r\nb' },
      [{ pointer: '#/name', detail: expect.any(String) as never }],
    ],
    [
      'a key of its own',
      { ...wish, key: 'uploads/x' },
      [{ pointer: '#', detail: 'must have no other properties than contentType, sizeBytes, name' }],
    ],
  ])('%s', async (_, body, errors) => {
    const answer = await create(requestOf(body));
    expect(answer.body).toMatchObject({ type: 'urn:bulwark:problem:invalid-request', status: 400, errors });
    // Nothing is done for it but to count it.
    expect(cloud.steps.filter((step) => step !== 'UpdateItem')).toEqual([]);
    expect(cloud.dynamodb.rowCount(UPLOADS_TABLE)).toBe(0);
  });

  test('everything that is wrong is said at once', async () => {
    const { body } = await create(requestOf({ contentType: 'video/mp4', sizeBytes: MAX_UPLOAD + 1 }));
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(['#/contentType', '#/sizeBytes']);
  });

  test.each([
    ['no client', requestOf(wish, { clientId: '' }), 401],
    ['no JSON', requestOf('{'), 400],
    ['text', requestOf(wish, { headers: { 'Content-Type': 'text/plain' } }), 415],
    ['a body of 5 kB', requestOf({ ...wish, name: 'x'.repeat(5_000) }), 413],
  ])('%s', async (_, event, status) => {
    expect((await create(event)).statusCode).toBe(status);
    // Nothing is done for it but to count it.
    expect(cloud.steps.filter((step) => step !== 'UpdateItem')).toEqual([]);
    expect(cloud.dynamodb.rowCount(UPLOADS_TABLE)).toBe(0);
  });
});

test('the largest upload and the longest name are taken', async () => {
  const { statusCode } = await create(requestOf({ ...wish, sizeBytes: MAX_UPLOAD, name: '가'.repeat(255) }));
  expect(statusCode).toBe(201);
});

test('a row that cannot be written is a 500 without a form', async () => {
  // The first two steps count the request.
  cloud.crash({ atStep: 3, when: 'before' });
  const { statusCode, body } = await create(requestOf(wish));
  expect(cloud.steps.at(-1)).toBe('PutItem');
  expect(statusCode).toBe(500);
  expect(JSON.stringify(body)).not.toContain(QUARANTINE);
});

test('no log line holds the name or the signature', async () => {
  const { body } = await create(requestOf({ ...wish, name: 'tower.png' }));
  expect(output.text()).not.toContain('tower');
  expect(output.text()).not.toContain(body.upload.fields['X-Amz-Signature']);
});

test('counts as a submission does in the limits of the client', async () => {
  const plan = { ...PLAN, requestsPerDay: 2 };
  const statuses = [];
  for (let upload = 0; upload < 3; upload += 1) statuses.push((await create(requestOf(wish, { plan }))).statusCode);
  expect(statuses).toEqual([201, 201, 429]);
  const refused = await create(requestOf(wish, { plan }));
  expect(refused.body).toMatchObject({ type: 'urn:bulwark:problem:quota-exceeded' });
  expect(Number(refused.headers?.['retry-after'])).toBeGreaterThan(0);
});
