/** Looks for bytes in a stream, also across the borders of its chunks. Keeps no more than the needle's length. */
export class ByteSearch {
  readonly #needle: Buffer;
  #carry = Buffer.alloc(0);
  #found = false;

  constructor(needle: Uint8Array) {
    this.#needle = Buffer.from(needle);
  }

  get found(): boolean {
    return this.#found;
  }

  write(chunk: Uint8Array): void {
    if (this.#found) return;
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const overlap = this.#needle.length - 1;
    const border = Buffer.concat([this.#carry, bytes.subarray(0, overlap)]);
    this.#found = border.includes(this.#needle) || bytes.includes(this.#needle);
    // Of a chunk that is shorter than the needle, the border is all there is.
    const newest = bytes.length >= overlap ? bytes : border;
    this.#carry = Buffer.from(newest.subarray(Math.max(0, newest.length - overlap)));
  }
}
