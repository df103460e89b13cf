import { type Clock, systemClock } from '../clock/clock';
import type { IConcurrencyLimit } from './bulkhead';

export const ADAPTIVE_DEFAULTS = { min: 1, windowMs: 1_000, decrease: 0.5 } as const;

export interface AdaptiveConcurrencyOptions {
  /** Lower bound of the limit; an integer >= 1. @default 1 */
  readonly min?: number;
  /** Upper bound of the limit; an integer, at least `min`. */
  readonly max: number;
  /** Limit to begin with; within the bounds. @default - `max` */
  readonly initial?: number;
  /** Milliseconds within which the limit moves once at most; > 0. @default 1000 */
  readonly windowMs?: number;
  /** Whether an error says that there are too many calls, such as a 429 or a 529. */
  readonly isOverload: (error: unknown) => boolean;
  /** @default - the system's clock */
  readonly now?: Clock;
}

/**
 * Finds how many calls an upstream takes at a time: one more after each window without overload in which the limit was
 * reached, half as many when it says that there are too many, once a window at most, as the calls that were under way
 * by then say the same. Source: additive increase, multiplicative decrease, as TCP does (RFC 5681, sections 3.1 and 4.1).
 */
export class AdaptiveConcurrency implements IConcurrencyLimit {
  readonly #min: number;
  readonly #max: number;
  readonly #windowMs: number;
  readonly #isOverload: (error: unknown) => boolean;
  readonly #now: Clock;
  #current: number;
  #windowEndsAt: number;
  #wasReached = false;
  #hasDecreased = false;

  /** @throws RangeError where an option is out of its range. */
  constructor(options: AdaptiveConcurrencyOptions) {
    const { min = ADAPTIVE_DEFAULTS.min, max, windowMs = ADAPTIVE_DEFAULTS.windowMs, now = systemClock } = options;
    const { initial = max } = options;
    if (!Number.isInteger(min) || min < 1) throw new RangeError(`\`min\` must be an integer >= 1, got: ${min}`);
    if (!Number.isInteger(max) || max < min) throw new RangeError(`\`max\` must be an integer >= \`min\`, got: ${max}`);
    if (!Number.isInteger(initial) || initial < min || initial > max) {
      throw new RangeError(`\`initial\` must be an integer within the bounds, got: ${initial}`);
    }
    if (!(windowMs > 0)) throw new RangeError(`\`windowMs\` must be > 0, got: ${windowMs}`);
    this.#min = min;
    this.#max = max;
    this.#windowMs = windowMs;
    this.#isOverload = options.isOverload;
    this.#now = now;
    this.#current = initial;
    this.#windowEndsAt = now() + windowMs;
  }

  get current(): number {
    return this.#current;
  }

  succeeded(running: number): void {
    if (running >= this.#current) this.#wasReached = true;
    const nowMs = this.#now();
    if (nowMs < this.#windowEndsAt) return;
    if (this.#wasReached && this.#current < this.#max) this.#current += 1;
    this.#beginWindow(nowMs);
  }

  failed(error: unknown): void {
    const nowMs = this.#now();
    if (!this.#isOverload(error) || (this.#hasDecreased && nowMs < this.#windowEndsAt)) return;
    this.#current = Math.max(this.#min, Math.floor(this.#current * ADAPTIVE_DEFAULTS.decrease));
    this.#beginWindow(nowMs);
    this.#hasDecreased = true;
  }

  #beginWindow(nowMs: number): void {
    this.#windowEndsAt = nowMs + this.#windowMs;
    this.#wasReached = false;
    this.#hasDecreased = false;
  }
}
