import '../doubles/upload-environment';
import { createHash } from 'node:crypto';
import { testString } from '../../../lambda/runtime/uploads/inspection/test-string';
import { uploadKeyOf } from '../../../lib/contract/uploads';
import { sqsRecord } from '../doubles/events';
import { CLEAN, QUARANTINE, UPLOADS_KEY_ARN } from '../doubles/upload-environment';
import { arrived, scanned, UploadWorld } from '../doubles/upload-world';
import { png } from '../runtime/uploads/corpus';

const sha256Of = (content: Buffer | string) => createHash('sha256').update(content).digest('hex');

let world: UploadWorld;
beforeEach(() => {
  world = new UploadWorld();
});

test('a clean upload is copied with its verdict, and leaves quarantine', async () => {
  const { upload, version } = await world.upload(png(), { contentType: 'image/png', name: "Ärger (1)'s.png" });
  world.nowMs += 1_000;
  expect(await world.inspect(arrived(version))).toBe(true);

  const sha256 = sha256Of(png());
  expect(world.row(upload)).toMatchObject({
    status: 'clean',
    sha256,
    versionId: version.versionId,
    decidedAt: new Date(world.nowMs).toISOString(),
  });
  expect(world.quarantined()).toEqual([]);
  expect(world.clean()).toEqual([
    expect.objectContaining({
      bucket: CLEAN,
      key: uploadKeyOf(upload.clientId, upload.uploadId),
      bytes: png(),
      contentType: 'image/png',
      disposition: "attachment; filename*=UTF-8''%C3%84rger%20%281%29%27s.png",
      tags: { verdict: 'clean', sha256 },
      encryptedBy: UPLOADS_KEY_ARN,
    }),
  ]);
  expect(world.counted).toEqual(['UploadsClean']);
});

test('a clean text says its alphabet, and one without a name is saved without one', async () => {
  const { version } = await world.upload('hello');
  await world.inspect(arrived(version));
  expect(world.clean()).toMatchObject([{ contentType: 'text/plain; charset=utf-8', disposition: 'attachment' }]);
});

test('a refused upload stays in quarantine, with its reasons', async () => {
  const { upload, version } = await world.upload('hello', { contentType: 'image/png' });
  expect(await world.inspect(arrived(version))).toBe(true);
  expect(world.row(upload)).toMatchObject({
    status: 'refused',
    reasons: ['type-mismatch'],
    decidedAt: expect.any(String),
  });
  expect(world.row(upload)).not.toHaveProperty('verdict');
  expect(world.quarantined()).toHaveLength(1);
  expect(world.clean()).toEqual([]);
  expect(world.counted).toEqual(['UploadsRefused']);
});

test('malware is counted by itself', async () => {
  const { upload, version } = await world.upload(testString());
  await world.inspect(arrived(version));
  expect(world.row(upload)).toMatchObject({ status: 'refused', reasons: ['malware-signature'] });
  expect(world.counted).toEqual(['UploadsRefused', 'UploadsMalware']);
});

test('what S3 keeps as another type than was declared is refused', async () => {
  const { upload } = await world.upload(png(), { contentType: 'image/png' });
  const key = uploadKeyOf(upload.clientId, upload.uploadId);
  const other = world.s3.put(QUARANTINE, key, png(), 'text/html');
  world.s3.versions.shift();
  await world.inspect(arrived(other));
  expect(world.row(upload)).toMatchObject({ status: 'refused', reasons: ['type-mismatch'] });
});

