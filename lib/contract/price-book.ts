/** Milliseconds by which two clocks may differ, unless told otherwise. */
export const DEFAULT_CLOCK_SKEW_MS = 300_000;

/** Costs of a million tokens of each kind, in units of 10⁻¹⁵ US dollars: exact for every price and exchange rate. */
export interface TokenCosts {
  readonly input: bigint;
  readonly output: bigint;
  readonly cacheRead: bigint;
  readonly cacheWrite: bigint;
}

/** What a model costs in US dollars from `fromMs` on, until the next step. */
export interface PriceStep {
  /** Milliseconds since the epoch. */
  readonly fromMs: number;
  readonly costs: TokenCosts;
  /** Costs of all tokens of a request with more input tokens than `aboveInputTokens`. */
  readonly longContext?: { readonly aboveInputTokens: number; readonly costs: TokenCosts };
}

/** Every price that is known: the steps of each model, and of each of its other names, in the order of their dates. */
export interface PriceBook {
  readonly models: ReadonlyMap<string, readonly PriceStep[]>;
}

/** Tokens that the provider counted, each in one of the kinds only. */
export interface TokenUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheWriteTokens: number;
  readonly cacheReadTokens: number;
}

/** The most tokens that a request can use. */
export interface TokenBounds {
  /** Input tokens of all kinds together. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /**
   * Whether the request may make the provider write input into its cache, for which some ask a surcharge. The service
   * sends no `cache_control`, without which Anthropic writes nothing.
   *
   * @default false
   */
  readonly mayWriteCache?: boolean;
}

/** Thrown where the price book does not know a model: what it costs cannot be said, and it must not be called. */
export class UnknownModelError extends Error {
  public override readonly name = 'UnknownModelError';

  constructor(public readonly model: string) {
    super(`the price book does not know the model ${model}`);
  }
}

/** Thrown where the price book knows a model, but no price of it that is in force. */
export class UnknownPriceError extends Error {
  public override readonly name = 'UnknownPriceError';

  constructor(
    public readonly model: string,
    /** Milliseconds since the epoch. */
    public readonly atMs: number,
  ) {
    super(`the price book has no price of ${model} that is in force at ${new Date(atMs).toISOString()}`);
  }
}

/** Tokens times `TokenCosts` are this many to a micro-USD: 10⁻¹⁵ US dollars for a million tokens are 10⁻²¹ for each. */
const COST_UNITS_IN_MICRO_USD = 10n ** 15n;

/**
 * The most that a request can cost, in integer micro-USD, rounded up: the highest of the prices that are in force at any
 * time from `skewMs` before `atMs` to `skewMs` after it, as the provider's clock and those of the fleet differ. No discount
 * of a cache is assumed, and the long context's price where the input may reach it. So it is at least what `priceOf` says
 * of any usage within `bounds`, under any clock within the skew.
 *
 * @throws UnknownModelError
 * @throws UnknownPriceError where no price is in force at `atMs`
 * @throws RangeError where a number is none, negative or too large to be counted
 */
export const worstCasePrice = (
  book: PriceBook,
  model: string,
  bounds: TokenBounds,
  atMs: number,
  skewMs = DEFAULT_CLOCK_SKEW_MS,
): number => {
  requireCounts({ inputTokens: bounds.inputTokens, outputTokens: bounds.outputTokens, skewMs });
  const steps = stepsOf(book, model);
  stepAt(steps, model, atMs);
  const [startMs, endMs] = [atMs - skewMs, atMs + skewMs];
  const inForce = steps.filter(
    ({ fromMs }, index) => fromMs <= endMs && (steps[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY) > startMs,
  );
  return microUsd(inForce.map((step) => mostCost(step, bounds)).reduce(larger));
};

/**
 * What a usage costs at the price in force at `atMs`, in integer micro-USD, rounded up.
 *
 * @throws UnknownModelError
 * @throws UnknownPriceError
 * @throws RangeError where a number is none, negative or too large to be counted
 */
export const priceOf = (book: PriceBook, model: string, usage: TokenUsage, atMs: number): number => {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens } = usage;
  requireCounts({ inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens });
  const { costs, longContext } = stepAt(stepsOf(book, model), model, atMs);
  const allInput = inputTokens + cacheReadTokens + cacheWriteTokens;
  const { input, output, cacheRead, cacheWrite } =
    longContext && allInput > longContext.aboveInputTokens ? longContext.costs : costs;
  return microUsd(
    BigInt(inputTokens) * input +
      BigInt(outputTokens) * output +
      BigInt(cacheReadTokens) * cacheRead +
      BigInt(cacheWriteTokens) * cacheWrite,
  );
};

const stepsOf = ({ models }: PriceBook, model: string): readonly PriceStep[] => {
  const steps = models.get(model);
  if (!steps) throw new UnknownModelError(model);
  return steps;
};

/** Latest time of which a `Date` knows the name, in milliseconds since the epoch. */
const LATEST_MS = 8.64e15;

const stepAt = (steps: readonly PriceStep[], model: string, atMs: number): PriceStep => {
  if (!(Math.abs(atMs) <= LATEST_MS)) throw new RangeError(`\`atMs\` must be a time, got: ${atMs}`);
  const step = steps.findLast(({ fromMs }) => fromMs <= atMs);
  if (!step) throw new UnknownPriceError(model, atMs);
  return step;
};

/** The most at one step. A long context may be the cheaper one: then a request just below it costs the most. */
const mostCost = ({ costs, longContext }: PriceStep, bounds: TokenBounds): bigint => {
  if (!longContext || bounds.inputTokens <= longContext.aboveInputTokens) return boundedCost(costs, bounds);
  const short = { ...bounds, inputTokens: longContext.aboveInputTokens };
  return larger(boundedCost(costs, short), boundedCost(longContext.costs, bounds));
};

const boundedCost = (
  { input, output, cacheRead, cacheWrite }: TokenCosts,
  { inputTokens, outputTokens, mayWriteCache }: TokenBounds,
): bigint => {
  const kinds = mayWriteCache ? [cacheRead, cacheWrite] : [cacheRead];
  return BigInt(inputTokens) * kinds.reduce(larger, input) + BigInt(outputTokens) * output;
};

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);

const microUsd = (cost: bigint): number => {
  const rounded = Number((cost + COST_UNITS_IN_MICRO_USD - 1n) / COST_UNITS_IN_MICRO_USD);
  if (!Number.isSafeInteger(rounded)) throw new RangeError('the price is too large to be counted');
  return rounded;
};

const requireCounts = (counts: Readonly<Record<string, number>>): void => {
  for (const [name, count] of Object.entries(counts)) {
    if (!Number.isSafeInteger(count) || count < 0) {
      throw new RangeError(`\`${name}\` must be a whole number, 0 or more, got: ${count}`);
    }
  }
};
