import { UploadRefusal } from '../../../../../lib/contract/uploads';
import { RefusedError } from '../errors';
import { SIZES_BEHIND_DATA } from './zip-entry';

/** Bytes that a data descriptor may have: with or without a signature, with sizes of 4 or of 8 bytes. */
const DESCRIPTOR_BYTES = [12, 16, 20, 24];

interface Place {
  readonly start: number;
  readonly end: number;
  readonly hasDescriptor: boolean;
}

/** Where the entries of an archive are: one behind the other, from the first byte up to the directory. */
export class ZipLayout {
  readonly #directoryStart: number;
  readonly #places: Place[] = [];

  constructor(directoryStart: number) {
    this.#directoryStart = directoryStart;
  }

  add(start: number, end: number, flags: number): void {
    this.#places.push({ start, end, hasDescriptor: (flags & SIZES_BEHIND_DATA) !== 0 });
  }

  /**
   * That no two entries share bytes, by which a bomb makes much of little, and that none is hidden between them.
   * @throws RefusedError
   */
  check(): void {
    const places = this.#places.sort((one, other) => one.start - other.start);
    const nextStarts = [...places.slice(1).map(({ start }) => start), this.#directoryStart];
    const isTight =
      (places[0]?.start ?? this.#directoryStart) === 0 &&
      places.every(({ end, hasDescriptor }, position) => {
        const gap = (nextStarts[position] ?? 0) - end;
        return hasDescriptor ? DESCRIPTOR_BYTES.includes(gap) : gap === 0;
      });
    if (!isTight) throw new RefusedError(UploadRefusal.ARCHIVE_INCONSISTENT);
  }
}
