import '../doubles/upload-environment';
import { handler } from '../../../lambda/read-upload/handler';
import type { Upload } from '../../../lambda/runtime/uploads/upload';
import { captureOutput } from '../doubles/console-capture';
import { apiEvent, CLIENT_ID, context } from '../doubles/events';
import { UPLOADS_TABLE } from '../doubles/upload-environment';
import { arrived, UploadWorld } from '../doubles/upload-world';

let world: UploadWorld;
let output: ReturnType<typeof captureOutput>;
beforeEach(() => {
  world = new UploadWorld();
  world.nowMs = Date.now();
  output = captureOutput();
});
afterEach(() => output.release());

const read = async (id: string | undefined, clientId = CLIENT_ID) => {
  const event = apiEvent({ resource: '/v1/uploads/{id}', pathParameters: id === undefined ? null : { id }, clientId });
  const response = await handler(event as never, context());
  return { ...response, body: JSON.parse(response.body) };
};

const common = ({ uploadId, createdAt, sizeBytes }: Upload) => ({
  id: uploadId,
  contentType: 'text/plain',
  sizeBytes,
  createdAt,
});

test('an upload that nothing has come of says until when something may', async () => {
  const upload = await world.offer({ sizeBytes: 5, name: 'a.txt' });
  const { statusCode, headers, body } = await read(upload.uploadId);
  expect(statusCode).toBe(200);
  expect(headers).toMatchObject({ 'cache-control': 'no-store' });
  expect(body).toEqual({ ...common(upload), status: 'awaiting', name: 'a.txt', expiresAt: upload.uploadUntil });
});

test('one that the scanner is still at says no more than that', async () => {
  world.scanRequired = true;
  const { upload, version } = await world.upload('hello');
  await world.inspect(arrived(version));
  expect((await read(upload.uploadId)).body).toEqual({ ...common(upload), status: 'inspecting' });
});

test('a clean one has its checksum, and no address to read it from', async () => {
  const { upload, version } = await world.upload('hello');
  await world.inspect(arrived(version));
  expect((await read(upload.uploadId)).body).toEqual({
    ...common(upload),
    status: 'clean',
    decidedAt: expect.any(String),
    sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
  });
});

test('a refused one has its reasons', async () => {
  const { upload, version } = await world.upload('a\0b');
  await world.inspect(arrived(version));
  expect((await read(upload.uploadId)).body).toEqual({
    ...common(upload),
    status: 'refused',
    decidedAt: expect.any(String),
    reasons: ['not-text'],
  });
});

describe('404 for', () => {
  const notFound = { statusCode: 404, body: { type: 'urn:bulwark:problem:not-found' } };

  test.each([
    `upl_${'0'.repeat(32)}`,
    'upl_0',
    'job_00000000000000000000000000000000',
    '../../etc/passwd',
    '',
    undefined,
  ])('the id %s', async (id) => {
    expect(await read(id)).toMatchObject(notFound);
  });

  test('an id of the wrong form, without a read', async () => {
    await read('upl_XYZ');
    expect(world.cloud.steps).toEqual([]);
  });

  test('another client’s upload, with the same answer as for none', async () => {
    const { uploadId } = await world.offer({ sizeBytes: 1 });
    const others = await read(uploadId, '0000000000000000');
    expect(others).toMatchObject(notFound);
    expect(others.body).toEqual((await read(`upl_${'f'.repeat(32)}`)).body);
  });

  test('one whose record has expired and is not deleted yet', async () => {
    const upload = await world.offer({ sizeBytes: 1 });
    world.cloud.dynamodb.put(UPLOADS_TABLE, { ...upload, expiresAt: Math.floor(Date.now() / 1000) - 1 });
    expect(await read(upload.uploadId)).toMatchObject(notFound);
  });
});

test('nobody is 401', async () => {
  expect((await read(`upl_${'0'.repeat(32)}`, '')).statusCode).toBe(401);
});
