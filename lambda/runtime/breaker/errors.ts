import type { Clock } from '../clock/clock';

export interface Refusal {
  /** Name of the breaker. */
  readonly breaker: string;
  /** Milliseconds since the epoch before which asking again is of no use. */
  readonly retryAt: number;
  /** Lower bound of `retryAfterMs`, so that nobody asks in a tight loop. */
  readonly leastMs: number;
}

/**
 * Thrown where the breaker lets no call through. One instance serves a whole open window, so that refusing costs no
 * stack trace; it therefore has none, and whoever catches it must not change it.
 */
export class BreakerOpenError extends Error {
  override readonly name = 'BreakerOpenError';
  readonly breaker: string;
  readonly retryAt: number;
  readonly #leastMs: number;
  readonly #now: Clock;

  constructor({ breaker, retryAt, leastMs }: Refusal, now: Clock) {
    super(`The circuit breaker \`${breaker}\` is open.`);
    this.breaker = breaker;
    this.retryAt = retryAt;
    this.#leastMs = leastMs;
    this.#now = now;
    this.stack = `${this.name}: ${this.message}`;
  }

  /** Milliseconds from now until asking again may be of use; above 0. */
  get retryAfterMs(): number {
    return Math.max(this.#leastMs, this.retryAt - this.#now());
  }
}

/** Thrown by a store where too many writers came first; the breaker takes it as an unreachable store. */
export class BreakerContentionError extends Error {
  override readonly name = 'BreakerContentionError';

  constructor(breaker: string) {
    super(`Too many writers at the row of the breaker \`${breaker}\`.`);
  }
}

/** What a breaker takes a call of its store for that did not end in time. */
export class BreakerStoreTimeoutError extends Error {
  override readonly name = 'BreakerStoreTimeoutError';

  constructor(breaker: string, timeoutMs: number) {
    super(`The store of the breaker \`${breaker}\` did not answer within ${timeoutMs} ms.`);
  }
}
