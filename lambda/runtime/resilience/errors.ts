/** Thrown where a call did not end in time; the signal that it was given is aborted with this. */
export class CallTimeoutError extends Error {
  override readonly name = 'CallTimeoutError';

  constructor(
    /** Milliseconds that the call had. */
    readonly timeoutMs: number,
  ) {
    super(`The call did not end within ${timeoutMs} ms.`);
  }
}
