/** Keeps the first bytes of a stream. */
export class HeadWindow {
  readonly #buffer: Buffer;
  #length = 0;

  constructor(size: number) {
    this.#buffer = Buffer.alloc(size);
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  write(chunk: Uint8Array): void {
    const part = chunk.subarray(0, this.#buffer.length - this.#length);
    this.#buffer.set(part, this.#length);
    this.#length += part.length;
  }
}

/** Keeps the last bytes of a stream. */
export class TailWindow {
  readonly #ring: Buffer;
  #written = 0;

  constructor(size: number) {
    this.#ring = Buffer.alloc(size);
  }

  /** A copy, in order. */
  get bytes(): Buffer {
    const size = this.#ring.length;
    if (this.#written <= size) return Buffer.from(this.#ring.subarray(0, this.#written));
    const border = this.#written % size;
    return Buffer.concat([this.#ring.subarray(border), this.#ring.subarray(0, border)]);
  }

  write(chunk: Uint8Array): void {
    const size = this.#ring.length;
    const newest = chunk.subarray(Math.max(0, chunk.length - size));
    const at = (this.#written + chunk.length - newest.length) % size;
    const before = newest.subarray(0, size - at);
    this.#ring.set(before, at);
    this.#ring.set(newest.subarray(before.length), 0);
    this.#written += chunk.length;
  }
}
