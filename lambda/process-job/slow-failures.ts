import { BREAKER_DEFAULTS } from '../runtime/breaker/breaker-options';

/** Failures in a row, each of them slow, at which the upstream counts as hanging. */
const MOST = 3;

/**
 * Milliseconds from which on a failed call is slow: calls that take longer, one after another, never come to the
 * breaker's number of failures within its window.
 */
const SLOW_MS = BREAKER_DEFAULTS.windowMs / BREAKER_DEFAULTS.failures;

/**
 * Counts the calls that failed slowly in one process: what the breaker's rolling window cannot see of an upstream that
 * takes calls and does not answer them.
 */
export class SlowFailures {
  #inARow = 0;

  /** The upstream has answered a call as it should. */
  served(): void {
    this.#inARow = 0;
  }

  /** A call has failed after `durationMs`; answers whether the upstream counts as hanging, and begins anew. */
  failed(durationMs: number): boolean {
    if (durationMs < SLOW_MS) return false;
    this.#inARow += 1;
    if (this.#inARow < MOST) return false;
    this.#inARow = 0;
    return true;
  }
}
