import fc from 'fast-check';
import {
  DEFAULT_CLOCK_SKEW_MS,
  priceOf,
  type TokenUsage,
  UnknownModelError,
  UnknownPriceError,
  worstCasePrice,
} from '../../../../lib/contract/price-book';
import type { ModelPrice } from '../../../../lib/contract/price-book-document';
import { readPriceBook } from '../../../../lib/contract/price-book-reading';
import { at, bookOf, bounds, documents, LONG, MINUTE, price, START, usageWithin } from './books';

const usage = (changes: Partial<TokenUsage> = {}): TokenUsage => ({
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  ...changes,
});

const cost = (prices: ModelPrice[], used: Partial<TokenUsage>, minute = 1) =>
  priceOf(readPriceBook(bookOf(...prices)), 'm', usage(used), START + minute * MINUTE);

const worst = (prices: ModelPrice[], most: Parameters<typeof worstCasePrice>[2], minute = 1, skewMs?: number) =>
  worstCasePrice(readPriceBook(bookOf(...prices)), 'm', most, START + minute * MINUTE, skewMs);

describe('priceOf', () => {
  test.each<[Partial<TokenUsage>, number]>([
    [{ inputTokens: 1_000_000 }, 3_000_000],
    [{ outputTokens: 1_000_000 }, 15_000_000],
    [{ cacheReadTokens: 1_000_000 }, 300_000],
    [{ cacheWriteTokens: 1_000_000 }, 3_750_000],
    [{ inputTokens: 1, outputTokens: 1 }, 18],
    [{}, 0],
  ])('of %j at 3, 15, 0.3 and 3.75 US dollars is %i micro-USD', (used, expected) => {
    expect(cost([price()], used)).toBe(expected);
  });

  test.each([
    ['0.3', 1, 1],
    ['0.3', 10, 3],
    ['0.3', 11, 4],
    ['0.000001', 1, 1],
    ['0.000001', 1_000_000, 1],
    ['0.000001', 1_000_001, 2],
  ])('rounds up once a request: %s for %i tokens are %i micro-USD', (cacheRead, cacheReadTokens, expected) => {
    expect(cost([price({ cacheRead })], { cacheReadTokens })).toBe(expected);
  });

  test('rounds the sum, and not each kind of token', () => {
    const prices = [price({ input: '0.25', output: '0.25', cacheRead: '0.25', cacheWrite: '0.25' })];
    const one = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 1, cacheWriteTokens: 1 };
    expect(cost(prices, one)).toBe(1);
  });

  test('takes the price that began last, at its very millisecond', () => {
    const prices = [price(), price({ validFrom: at(10), input: '4' })];
    const book = readPriceBook(bookOf(...prices));
    const million = usage({ inputTokens: 1_000_000 });
    expect(priceOf(book, 'm', million, START + 10 * MINUTE - 1)).toBe(3_000_000);
    expect(priceOf(book, 'm', million, START + 10 * MINUTE)).toBe(4_000_000);
    expect(priceOf(book, 'm', million, START)).toBe(3_000_000);
  });

  test.each<[Partial<TokenUsage>, number]>([
    [{ inputTokens: 1_000, outputTokens: 10 }, 3_150],
    [{ inputTokens: 1_001, outputTokens: 10 }, 6_231],
    [{ inputTokens: 999, cacheReadTokens: 1, outputTokens: 10 }, 3_148],
    [{ inputTokens: 999, cacheReadTokens: 2, outputTokens: 10 }, 6_221],
    [{ inputTokens: 999, cacheWriteTokens: 2, outputTokens: 10 }, 6_234],
  ])('asks the price of a long context for all of %j, counting cached input as well', (used, expected) => {
    expect(cost([price({ longContext: LONG })], used)).toBe(expected);
  });

  test('turns another currency into dollars at the rate in force', () => {
    const book = readPriceBook({
      models: { m: [price({ currency: 'EUR' })] },
      exchangeRates: {
        EUR: [
          { validFrom: at(-60), usd: '1.1' },
          { validFrom: at(10), usd: '1.25' },
        ],
      },
    });
    const million = usage({ inputTokens: 1_000_000 });
    expect(priceOf(book, 'm', million, START)).toBe(3_300_000);
    expect(priceOf(book, 'm', million, START + 10 * MINUTE)).toBe(3_750_000);
  });

  test('knows a model by its other names', () => {
    const book = readPriceBook({ ...bookOf(price()), aliases: { 'm-2026-06-01': 'm' } });
    expect(priceOf(book, 'm-2026-06-01', usage({ inputTokens: 1 }), START)).toBe(3);
  });

  test.each([
    ['inputTokens', -1],
    ['outputTokens', 1.5],
    ['cacheReadTokens', Number.NaN],
    ['cacheWriteTokens', 2 ** 53],
  ])('refuses %s of %p', (name, count) => {
    expect(() => cost([price()], { [name]: count })).toThrow(
      new RangeError(`\`${name}\` must be a whole number, 0 or more, got: ${count}`),
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 8.64e15 + 1])('refuses the time %p', (atMs) => {
    expect(() => priceOf(readPriceBook(bookOf(price())), 'm', usage(), atMs)).toThrow(
      new RangeError(`\`atMs\` must be a time, got: ${atMs}`),
    );
  });

  test('counts up to what a number holds, and refuses more', () => {
    const prices = [price({ input: '1' })];
    expect(cost(prices, { inputTokens: Number.MAX_SAFE_INTEGER })).toBe(Number.MAX_SAFE_INTEGER);
    expect(() => cost(prices, { inputTokens: Number.MAX_SAFE_INTEGER, outputTokens: 1 })).toThrow(
      new RangeError('the price is too large to be counted'),
    );
  });
});

