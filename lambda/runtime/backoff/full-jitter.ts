import type { Random } from '../clock/clock';

export interface FullJitterOptions {
  /** Upper bound of the first delay, in milliseconds; above 0. */
  readonly baseMs: number;
  /** Upper bound of every delay, in milliseconds; at least `baseMs`. */
  readonly capMs: number;
}

/**
 * Delay before the retry that follows the `attempt`-th failure (1 is the first): uniform in
 * [0, min(cap, base x 2^(attempt - 1))], in whole milliseconds. Source: Marc Brooker, "Exponential Backoff And
 * Jitter", AWS Architecture Blog, 2015.
 * @throws RangeError where `attempt`, `baseMs` or `capMs` is out of range.
 */
export const fullJitter = (attempt: number, { baseMs, capMs }: FullJitterOptions, random: Random): number => {
  if (!Number.isInteger(attempt) || attempt < 1) throw new RangeError(`\`attempt\` must be >= 1, got: ${attempt}`);
  if (!(baseMs > 0)) throw new RangeError(`\`baseMs\` must be > 0, got: ${baseMs}`);
  if (!(capMs >= baseMs)) throw new RangeError(`\`capMs\` must be >= \`baseMs\`, got: ${capMs}`);
  const ceiling = Math.min(capMs, baseMs * 2 ** (attempt - 1));
  return Math.floor(random() * (Math.floor(ceiling) + 1));
};
