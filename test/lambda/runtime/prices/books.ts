import fc from 'fast-check';
import type { TokenBounds, TokenUsage } from '../../../../lib/contract/price-book';
import type {
  ExchangeRate,
  ModelPrice,
  PriceBookDocument,
  TokenPrices,
} from '../../../../lib/contract/price-book-document';

export const MINUTE = 60_000;

/** Where the time of these tests begins. */
export const START = Date.parse('2026-06-01T00:00:00Z');

export const at = (minutes: number): string => new Date(START + minutes * MINUTE).toISOString();

/** One price in US dollars from the start on. */
export const price = (changes: Partial<ModelPrice> = {}): ModelPrice => ({
  validFrom: at(0),
  input: '3',
  output: '15',
  cacheRead: '0.3',
  cacheWrite: '3.75',
  ...changes,
});

export const bookOf = (...prices: ModelPrice[]): PriceBookDocument => ({ models: { m: prices } });

export const LONG = { aboveInputTokens: 1_000, input: '6', output: '22.5', cacheRead: '0.6', cacheWrite: '7.5' };

const decimal = (decimals: number, most: number) =>
  fc
    .tuple(fc.nat(most), fc.nat(10 ** decimals - 1))
    .map(([whole, fraction]) =>
      `${whole}.${String(fraction).padStart(decimals, '0')}`.replace(/0+$/, '').replace(/\.$/, ''),
    );

const tokenPrices: fc.Arbitrary<TokenPrices> = fc
  .record({
    input: decimal(6, 200),
    output: decimal(6, 200),
    cacheRead: decimal(6, 200),
    cacheWrite: decimal(6, 200),
  })
  .filter(({ input, output }) => input !== '0' || output !== '0');

/** Minutes in the order of time, so close to each other that a few minutes' skew reaches over several. */
const minutes = fc
  .uniqueArray(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 4 })
  .map((list) => list.sort((a, b) => a - b));

const longContext = fc
  .tuple(fc.integer({ min: 1, max: 2_000 }), tokenPrices)
  .map(([aboveInputTokens, prices]) => ({ aboveInputTokens, ...prices }));

const modelPrices: fc.Arbitrary<ModelPrice[]> = minutes.chain((dates) =>
  fc.tuple(
    ...dates.map((minute) =>
      fc
        .record({
          prices: tokenPrices,
          long: fc.option(longContext, { nil: undefined }),
          currency: fc.constantFrom(undefined, 'USD', 'EUR'),
        })
        .map(({ prices, long, currency }) => ({
          validFrom: at(minute),
          ...prices,
          ...(long && { longContext: long }),
          ...(currency && { currency }),
        })),
    ),
  ),
);

/** The first rate is older than every price, so that none is missing. */
const rates: fc.Arbitrary<ExchangeRate[]> = minutes.chain((dates) =>
  fc
    .array(decimal(9, 2), { minLength: dates.length + 1, maxLength: dates.length + 1 })
    .filter((values) => !values.includes('0'))
    .map((values) => [-60, ...dates].map((minute, index) => ({ validFrom: at(minute), usd: values[index] ?? '1' }))),
);

/** Price books with one model `m`, dated prices in two currencies and rates that change meanwhile. */
export const documents: fc.Arbitrary<PriceBookDocument> = fc
  .record({ m: modelPrices, EUR: rates })
  .map(({ m, EUR }) => ({ models: { m }, exchangeRates: { EUR } }));

const tokens = fc.oneof(fc.nat(3_000), fc.nat(10_000_000));

export const bounds: fc.Arbitrary<Required<TokenBounds>> = fc.record({
  inputTokens: tokens,
  outputTokens: tokens,
  mayWriteCache: fc.boolean(),
});

/** Any usage within bounds, all of it in the one kind or the other as well. */
export const usageWithin = ({
  inputTokens,
  outputTokens,
  mayWriteCache,
}: Required<TokenBounds>): fc.Arbitrary<TokenUsage> =>
  fc
    .record({
      input: fc.oneof(fc.constant(inputTokens), fc.nat(inputTokens)),
      cached: fc.double({ min: 0, max: 1, noNaN: true }),
      written: mayWriteCache ? fc.double({ min: 0, max: 1, noNaN: true }) : fc.constant(0),
      output: fc.oneof(fc.constant(outputTokens), fc.nat(outputTokens)),
    })
    .map(({ input, cached, written, output }) => {
      const cacheWriteTokens = Math.floor(input * written);
      const cacheReadTokens = Math.floor((input - cacheWriteTokens) * cached);
      return {
        inputTokens: input - cacheWriteTokens - cacheReadTokens,
        outputTokens: output,
        cacheReadTokens,
        cacheWriteTokens,
      };
    });
