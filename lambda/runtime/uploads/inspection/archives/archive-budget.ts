import { type UploadArchiveLimits, UploadRefusal } from '../../../../../lib/contract/uploads';
import { RefusedError } from '../errors';

/** Inflated bytes below which a ratio says nothing. */
const RATIO_FLOOR_BYTES = 1024 ** 2;

/** Most bytes of archives within archives that are held in memory, all levels together. */
export const MAX_HELD_BYTES = 32 * 1024 ** 2;

/** What is left of an archive's limits, over all of its levels. Each method refuses what goes beyond them. */
export class ArchiveBudget {
  readonly #limits: UploadArchiveLimits;
  readonly #archiveSize: number;
  #inflated = 0;
  #entries = 0;
  #held = 0;

  constructor(limits: UploadArchiveLimits, archiveSize: number) {
    this.#limits = limits;
    this.#archiveSize = archiveSize;
  }

  /** Begins an archive on this level; 1 is the upload itself. @throws RefusedError */
  enter(level: number): void {
    if (level > this.#limits.maxDepth) throw new RefusedError(UploadRefusal.ARCHIVE_TOO_DEEP);
  }

  /** Begins one more entry. @throws RefusedError */
  countEntry(): void {
    this.#entries += 1;
    if (this.#entries > this.#limits.maxEntries) throw new RefusedError(UploadRefusal.ARCHIVE_TOO_MANY_ENTRIES);
  }

  /** Refuses beforehand what would not fit if an entry became as large as it says. @throws RefusedError */
  expect(bytes: number): void {
    this.#check(this.#inflated + bytes);
  }

  /** Counts bytes that something became. @throws RefusedError */
  inflate(bytes: number): void {
    this.#inflated += bytes;
    this.#check(this.#inflated);
  }

  /** Counts bytes that are held in memory. @throws RefusedError */
  hold(bytes: number): void {
    this.#held += bytes;
    if (this.#held > MAX_HELD_BYTES) throw new RefusedError(UploadRefusal.ARCHIVE_TOO_LARGE);
  }

  release(bytes: number): void {
    this.#held -= bytes;
  }

  #check(inflated: number): void {
    if (inflated > RATIO_FLOOR_BYTES && inflated > this.#limits.maxRatio * this.#archiveSize) {
      throw new RefusedError(UploadRefusal.ARCHIVE_RATIO);
    }
    if (inflated > this.#limits.maxInflatedBytes) throw new RefusedError(UploadRefusal.ARCHIVE_TOO_LARGE);
  }
}
