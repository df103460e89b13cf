/** One call of several, as the function that makes it sees it. */
export class Attempt {
  readonly #outer: AbortSignal | undefined;
  #controller: AbortController | undefined;
  #signal: AbortSignal | undefined;
  #reason: unknown;
  #isAborted = false;

  constructor(
    /** 1 is the first. */
    readonly number: number,
    outer: AbortSignal | undefined,
  ) {
    this.#outer = outer;
  }

  /** Aborted when the call takes too long or the caller gives up; pass it on. Made when it is first asked for. */
  get signal(): AbortSignal {
    if (this.#signal) return this.#signal;
    this.#controller = new AbortController();
    if (this.#isAborted) this.#controller.abort(this.#reason);
    const own = this.#controller.signal;
    this.#signal = this.#outer ? AbortSignal.any([this.#outer, own]) : own;
    return this.#signal;
  }

  /** @internal */
  abort(reason: unknown): void {
    this.#isAborted = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}
