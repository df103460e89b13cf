import { pipeline, Readable } from 'node:stream';
import { createGunzip, createInflateRaw } from 'node:zlib';
import { UploadRefusal } from '../../../../../lib/contract/uploads';
import { RefusedError } from '../errors';

const INFLATERS = { raw: createInflateRaw, gzip: createGunzip } as const;

const isCorrupt = (error: unknown): boolean => /^Z_/.test((error as NodeJS.ErrnoException).code ?? '');

/** Hands chunks on and counts them. It can be read to its end after a stream that was made of it has ended early. */
class Counted {
  readonly #iterator: AsyncIterator<Uint8Array>;
  bytes = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#iterator = chunks[Symbol.asyncIterator]();
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    const result = await this.#iterator.next();
    if (!result.done) this.bytes += result.value.length;
    return result;
  }

  [Symbol.asyncIterator](): Counted {
    return this;
  }

  async drain(): Promise<void> {
    for await (const _chunk of this);
  }

  async close(): Promise<void> {
    await this.#iterator.return?.();
  }
}

/**
 * What a deflated stream becomes. Whoever stops reading stops the inflating.
 * @throws RefusedError where it does not inflate, or goes on after its end; what the chunks throw, as it is
 */
export async function* inflate(
  chunks: AsyncIterable<Uint8Array>,
  format: keyof typeof INFLATERS,
): AsyncGenerator<Uint8Array> {
  const counted = new Counted(chunks);
  const inflater = INFLATERS[format]();
  // An error of either comes out of the loop.
  pipeline(Readable.from(counted, { objectMode: false }), inflater, () => undefined);
  try {
    for await (const chunk of inflater) yield chunk;
    await counted.drain();
  } catch (error) {
    throw isCorrupt(error) ? new RefusedError(UploadRefusal.ARCHIVE_CORRUPT, error) : error;
  } finally {
    inflater.destroy();
    await counted.close();
  }
  if (inflater.bytesWritten !== counted.bytes) throw new RefusedError(UploadRefusal.ARCHIVE_INCONSISTENT);
}
