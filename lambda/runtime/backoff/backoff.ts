/** The delays between calls, as an immutable list without end: the same value always goes on in the same way. */
export interface Backoff {
  /** The delay after the next failure, in whole milliseconds, and the list that begins after it. */
  next(): BackoffStep;
}

export interface BackoffStep {
  readonly delayMs: number;
  readonly next: Backoff;
}

export interface BackoffBounds {
  /** Milliseconds from which the delays grow; above 0. */
  readonly baseMs: number;
  /** Upper bound of every delay, in milliseconds; at least `baseMs`. */
  readonly capMs: number;
}

/** @throws RangeError where a bound is out of its range. */
export const checkBounds = ({ baseMs, capMs }: BackoffBounds): void => {
  if (!(baseMs > 0)) throw new RangeError(`\`baseMs\` must be > 0, got: ${baseMs}`);
  if (!(capMs >= baseMs)) throw new RangeError(`\`capMs\` must be >= \`baseMs\`, got: ${capMs}`);
};
