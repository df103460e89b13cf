/** Tokens are counted in millionths: a sum of tenths as floating point numbers would drift below the whole. */
const PARTS = 1_000_000;

export const RETRY_BUDGET_DEFAULTS = { ratio: 0.1, reserve: 3, most: 100 } as const;

export interface RetryBudgetOptions {
  /** Retries allowed per first call in the long run; in [0, 1]. @default 0.1 */
  readonly ratio?: number;
  /** Retries allowed before any call has earned one, so that a young process can retry at all; >= 0. @default 3 */
  readonly reserve?: number;
  /** Most retries that may be saved up; at least `reserve`. @default - the larger of 100 and `reserve` */
  readonly most?: number;
}

/**
 * Keeps retries below a share of the calls, whatever fails: of n first calls at most `reserve + ratio x n` retries are
 * made. One is shared by all policies of a process that call the same upstream. Time does not refill it: an upstream
 * that gets no calls needs no retries.
 */
export class RetryBudget {
  readonly #earned: number;
  readonly #most: number;
  #parts: number;

  /** @throws RangeError where an option is out of its range. */
  constructor(options: RetryBudgetOptions = {}) {
    const { ratio = RETRY_BUDGET_DEFAULTS.ratio, reserve = RETRY_BUDGET_DEFAULTS.reserve } = options;
    const { most = Math.max(RETRY_BUDGET_DEFAULTS.most, reserve) } = options;
    if (!(ratio >= 0 && ratio <= 1)) throw new RangeError(`\`ratio\` must be >= 0 and <= 1, got: ${ratio}`);
    if (!(reserve >= 0)) throw new RangeError(`\`reserve\` must be >= 0, got: ${reserve}`);
    if (!(most >= reserve)) throw new RangeError(`\`most\` must be >= \`reserve\`, got: ${most}`);
    this.#earned = Math.floor(ratio * PARTS);
    this.#most = Math.floor(most * PARTS);
    this.#parts = Math.floor(reserve * PARTS);
  }

  /** A first call is made. */
  earn(): void {
    this.#parts = Math.min(this.#most, this.#parts + this.#earned);
  }

  /** Asks for one retry; false where there is none left. */
  spend(): boolean {
    if (this.#parts < PARTS) return false;
    this.#parts -= PARTS;
    return true;
  }

  /** Retries that may be made now, in fractions. */
  get left(): number {
    return this.#parts / PARTS;
  }
}
