/**
 * Thrown where it cannot be told now whether a request is within its limits: it must not go on, and nothing says that
 * its client has asked too often. It may have been counted once.
 */
export class RateLimitUnavailableError extends Error {
  override readonly name: string = 'RateLimitUnavailableError';
}

/** Thrown where the store cannot be reached, or refuses; `cause` is its error. */
export class RateLimitStoreError extends RateLimitUnavailableError {
  override readonly name = 'RateLimitStoreError';

  constructor(cause: unknown) {
    super('The store of the rate limits does not answer.', { cause });
  }
}

/** Thrown where other requests of the same client came first each time. */
export class RateLimitContentionError extends RateLimitUnavailableError {
  override readonly name = 'RateLimitContentionError';

  constructor(readonly writes: number) {
    super(`Other requests of the client came first ${writes} times.`);
  }
}

/** Thrown where the client's newest day begins later, by this process's clock, than two clocks may differ. */
export class RateLimitClockError extends RateLimitUnavailableError {
  override readonly name = 'RateLimitClockError';

  constructor(
    readonly clientId: string,
    /** Milliseconds from now to the beginning of that day. */
    readonly aheadMs: number,
  ) {
    super(
      `The limits of the client ${clientId} are ${aheadMs} ms ahead: this clock, or the one that wrote them, is wrong.`,
    );
  }
}
