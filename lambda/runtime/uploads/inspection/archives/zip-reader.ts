import { RandomAccessReader } from 'yauzl';
import { UploadRefusal } from '../../../../../lib/contract/uploads';
import { RefusedError } from '../errors';
import type { IObjectSource } from '../object-source';

type ReadCallback = (error: Error | null, bytesRead?: number) => void;

/** Lets yauzl read a source, and tells a source that fails from an archive that is wrong. */
export class ZipReader extends RandomAccessReader {
  readonly #source: IObjectSource;
  #failure: Error | undefined;

  constructor(source: IObjectSource) {
    super();
    this.#source = source;
  }

  override read(buffer: Buffer, offset: number, length: number, position: number, callback: ReadCallback): void {
    // An archive may name any place: one beyond its end is its own fault.
    if (position + length > this.#source.size) {
      setImmediate(callback, new Error('The archive refers to bytes beyond its end.'));
      return;
    }
    this.#source.read(position, position + length).then(
      (bytes) => {
        buffer.set(bytes, offset);
        callback(null, bytes.length);
      },
      (error: Error) => {
        this.#failure = error;
        callback(error);
      },
    );
  }

  override close(callback: (error: Error | null) => void): void {
    setImmediate(callback, null);
  }

  /**
   * Waits for an answer of yauzl.
   * @throws RefusedError where the archive is wrong; what the source threw, where it failed
   */
  async settle<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      if (this.#failure) throw this.#failure;
      const isEncrypted = /encrypt/.test((error as Error).message);
      throw new RefusedError(isEncrypted ? UploadRefusal.ARCHIVE_ENCRYPTED : UploadRefusal.ARCHIVE_CORRUPT, error);
    }
  }
}
