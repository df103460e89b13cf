import * as yauzl from 'yauzl';
import { UploadRefusal } from '../../../../../lib/contract/uploads';
import { RefusedError } from '../errors';
import { chunksOf, type IObjectSource } from '../object-source';
import type { ArchiveBudget } from './archive-budget';
import { END_RECORD_WINDOW, hasTwoEnds } from './end-record';
import { inflate } from './inflate';
import { checkEntry, checkHeaders } from './zip-entry';
import { ZipLayout } from './zip-layout';
import { ZipReader } from './zip-reader';

const STORED = 0;

/** What may follow the directory: its end record, or that of an archive of more than 4 GB. */
const END_SIGNATURES = ['PK\x05\x06', 'PK\x06\x06'];

/** What an entry turned out to be. */
export interface Content {
  readonly bytes: number;
  readonly crc32: number;
}

export interface ZipInspection {
  readonly budget: ArchiveBudget;
  /** Inspects what an entry holds. @throws RefusedError */
  readonly inspectEntry: (chunks: AsyncIterable<Uint8Array>) => Promise<Content>;
}

/**
 * Inspects a ZIP archive as both kinds of readers see it: those that follow its directory and those that read it from the
 * front must find the same entries, and nothing in between.
 * @throws RefusedError with the first thing that is wrong; what the source throws, as it is
 */
export const inspectZip = async (source: IObjectSource, inspection: ZipInspection): Promise<void> => {
  const tail = Buffer.from(await source.read(Math.max(0, source.size - END_RECORD_WINDOW), source.size));
  if (hasTwoEnds(tail)) throw new RefusedError(UploadRefusal.ARCHIVE_INCONSISTENT);
  const reader = new ZipReader(source);
  const zip = await reader.settle(
    yauzl.fromRandomAccessReaderPromise(reader, source.size, { decodeStrings: false, autoClose: false }),
  );
  const layout = new ZipLayout(Number(zip.readEntryCursor));
  const names = new Set<string>();
  const entries = zip.eachEntry();
  for (;;) {
    const { value: entry, done } = await reader.settle(entries.next());
    if (done) break;
    inspection.budget.countEntry();
    const name = checkEntry(entry);
    // Of two entries of one name, each reader takes another.
    if (names.has(name)) throw new RefusedError(UploadRefusal.ARCHIVE_INCONSISTENT);
    names.add(name);
    await inspectEntry(source, entry, await reader.settle(zip.readLocalFileHeaderPromise(entry)), layout, inspection);
  }
  layout.check();
  // Some readers go on for as long as there are records, whatever the count of them says.
  const end = Number(zip.readEntryCursor);
  const behind = Buffer.from(await source.read(end, Math.min(source.size, end + 4))).toString('latin1');
  if (!END_SIGNATURES.includes(behind)) throw new RefusedError(UploadRefusal.ARCHIVE_INCONSISTENT);
};

const inspectEntry = async (
  source: IObjectSource,
  entry: yauzl.Entry,
  local: yauzl.LocalFileHeader,
  layout: ZipLayout,
  { budget, inspectEntry: inspectContent }: ZipInspection,
): Promise<void> => {
  checkHeaders(entry, local);
  budget.expect(entry.uncompressedSize);
  const { fileDataStart } = local;
  const end = fileDataStart + entry.compressedSize;
  layout.add(entry.relativeOffsetOfLocalHeader, end, entry.generalPurposeBitFlag);
  const packed = chunksOf(source, fileDataStart, end);
  const content = await inspectContent(entry.compressionMethod === STORED ? packed : inflate(packed, 'raw'));
  if (content.bytes !== entry.uncompressedSize || content.crc32 !== entry.crc32) {
    throw new RefusedError(UploadRefusal.ARCHIVE_INCONSISTENT);
  }
};