describe('events that come again, late or out of order change nothing', () => {
  test('the same event three times', async () => {
    const { upload, version } = await world.upload('hello');
    for (const receives of [1, 2, 3]) expect(await world.inspect(arrived(version, receives))).toBe(true);
    expect(world.row(upload)).toMatchObject({ status: 'clean' });
    expect(world.clean()).toHaveLength(1);
  });

  test('twenty inspectors at once', async () => {
    const { upload, version } = await world.upload('hello');
    const acknowledged = await Promise.all(Array.from({ length: 20 }, () => world.inspect(arrived(version))));
    // Whoever finds the version gone while it copies is told again, and finds that all is done.
    for (const isDone of acknowledged) if (!isDone) expect(await world.inspect(arrived(version))).toBe(true);
    expect(world.row(upload)).toMatchObject({ status: 'clean', sha256: sha256Of('hello') });
    expect(world.quarantined()).toEqual([]);
    for (const copy of world.clean()) expect(copy.bytes.toString()).toBe('hello');
  });

  test('an event without a version is about the newest', async () => {
    const { upload, version } = await world.upload('hello');
    const body = JSON.parse(arrived(version).body);
    delete body.detail.object['version-id'];
    expect(await world.inspect(sqsRecord(body))).toBe(true);
    expect(world.row(upload)).toMatchObject({ status: 'clean', versionId: version.versionId });
  });

  test('an event of an upload whose row has expired', async () => {
    const { upload, version } = await world.upload('hello');
    world.cloud.dynamodb.delete('uploads', upload.uploadId);
    expect(await world.inspect(arrived(version))).toBe(true);
    expect(world.clean()).toEqual([]);
    expect(world.quarantined()).toHaveLength(1);
  });
});

describe('a form that is used twice brings one object', () => {
  test.each([
    ['in order', [0, 1]],
    ['out of order', [1, 0]],
  ])('the events %s', async (_, order) => {
    const { upload, version } = await world.upload('hello');
    const versions = [version, world.bring(upload, 'other')];
    for (const position of order) expect(await world.inspect(arrived(versions[position] ?? version))).toBe(true);
    const first = order[0] === 0 ? 'hello' : 'other';
    expect(world.row(upload)).toMatchObject({ status: 'clean', sha256: sha256Of(first) });
    expect(world.clean().map(({ bytes }) => bytes.toString())).toEqual([first]);
    expect(world.quarantined()).toEqual([]);
    expect(world.counted.filter((name) => name === 'UploadsSuperfluous')).toHaveLength(1);
  });

  test('malware that comes second is never looked at, and never kept', async () => {
    const { upload, version } = await world.upload(testString().fill('x'));
    await world.inspect(arrived(version));
    const second = world.bring(upload, testString());
    expect(await world.inspect(arrived(second))).toBe(true);
    expect(world.row(upload)).toMatchObject({ status: 'clean' });
    expect(world.clean().map(({ bytes }) => bytes.includes(testString()))).toEqual([false]);
    expect(world.quarantined()).toEqual([]);
  });

  test('a good object that comes second does not redeem a refused one', async () => {
    const { upload, version } = await world.upload(testString());
    await world.inspect(arrived(version));
    const second = world.bring(upload, testString().fill('x'));
    expect(await world.inspect(arrived(second))).toBe(true);
    expect(world.row(upload)).toMatchObject({ status: 'refused', reasons: ['malware-signature'] });
    expect(world.clean()).toEqual([]);
    expect(world.quarantined().map(({ versionId }) => versionId)).toEqual([version.versionId]);
  });

  test('an object that replaces another while that is inspected is not the one that is copied', async () => {
    const { upload, version } = await world.upload('hello');
    let isReplaced = false;
    world.s3.beforeChunk = () => {
      if (!isReplaced) world.bring(upload, 'virus');
      isReplaced = true;
    };
    expect(await world.inspect(arrived(version))).toBe(true);
    expect(world.clean().map(({ bytes }) => bytes.toString())).toEqual(['hello']);
  });
});

describe('an object that no upload is about is left alone', () => {
  test.each([
    ['another key', () => 'uploads/readme.txt'],
    ['a key above the uploads', () => 'malware-protection-resource-validation-object'],
    ['the key of an upload that was never offered', () => uploadKeyOf('abcdefgh12345678', `upl_${'f'.repeat(32)}`)],
    ['the id of an upload under another owner', (id: string) => uploadKeyOf('0000000000000000', id)],
  ])('%s', async (_, keyOf) => {
    const { upload } = await world.upload('hello');
    const stray = world.s3.put(QUARANTINE, keyOf(upload.uploadId), 'hello', 'text/plain');
    expect(await world.inspect(arrived(stray))).toBe(true);
    expect(world.row(upload)).toMatchObject({ status: 'awaiting' });
    expect(world.clean()).toEqual([]);
    expect(world.quarantined()).toHaveLength(2);
  });
});