describe('what is not known', () => {
  const most = { inputTokens: 1, outputTokens: 1 };

  test.each(['n', 'constructor', '__proto__', ''])('is an unknown model: %p', (model) => {
    const book = readPriceBook(bookOf(price()));
    for (const ask of [() => priceOf(book, model, usage(), START), () => worstCasePrice(book, model, most, START)]) {
      expect(ask).toThrow(UnknownModelError);
      expect(ask).toThrow(expect.objectContaining({ name: 'UnknownModelError', model }));
      expect(ask).toThrow(`the price book does not know the model ${model}`);
    }
  });

  test('is a price before the first one, whatever the skew', () => {
    const book = readPriceBook(bookOf(price()));
    const atMs = START - 1;
    for (const ask of [() => priceOf(book, 'm', usage(), atMs), () => worstCasePrice(book, 'm', most, atMs)]) {
      expect(ask).toThrow(UnknownPriceError);
      expect(ask).toThrow(expect.objectContaining({ name: 'UnknownPriceError', model: 'm', atMs }));
      expect(ask).toThrow('the price book has no price of m that is in force at 2026-05-31T23:59:59.999Z');
    }
    expect(worstCasePrice(book, 'm', most, START)).toBe(18);
  });
});

describe('worstCasePrice', () => {
  const million = { inputTokens: 1_000_000, outputTokens: 0 };

  test('is the price of all input and output, without a discount', () => {
    expect(worst([price()], { inputTokens: 1_000_000, outputTokens: 1_000_000 })).toBe(18_000_000);
  });

  test('asks the surcharge of writing a cache only where the request may write it', () => {
    expect(worst([price()], million)).toBe(3_000_000);
    expect(worst([price()], { ...million, mayWriteCache: true })).toBe(3_750_000);
  });

  test('takes the dearer of reading a cache and not, as a provider caches by itself', () => {
    expect(worst([price({ cacheRead: '5' })], million)).toBe(5_000_000);
  });

  test('takes the dearest kind of input where a cache may be written', () => {
    const prices = [price({ cacheRead: '5', cacheWrite: '4' })];
    expect(worst(prices, { ...million, mayWriteCache: true })).toBe(5_000_000);
  });

  test.each([
    [1_000, 3_150],
    [1_001, 6_231],
  ])('with an input of up to %i tokens and 10 of output is %i micro-USD', (inputTokens, expected) => {
    expect(worst([price({ longContext: LONG })], { inputTokens, outputTokens: 10 })).toBe(expected);
  });

  test('of a long context that is cheaper is the price of the longest short one, where that is more', () => {
    const prices = [price({ longContext: { ...LONG, input: '1', output: '1' } })];
    expect(worst(prices, { inputTokens: 1_001, outputTokens: 10 })).toBe(3_150);
    expect(worst(prices, { inputTokens: 9_000, outputTokens: 10 })).toBe(9_010);
  });

  const rising = [price(), price({ validFrom: at(10), input: '4' })];
  const falling = [price(), price({ validFrom: at(10), input: '2' })];

  test.each([
    ['rising', rising, 5, 4_000_000],
    ['rising', rising, 4.99, 3_000_000],
    ['falling', falling, 14.99, 3_000_000],
    ['falling', falling, 15, 2_000_000],
  ])('counts with five minutes of skew unless told otherwise: a %s price, minute %d', (_, prices, minute, expected) => {
    expect(DEFAULT_CLOCK_SKEW_MS).toBe(5 * MINUTE);
    expect(worst(prices, million, minute)).toBe(expected);
  });

  test('counts with no skew where it is told so', () => {
    expect(worst(rising, million, 9.99, 0)).toBe(3_000_000);
    expect(worst(rising, million, 10, 0)).toBe(4_000_000);
    expect(worst(falling, million, 10, 0)).toBe(2_000_000);
  });

  test('finds the dearest of several prices in between', () => {
    const prices = [price(), price({ validFrom: at(10), input: '9' }), price({ validFrom: at(11), input: '2' })];
    expect(worst(prices, million, 12)).toBe(9_000_000);
    expect(worst(prices, million, 8)).toBe(9_000_000);
  });

  test.each([
    ['inputTokens', { inputTokens: -1, outputTokens: 0 }, 0, -1],
    ['outputTokens', { inputTokens: 0, outputTokens: 0.5 }, 0, 0.5],
    ['skewMs', million, -1, -1],
    ['skewMs', million, Number.NaN, Number.NaN],
  ])('refuses %s that is none', (name, most, skewMs, got) => {
    expect(() => worstCasePrice(readPriceBook(bookOf(price())), 'm', most, START, skewMs)).toThrow(
      new RangeError(`\`${name}\` must be a whole number, 0 or more, got: ${got}`),
    );
  });
});

