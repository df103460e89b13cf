import { cheapestRequest, pricesReport } from '../../../lambda/control-spend/prices';
import type { PriceBook } from '../../../lib/contract/price-book';

const DOLLAR = 10n ** 15n;
const costs = (input: bigint, output: bigint, cacheRead = input, cacheWrite = input) => ({
  input,
  output,
  cacheRead,
  cacheWrite,
});
const book = (models: Record<string, { fromMs: number; costs: ReturnType<typeof costs> }[]>): PriceBook => ({
  models: new Map(Object.entries(models)),
});

describe('the cheapest request', () => {
  test('is one token in and one out of the cheapest model by the price in force, rounded up', () => {
    const prices = book({
      dear: [{ fromMs: 0, costs: costs(5n * DOLLAR, 30n * DOLLAR) }],
      cheap: [
        { fromMs: 0, costs: costs(DOLLAR / 4n, DOLLAR) },
        { fromMs: 100, costs: costs(3n * DOLLAR, 4n * DOLLAR) },
      ],
    });
    expect(cheapestRequest(prices, 99)).toBe(2);
    expect(cheapestRequest(prices, 100)).toBe(7);
  });

  test('is no cheaper for a model whose price begins later', () => {
    const prices = book({
      a: [{ fromMs: 0, costs: costs(5n * DOLLAR, 5n * DOLLAR) }],
      b: [{ fromMs: 10, costs: costs(DOLLAR, DOLLAR) }],
    });
    expect(cheapestRequest(prices, 9)).toBe(10);
    expect(cheapestRequest(prices, 10)).toBe(2);
  });

  test.each([
    ['nothing has a price', book({})],
    ['no price is in force', book({ a: [{ fromMs: 10, costs: costs(DOLLAR, DOLLAR) }] })],
    ['a token costs less than a micro-USD', book({ a: [{ fromMs: 0, costs: costs(1n, 0n) }] })],
    ['a model costs nothing', book({ a: [{ fromMs: 0, costs: costs(0n, 0n) }] })],
  ])('is the smallest amount where %s', (_, prices) => {
    expect(cheapestRequest(prices, 5)).toBe(1);
  });
});

describe('the report', () => {
  test('has what applies now and what comes next, by the models’ names', () => {
    const prices = book({
      b: [{ fromMs: 1_000, costs: costs(DOLLAR, DOLLAR) }],
      a: [
        { fromMs: 0, costs: costs(DOLLAR, DOLLAR) },
        { fromMs: 500, costs: costs(3n * DOLLAR, 15n * DOLLAR, (3n * DOLLAR) / 10n, (15n * DOLLAR) / 4n) },
        { fromMs: 2_000, costs: costs(10n * DOLLAR, 1n) },
        { fromMs: 3_000, costs: costs(DOLLAR, DOLLAR) },
      ],
    });
    expect(pricesReport(prices, 500)).toEqual([
      {
        model: 'a',
        now: { validFrom: '1970-01-01T00:00:00.500Z', input: '3', output: '15', cacheRead: '0.3', cacheWrite: '3.75' },
        next: {
          validFrom: '1970-01-01T00:00:02.000Z',
          input: '10',
          output: '0.000000000000001',
          cacheRead: '10',
          cacheWrite: '10',
        },
      },
      {
        model: 'b',
        next: { validFrom: '1970-01-01T00:00:01.000Z', input: '1', output: '1', cacheRead: '1', cacheWrite: '1' },
      },
    ]);
  });

  test('has the prices of a long context, and nothing as 0', () => {
    const longContext = { aboveInputTokens: 200_000, costs: costs(2n * DOLLAR, 0n) };
    const prices: PriceBook = { models: new Map([['a', [{ fromMs: 0, costs: costs(DOLLAR, DOLLAR), longContext }]]]) };
    expect(pricesReport(prices, 1)[0]?.now?.longContext).toEqual({
      aboveInputTokens: 200_000,
      input: '2',
      output: '0',
      cacheRead: '2',
      cacheWrite: '2',
    });
  });
});