test.each(['', 'hello', 'null', '{}', '{"detail":{}}', '{"detail":{"object":{"key":1}}}', '[]'])(
  'a message that is about no object is kept for somebody to look at: %j',
  async (body) => {
    expect(await world.inspect(sqsRecord(body))).toBe(false);
    expect(world.counted).toEqual(['UploadsUndecided']);
  },
);

test('one message that decides nothing does not hold up the other', async () => {
  const [one, other] = [await world.upload('hello'), await world.upload('there')];
  const records = [sqsRecord('nonsense'), arrived(one.version), arrived(other.version)];
  expect(await world.inspect(...records)).toBe(false);
  expect([world.row(one.upload)?.status, world.row(other.upload)?.status]).toEqual(['clean', 'clean']);
});

describe('with the malware scanner', () => {
  beforeEach(() => {
    world.scanRequired = true;
  });

  test('nothing is clean before the scanner has said so; the inspection is not made twice', async () => {
    const { upload, version } = await world.upload('hello');
    expect(await world.inspect(arrived(version))).toBe(false);
    expect(world.row(upload)).toMatchObject({ status: 'inspecting', sha256: sha256Of('hello') });
    expect(world.row(upload)).not.toHaveProperty('verdict');
    expect(world.clean()).toEqual([]);
    const readsBefore = world.cloud.steps.filter((step) => step === 'GetObject').length;

    world.scan(version, 'NO_THREATS_FOUND');
    expect(await world.inspect(scanned(version, 'NO_THREATS_FOUND'))).toBe(true);
    expect(world.row(upload)).toMatchObject({ status: 'clean', sha256: sha256Of('hello') });
    expect(world.clean()).toHaveLength(1);
    expect(world.cloud.steps.filter((step) => step === 'GetObject')).toHaveLength(readsBefore);
    expect(await world.inspect(arrived(version, 2))).toBe(true);
  });

  test('a threat refuses it, whichever event comes first', async () => {
    const { upload, version } = await world.upload('hello');
    world.scan(version, 'THREATS_FOUND');
    expect(await world.inspect(scanned(version, 'THREATS_FOUND'))).toBe(true);
    expect(await world.inspect(arrived(version))).toBe(true);
    expect(world.row(upload)).toMatchObject({ status: 'refused', reasons: ['malware'] });
    expect(world.clean()).toEqual([]);
    expect(world.counted).toEqual(['UploadsRefused', 'UploadsMalware']);
  });

  test.each(['UNSUPPORTED', 'ACCESS_DENIED', 'FAILED', 'SOMETHING_NEW', ''])(
    'the status %j decides nothing: it stays blocked, and the message comes back',
    async (status) => {
      const { upload, version } = await world.upload('hello');
      world.scan(version, status);
      expect(await world.inspect(scanned(version, status))).toBe(false);
      expect(world.row(upload)).toMatchObject({ status: 'inspecting' });
      expect(world.clean()).toEqual([]);
      expect(world.counted).toEqual(['UploadsUndecided']);
    },
  );

  test('an event that says clean is not believed without the tag', async () => {
    const { upload, version } = await world.upload('hello');
    expect(await world.inspect(scanned(version, 'NO_THREATS_FOUND'))).toBe(false);
    expect(world.row(upload)).toMatchObject({ status: 'inspecting' });
    expect(world.clean()).toEqual([]);
  });

  test('the scanner does not redeem what the inspection refuses', async () => {
    const { upload, version } = await world.upload('hello', { contentType: 'image/png' });
    world.scan(version, 'NO_THREATS_FOUND');
    await world.inspect(scanned(version, 'NO_THREATS_FOUND'));
    expect(world.row(upload)).toMatchObject({ status: 'refused', reasons: ['type-mismatch'] });
  });
});

test('no log line holds the name or the content', async () => {
  const { version } = await world.upload('the secret of the tower', { name: 'tower.txt' });
  await world.inspect(arrived(version));
  expect(world.logged.length).toBeGreaterThan(0);
  expect(JSON.stringify(world.logged)).not.toContain('tower');
});
