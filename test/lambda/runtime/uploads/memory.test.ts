import { gzipSync } from 'node:zlib';
import { inspect } from '../../../../lambda/runtime/uploads/inspection/inspect';
import type { IObjectSource } from '../../../../lambda/runtime/uploads/inspection/object-source';
import { DEFAULT_ARCHIVE_LIMITS, type UploadContentType } from '../../../../lib/contract/uploads';
import { zeros, zip } from './corpus';

const MIB = 1024 ** 2;
const CHUNK = Buffer.alloc(MIB, 'a text that goes on and on. ');

/** Bytes outside of JavaScript's heap that are in use, and on it. */
const inUse = (): number => process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;

/** A source of any size that holds one chunk of it; it notes how much memory is in use at each of its chunks. */
const watched = (size: number, front: Buffer = Buffer.alloc(0)) => {
  let most = 0;
  const note = () => {
    most = Math.max(most, inUse());
  };
  const byteAt = (start: number, end: number): Buffer => {
    const bytes = Buffer.alloc(end - start, CHUNK);
    if (start < front.length) front.copy(bytes, 0, start, Math.min(front.length, end));
    return bytes;
  };
  const source: IObjectSource = {
    size,
    async read(start, end) {
      note();
      return byteAt(start, end);
    },
    async *stream() {
      for (let at = 0; at < size; at += MIB) {
        note();
        yield at < front.length ? byteAt(at, Math.min(size, at + MIB)) : CHUNK.subarray(0, Math.min(MIB, size - at));
      }
    },
  };
  return { source, most: () => most };
};

/** Megabytes that an inspection had in use at most, above what was in use before. */
const peakOf = async (contentType: UploadContentType, size: number, front?: Buffer) => {
  const before = inUse();
  const { source, most } = watched(size, front);
  const { refusals } = await inspect(source, { contentType, sizeBytes: size }, DEFAULT_ARCHIVE_LIMITS);
  return { refusals, peakMib: Math.round((most() - before) / MIB) };
};

/** What is garbage counts as in use until it is collected: the bound leaves room for that. */
const BOUND_MIB = 150;

test('a text of a quarter of a gigabyte takes no more memory than a small one', async () => {
  const { refusals, peakMib } = await peakOf('text/plain', 256 * MIB);
  expect(refusals).toEqual([]);
  expect(peakMib).toBeLessThan(BOUND_MIB);
}, 60_000);

test('an archive of a quarter of a gigabyte without a directory', async () => {
  const { refusals, peakMib } = await peakOf(
    'application/zip',
    256 * MIB,
    zip([{ name: 'a', data: 'hello' }]).subarray(0, 40),
  );
  expect(refusals).toEqual(['archive-corrupt']);
  expect(peakMib).toBeLessThan(BOUND_MIB);
}, 60_000);

test('JSON of a quarter of a gigabyte is not parsed at all', async () => {
  const { refusals, peakMib } = await peakOf('application/json', 256 * MIB);
  expect(refusals).toEqual(['too-complex']);
  expect(peakMib).toBeLessThan(BOUND_MIB);
}, 60_000);

test('a bomb is stopped when it has become as large as is allowed, and not when it is through', async () => {
  // A hundred megabytes of zeros in each of 200 members.
  const member = gzipSync(zeros(100 * MIB));
  const bomb = Buffer.concat(Array.from({ length: 200 }, () => member));
  const before = inUse();
  let most = 0;
  const source: IObjectSource = {
    size: bomb.length,
    read: async (start, end) => bomb.subarray(start, end),
    async *stream() {
      for (let at = 0; at < bomb.length; at += 64 * 1024) {
        most = Math.max(most, inUse());
        yield bomb.subarray(at, at + 64 * 1024);
      }
    },
  };
  const claim = { contentType: 'application/gzip', sizeBytes: bomb.length } as const;
  const { refusals } = await inspect(source, claim, { ...DEFAULT_ARCHIVE_LIMITS, maxRatio: 1_032 });
  expect(refusals).toEqual(['archive-too-large']);
  expect((most - before) / MIB).toBeLessThan(BOUND_MIB);
}, 60_000);
