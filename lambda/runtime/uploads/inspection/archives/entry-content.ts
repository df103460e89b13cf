import { crc32 } from 'node:zlib';
import { UploadRefusal } from '../../../../../lib/contract/uploads';
import { ByteSearch } from '../byte-search';
import { detectType, isGzip } from '../detected-type';
import { RefusedError } from '../errors';
import { BufferSource } from '../object-source';
import { testString } from '../test-string';
import { HeadWindow, TailWindow } from '../windows';
import type { ArchiveBudget } from './archive-budget';
import { END_RECORD_WINDOW, endsLikeZip } from './end-record';
import { inflate } from './inflate';
import { type Content, inspectZip } from './zip';

/** Bytes by which a type is told; file-type's own advice. */
const HEAD_BYTES = 4_100;

/** Archives that are not looked into. */
const UNSUPPORTED =
  /^application\/(x-7z-compressed|x-rar-compressed|x-xz|x-bzip2|zstd|lzip|x-lzh-compressed|vnd\.ms-cab-compressed|x-arj|x-ace-compressed|x-tar|x-compress|x-cpio|x-unix-archive|x-rpm|x-deb|x-lz4|x-iso9660-image|x-apple-diskimage)$/;

const ZIP_SIGNATURES = ['PK\x03\x04', 'PK\x05\x06'];
const isZip = (head: Buffer): boolean => ZIP_SIGNATURES.includes(head.toString('latin1', 0, 4));

/** Sees every byte of one place pass. */
class EntryWatch {
  readonly #budget: ArchiveBudget;
  readonly #search = new ByteSearch(testString());
  readonly #tail = new TailWindow(END_RECORD_WINDOW);
  bytes = 0;
  crc32 = 0;

  constructor(budget: ArchiveBudget) {
    this.#budget = budget;
  }

  /** The same chunks. @throws RefusedError at the first one that goes beyond the budget, or completes malware */
  async *through(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.#budget.inflate(chunk.length);
      this.bytes += chunk.length;
      this.crc32 = crc32(chunk, this.crc32);
      this.#tail.write(chunk);
      this.#search.write(chunk);
      if (this.#search.found) throw new RefusedError(UploadRefusal.MALWARE_SIGNATURE);
      yield chunk;
    }
  }

  get endsLikeZip(): boolean {
    return endsLikeZip(this.#tail.bytes, this.bytes);
  }
}

/**
 * Inspects what an archive of this level holds in one place, archives in it included.
 * @throws RefusedError with the first thing that is wrong
 */
export const inspectContent = async (
  chunks: AsyncIterable<Uint8Array>,
  budget: ArchiveBudget,
  level: number,
): Promise<Content> => {
  const watch = new EntryWatch(budget);
  const watched = watch.through(chunks);
  try {
    const { head, all } = await peek(watched);
    await inspectByHead(head, all, budget, level);
    if (!isZip(head) && watch.endsLikeZip) throw new RefusedError(UploadRefusal.POLYGLOT);
  } finally {
    // Whatever is left unread holds a connection.
    await watched.return(undefined);
  }
  return { bytes: watch.bytes, crc32: watch.crc32 };
};

const inspectByHead = async (
  head: Buffer,
  all: AsyncIterable<Uint8Array>,
  budget: ArchiveBudget,
  level: number,
): Promise<void> => {
  if (isZip(head)) {
    budget.enter(level + 1);
    await inspectHeld(all, budget, level + 1);
  } else if (isGzip(head)) {
    budget.enter(level + 1);
    await inspectContent(inflate(all, 'gzip'), budget, level + 1);
  } else {
    if (UNSUPPORTED.test((await detectType(head)) ?? '')) throw new RefusedError(UploadRefusal.ARCHIVE_UNSUPPORTED);
    for await (const _chunk of all);
  }
};

/** The first bytes, and all of them. */
const peek = async (chunks: AsyncGenerator<Uint8Array>) => {
  const head = new HeadWindow(HEAD_BYTES);
  const seen: Uint8Array[] = [];
  while (head.bytes.length < HEAD_BYTES) {
    const { value, done } = await chunks.next();
    if (done) break;
    seen.push(value);
    head.write(value);
  }
  const all = async function* () {
    yield* seen.splice(0);
    yield* chunks;
  };
  return { head: head.bytes, all: all() };
};

/** An archive's directory is at its end, so that an archive within another is held in memory. */
const inspectHeld = async (chunks: AsyncIterable<Uint8Array>, budget: ArchiveBudget, level: number): Promise<void> => {
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of chunks) {
      size += chunk.length;
      budget.hold(chunk.length);
      parts.push(chunk);
    }
    const source = new BufferSource(Buffer.concat(parts.splice(0)));
    await inspectZip(source, { budget, inspectEntry: (entry) => inspectContent(entry, budget, level) });
  } finally {
    budget.release(size);
  }
};
