/** The bytes of one version of an object, which never change. */
export interface IObjectSource {
  readonly size: number;
  /** Every byte from the first one on, in chunks; ends early where the connection does. */
  stream(): AsyncIterable<Uint8Array>;
  /** The bytes from `start` up to but excluding `end`, of which there are as many. */
  read(start: number, end: number): Promise<Uint8Array>;
}

/** Bytes in memory as a source. */
export class BufferSource implements IObjectSource {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#bytes.length;
  }

  async *stream(): AsyncGenerator<Uint8Array> {
    if (this.size > 0) yield this.#bytes;
  }

  async read(start: number, end: number): Promise<Uint8Array> {
    return this.#bytes.subarray(start, end);
  }
}

const BLOCK_BYTES = 1024 ** 2;
const MOST_BLOCKS = 4;

/**
 * Reads in blocks and keeps the newest of them, so that many small reads near each other, as of an archive's directory,
 * are few requests. Memory stays at 4 MiB whatever the size.
 */
export class BlockSource implements IObjectSource {
  readonly #source: IObjectSource;
  readonly #blocks = new Map<number, Promise<Uint8Array>>();

  constructor(source: IObjectSource) {
    this.#source = source;
  }

  get size(): number {
    return this.#source.size;
  }

  stream(): AsyncIterable<Uint8Array> {
    return this.#source.stream();
  }

  async read(start: number, end: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for (let at = start; at < end; ) {
      const number = Math.floor(at / BLOCK_BYTES);
      const block = await this.#block(number);
      const from = at - number * BLOCK_BYTES;
      const part = block.subarray(from, Math.min(block.length, from + end - at));
      if (part.length === 0) throw new RangeError('The object has no such bytes.');
      parts.push(part);
      at += part.length;
    }
    return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
  }

  #block(number: number): Promise<Uint8Array> {
    const known = this.#blocks.get(number);
    if (known !== undefined) return known;
    const oldest = this.#blocks.keys().next();
    if (this.#blocks.size >= MOST_BLOCKS && !oldest.done) this.#blocks.delete(oldest.value);
    const start = number * BLOCK_BYTES;
    const block = this.#source.read(start, Math.min(this.size, start + BLOCK_BYTES));
    this.#blocks.set(number, block);
    return block;
  }
}

/** The bytes of a part of the source, in chunks. */
export async function* chunksOf(source: IObjectSource, start: number, end: number): AsyncGenerator<Uint8Array> {
  for (let at = start; at < end; at += BLOCK_BYTES) yield await source.read(at, Math.min(end, at + BLOCK_BYTES));
}
