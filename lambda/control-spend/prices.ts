import type { PriceBook, PriceStep, TokenCosts } from '../../lib/contract/price-book';
import type { ModelPricesReport, PriceStepReport, TokenPriceReport } from '../../lib/contract/spend-control';

/** Decimals of the units in which a price book counts. */
const DECIMALS = 15;

/** One token of each kind, in micro-USD: 10⁻¹⁵ US dollars for a million tokens are 10⁻¹⁵ micro-USD for one. */
const UNITS_IN_MICRO_USD = 10n ** 15n;

const inForceAt = (steps: readonly PriceStep[], nowMs: number): PriceStep | undefined =>
  steps.findLast(({ fromMs }) => fromMs <= nowMs);

/**
 * Micro-USD of the cheapest request that there can be: one token in and one out, of the model whose price in force is
 * the lowest; rounded up, and at least 1. Where no price is in force it is 1: then nothing can be asked for anyway.
 */
export const cheapestRequest = ({ models }: PriceBook, nowMs: number): number => {
  const costs = [...models.values()]
    .flatMap((steps) => inForceAt(steps, nowMs) ?? [])
    .map(({ costs: { input, output } }) => Number((input + output + UNITS_IN_MICRO_USD - 1n) / UNITS_IN_MICRO_USD));
  return Math.max(1, costs.length > 0 ? Math.min(...costs) : 1);
};

/** Dollars as a decimal number without a trailing zero. */
const decimal = (units: bigint): string => {
  const digits = String(units).padStart(DECIMALS + 1, '0');
  return `${digits.slice(0, -DECIMALS)}.${digits.slice(-DECIMALS)}`.replace(/\.?0+$/, '');
};

const tokenPrices = ({ input, output, cacheRead, cacheWrite }: TokenCosts): TokenPriceReport => ({
  input: decimal(input),
  output: decimal(output),
  cacheRead: decimal(cacheRead),
  cacheWrite: decimal(cacheWrite),
});

const stepReport = ({ fromMs, costs, longContext }: PriceStep): PriceStepReport => ({
  validFrom: new Date(fromMs).toISOString(),
  ...tokenPrices(costs),
  ...(longContext && {
    longContext: { aboveInputTokens: longContext.aboveInputTokens, ...tokenPrices(longContext.costs) },
  }),
});

/** What each model costs now, and what it costs next, by the names of the models. */
export const pricesReport = ({ models }: PriceBook, nowMs: number): ModelPricesReport[] =>
  [...models]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([model, steps]) => {
      const now = inForceAt(steps, nowMs);
      const next = steps.find(({ fromMs }) => fromMs > nowMs);
      return { model, ...(now && { now: stepReport(now) }), ...(next && { next: stepReport(next) }) };
    });
