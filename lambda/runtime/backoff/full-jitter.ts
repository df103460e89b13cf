import type { Random } from '../clock/clock';
import { type Backoff, type BackoffBounds, checkBounds } from './backoff';

/** `baseMs` is the upper bound of the first delay. */
export type FullJitterOptions = BackoffBounds;

/**
 * Delay before the retry that follows the `attempt`-th failure (1 is the first): uniform in
 * [0, min(cap, base x 2^(attempt - 1))], in whole milliseconds. Source: Marc Brooker, "Exponential Backoff And
 * Jitter", AWS Architecture Blog, 2015.
 * @throws RangeError where `attempt`, `baseMs` or `capMs` is out of range.
 */
export const fullJitter = (attempt: number, { baseMs, capMs }: FullJitterOptions, random: Random): number => {
  if (!Number.isInteger(attempt) || attempt < 1) throw new RangeError(`\`attempt\` must be >= 1, got: ${attempt}`);
  checkBounds({ baseMs, capMs });
  const ceiling = Math.min(capMs, baseMs * 2 ** (attempt - 1));
  return Math.floor(random() * (Math.floor(ceiling) + 1));
};

const fullJitterFrom = (attempt: number, bounds: BackoffBounds, random: Random): Backoff => ({
  next: () => ({
    delayMs: fullJitter(attempt, bounds, random),
    next: fullJitterFrom(attempt + 1, bounds, random),
  }),
});

/**
 * Delays by full jitter: the n-th is uniform in [0, min(cap, base x 2^(n - 1))]. The one to take where many clients may
 * fail at once, as it spreads them best.
 * @throws RangeError where a bound is out of its range.
 */
export const fullJitterBackoff = (bounds: BackoffBounds, random: Random = Math.random): Backoff => {
  checkBounds(bounds);
  return fullJitterFrom(1, bounds, random);
};
