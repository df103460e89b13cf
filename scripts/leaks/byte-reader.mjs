/** Reads a stream by lines and by numbers of bytes, and holds no more of it than one chunk and one line. */
export class ByteReader {
  #chunks;
  #rest = Buffer.alloc(0);

  constructor(stream) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** The next line without its end; undefined at the end of the stream. */
  async line() {
    const parts = [];
    while (await this.#fill()) {
      const end = this.#rest.indexOf('\n');
      parts.push(this.#take(end < 0 ? this.#rest.length : end + 1));
      if (end >= 0) return Buffer.concat(parts).toString('utf8').slice(0, -1);
    }
    return undefined;
  }

  /** The next bytes, in chunks as they come. @throws Error where the stream ends before them */
  async *bytes(count) {
    for (let left = count; left > 0; ) {
      if (!(await this.#fill())) throw new Error(`git ended ${left} bytes before the end of an object`);
      const chunk = this.#take(Math.min(left, this.#rest.length));
      left -= chunk.length;
      yield chunk;
    }
  }

  async #fill() {
    while (this.#rest.length === 0) {
      const { value, done } = await this.#chunks.next();
      if (done) return false;
      this.#rest = value;
    }
    return true;
  }

  #take(count) {
    const taken = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(count);
    return taken;
  }
}
