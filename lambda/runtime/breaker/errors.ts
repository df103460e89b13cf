import type { Clock } from '../clock/clock';

/**
 * Thrown where the breaker lets no call through. One instance serves a whole open window, so that refusing costs no
 * stack trace; it therefore has none, and must not be changed by whoever catches it.
 */
export class BreakerOpenError extends Error {
  override readonly name = 'BreakerOpenError';
  readonly #now: Clock;

  constructor(
    /** Name of the breaker. */
    readonly breaker: string,
    /** Milliseconds since the epoch before which asking again is of no use. */
    readonly retryAt: number,
    now: Clock,
  ) {
    super(`The circuit breaker \`${breaker}\` is open.`);
    this.#now = now;
    this.stack = `${this.name}: ${this.message}`;
  }

  /** Milliseconds from now until asking again may be of use; at least 0. */
  get retryAfterMs(): number {
    return Math.max(0, this.retryAt - this.#now());
  }
}

/** Thrown by a store where too many writers came first; the breaker takes it as an unreachable store. */
export class BreakerContentionError extends Error {
  override readonly name = 'BreakerContentionError';

  constructor(breaker: string) {
    super(`Too many writers at the row of the breaker \`${breaker}\`.`);
  }
}
