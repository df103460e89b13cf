import '../doubles/upload-environment';
import fc from 'fast-check';
import { testString } from '../../../lambda/runtime/uploads/inspection/test-string';
import type { Crash } from '../doubles/cloud';
import type { StoredVersion } from '../doubles/s3';
import { arrived, UploadWorld } from '../doubles/upload-world';
import { zip } from '../runtime/uploads/corpus';

/** Steps of the inspection of an archive: it is read twice, once as a whole and once by its directory. */
const CLEAN_STEPS = [
  'GetItem',
  'HeadObject',
  'UpdateItem',
  'GetObject',
  'GetObject',
  'UpdateItem',
  'CopyObject',
  'UpdateItem',
  'DeleteObject',
];
const REFUSED_STEPS = ['GetItem', 'HeadObject', 'UpdateItem', 'GetObject', 'UpdateItem'];

const archive = zip([{ name: 'a.txt', data: 'hello' }]);
const inArchive = { contentType: 'application/zip' } as const;

const crashesAt = (steps: readonly string[]): (Crash & { name: string })[] =>
  steps.flatMap((name, index) => [
    { name, atStep: index + 1, when: 'before' as const },
    { name, atStep: index + 1, when: 'after' as const },
  ]);

test('the steps are these', async () => {
  const world = new UploadWorld();
  const { version } = await world.upload(archive, inArchive);
  await world.inspect(arrived(version));
  expect(world.cloud.steps).toEqual(CLEAN_STEPS);
  const malware = await world.upload(testString());
  world.cloud.steps.length = 0;
  await world.inspect(arrived(malware.version));
  expect(world.cloud.steps).toEqual(REFUSED_STEPS);
});

/** At no time may anything be readable that is not the clean bytes, under a verdict that the row has. */
const expectNothingElseReadable = (world: UploadWorld, upload: { uploadId: string }, bytes: Buffer) => {
  for (const copy of world.clean()) {
    expect(copy.bytes.equals(bytes)).toBe(true);
    expect(copy.tags).toMatchObject({ verdict: 'clean' });
    expect(world.row(upload)).toMatchObject({ verdict: 'clean' });
  }
  // Whoever reads `clean` finds it.
  if (world.row(upload)?.status === 'clean') expect(world.clean().length).toBeGreaterThan(0);
};

describe('an inspector that dies over a clean upload makes it clean all the same', () => {
  test.each(crashesAt(CLEAN_STEPS))('$when the effect of step $atStep, $name', async (crash) => {
    const world = new UploadWorld();
    const { upload, version } = await world.upload(archive, inArchive);
    world.cloud.crash(crash);
    expect(await world.inspect(arrived(version))).toBe(false);
    expect(world.cloud.revive()).toBe(true);
    expectNothingElseReadable(world, upload, archive);

    expect(await world.inspect(arrived(version, 2))).toBe(true);
    expect(world.row(upload)).toMatchObject({ status: 'clean' });
    expect(world.quarantined()).toEqual([]);
    expectNothingElseReadable(world, upload, archive);
  });
});

describe('an inspector that dies over a refused upload refuses it all the same', () => {
  test.each(crashesAt(REFUSED_STEPS))('$when the effect of step $atStep, $name', async (crash) => {
    const world = new UploadWorld();
    const { upload, version } = await world.upload(testString());
    world.cloud.crash(crash);
    expect(await world.inspect(arrived(version))).toBe(false);
    expect(world.cloud.revive()).toBe(true);
    expect(await world.inspect(arrived(version, 2))).toBe(true);
    expect(world.row(upload)).toMatchObject({ status: 'refused', reasons: ['malware-signature'] });
    expect(world.clean()).toEqual([]);
    expect(world.quarantined()).toHaveLength(1);
  });
});

test('a connection that is lost in the middle decides nothing, and the next receive does', async () => {
  const world = new UploadWorld();
  const { upload, version } = await world.upload('hello '.repeat(1_000));
  let chunks = 0;
  world.s3.beforeChunk = () => {
    chunks += 1;
    if (chunks === 3) throw new Error('ECONNRESET');
  };
  expect(await world.inspect(arrived(version))).toBe(false);
  expect(world.row(upload)).toMatchObject({ status: 'inspecting' });
  expect(world.clean()).toEqual([]);
  expect(await world.inspect(arrived(version, 2))).toBe(true);
  expect(world.row(upload)).toMatchObject({ status: 'clean' });
});

test('two versions, events in any order and number, crashes anywhere: one verdict, on the version it was made for', async () => {
  const event = fc.record({
    which: fc.integer({ min: 0, max: 1 }),
    crash: fc.option(
      fc.record({
        atStep: fc.integer({ min: 1, max: 10 }),
        when: fc.constantFrom<Crash['when']>('before', 'after'),
      }),
    ),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 6 }), fc.boolean(), async (events, isGoodFirst) => {
      const world = new UploadWorld();
      const good = testString().fill('x');
      const contents = isGoodFirst ? [good, testString()] : [testString(), good];
      const { upload, version } = await world.upload(contents[0] ?? good);
      const versions: StoredVersion[] = [version, world.bring(upload, contents[1] ?? good)];
      const all = [...events, { which: 0, crash: null }, { which: 1, crash: null }];
      let decided: string | undefined;
      for (const { which, crash } of all) {
        if (crash) world.cloud.crash(crash);
        await world.inspect(arrived(versions[which] ?? version));
        world.cloud.revive();
        expectNothingElseReadable(world, upload, good);
        const { status, verdict } = world.row(upload) ?? {};
        const now = status === 'refused' ? status : verdict;
        if (decided !== undefined) expect(now).toBe(decided);
        decided = now;
      }
      const row = world.row(upload);
      const bound = versions.find(({ versionId }) => versionId === row?.versionId);
      expect(row?.status).toBe(bound?.bytes.equals(good) ? 'clean' : 'refused');
      expect(world.quarantined().length).toBe(row?.status === 'clean' ? 0 : 1);
    }),
    { numRuns: 100 },
  );
});
