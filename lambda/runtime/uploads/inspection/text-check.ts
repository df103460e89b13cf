/** What no text has: control characters but tabs, line ends and form feeds; an escape can change the alphabet of what follows. */
const CONTROLS = /(?![\t\n\f\r\x80-\x9f])\p{Cc}/u;

/** Whether a stream is UTF-8 text. */
export class TextCheck {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #isText = true;

  write(chunk: Uint8Array): void {
    this.#judge(() => this.#decoder.decode(chunk, { stream: true }));
  }

  /** The verdict, when the stream has ended: half a character at its end is no text. */
  end(): boolean {
    this.#judge(() => this.#decoder.decode());
    return this.#isText;
  }

  #judge(decode: () => string): void {
    if (!this.#isText) return;
    try {
      this.#isText = !CONTROLS.test(decode());
    } catch {
      this.#isText = false;
    }
  }
}