const scenes = fc
  .record({
    document: documents,
    most: bounds,
    minute: fc.integer({ min: 0, max: 40 }),
    skewMs: fc.nat(10 * MINUTE),
  })
  .chain(({ most, minute, skewMs, document }) =>
    fc.record({
      document: fc.constant(document),
      most: fc.constant(most),
      atMs: fc.constant(START + minute * MINUTE),
      skewMs: fc.constant(skewMs),
      callMs: fc.integer({ min: START + minute * MINUTE - skewMs, max: START + minute * MINUTE + skewMs }),
      used: usageWithin(most),
    }),
  );

/** What it answers, or undefined where no price is in force. */
const ifInForce = (ask: () => number): number | undefined => {
  try {
    return ask();
  } catch (error) {
    if (error instanceof UnknownPriceError) return undefined;
    throw error;
  }
};

test('no usage within its bounds, at any price of any currency, under any clock within the skew, costs more than the worst case', () => {
  let judged = 0;
  fc.assert(
    fc.property(scenes, ({ document, most, atMs, skewMs, callMs, used }) => {
      const book = readPriceBook(document);
      const reserved = ifInForce(() => worstCasePrice(book, 'm', most, atMs, skewMs));
      const real = ifInForce(() => priceOf(book, 'm', used, callMs));
      if (reserved === undefined || real === undefined) return;
      judged += 1;
      expect(reserved).toBeGreaterThanOrEqual(real);
    }),
    { numRuns: 600 },
  );
  expect(judged).toBeGreaterThan(300);
});

test('the worst case is reached by some usage, so that nobody is refused for nothing', () => {
  fc.assert(
    fc.property(documents, bounds, fc.integer({ min: 30, max: 60 }), (document, most, minute) => {
      const book = readPriceBook(document);
      const atMs = START + minute * MINUTE;
      const { inputTokens, outputTokens, mayWriteCache } = most;
      const long = document.models.m?.at(-1)?.longContext?.aboveInputTokens ?? inputTokens;
      const candidates = [inputTokens, Math.min(long, inputTokens)].flatMap((tokens) => [
        usage({ inputTokens: tokens, outputTokens }),
        usage({ cacheReadTokens: tokens, outputTokens }),
        ...(mayWriteCache ? [usage({ cacheWriteTokens: tokens, outputTokens })] : []),
      ]);
      const dearest = Math.max(...candidates.map((used) => priceOf(book, 'm', used, atMs)));
      expect(worstCasePrice(book, 'm', most, atMs, 0)).toBe(dearest);
    }),
    { numRuns: 200 },
  );
});

test('more skew never makes it cheaper', () => {
  fc.assert(
    fc.property(scenes, fc.nat(MINUTE), ({ document, most, atMs, skewMs }, more) => {
      const book = readPriceBook(document);
      const little = ifInForce(() => worstCasePrice(book, 'm', most, atMs, skewMs));
      const much = ifInForce(() => worstCasePrice(book, 'm', most, atMs, skewMs + more));
      if (little === undefined) expect(much).toBeUndefined();
      else expect(much).toBeGreaterThanOrEqual(little);
    }),
  );
});
