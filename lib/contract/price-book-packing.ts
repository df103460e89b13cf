import type { PriceBook } from './price-book';
import type { ExchangeRate, ModelPrice, PriceBookDocument, TokenPrices } from './price-book-document';
import { PriceBookError, readPriceBook } from './price-book-reading';

/**
 * Most bytes of a packed price book. All variables of a function together have 4 KB ("Lambda quotas", Lambda developer
 * guide), of which the service's own take up to 2.
 */
export const MAX_PACKED_PRICE_BOOK_BYTES = 2_048;

/**
 * A price book as short as it fits into the environment of a function: names of fields and notes left out, and the zeros
 * of midnight.
 *
 * @param document one that `readPriceBook` takes
 */
export const packPriceBook = ({ models, aliases, exchangeRates }: PriceBookDocument): string =>
  JSON.stringify({
    m: mapLists(models, packPrice),
    ...(aliases && { a: aliases }),
    ...(exchangeRates && {
      r: mapLists<ExchangeRate>(exchangeRates, ({ validFrom, usd }) => [shortMoment(validFrom), usd]),
    }),
  });

/**
 * Reads what `packPriceBook` has written, by the rules of any other price book.
 *
 * @throws PriceBookError
 */
export const unpackPriceBook = (text: string): PriceBook => {
  const packed = parse(text);
  if (typeof packed !== 'object' || packed === null) {
    throw new PriceBookError(['`document` must be JSON as `packPriceBook` writes it']);
  }
  const { m, a, r } = packed as Readonly<Record<string, unknown>>;
  return readPriceBook({ models: mapLists(m, unpackPrice), aliases: a, exchangeRates: mapLists(r, unpackRate) });
};

const packPrice = ({ validFrom, longContext, currency, ...prices }: ModelPrice): unknown[] => {
  const packed = [shortMoment(validFrom), ...packTokens(prices)];
  const long = longContext && [longContext.aboveInputTokens, ...packTokens(longContext)];
  if (currency !== undefined) return [...packed, long ?? null, currency];
  return long ? [...packed, long] : packed;
};

const packTokens = ({ input, output, cacheRead, cacheWrite }: TokenPrices) => [input, output, cacheRead, cacheWrite];

const unpackPrice = (packed: unknown): unknown => {
  const [validFrom, input, output, cacheRead, cacheWrite, long, currency] = listOf(packed);
  return {
    validFrom: fullMoment(validFrom),
    ...{ input, output, cacheRead, cacheWrite, currency },
    ...(long !== undefined && long !== null && { longContext: unpackLongContext(long) }),
  };
};

const unpackLongContext = (packed: unknown): unknown => {
  const [aboveInputTokens, input, output, cacheRead, cacheWrite] = listOf(packed);
  return { aboveInputTokens, input, output, cacheRead, cacheWrite };
};

const unpackRate = (packed: unknown): unknown => {
  const [validFrom, usd] = listOf(packed);
  return { validFrom: fullMoment(validFrom), usd };
};

const MIDNIGHT = /T00:00(:00(\.0{1,3})?)?Z$/;

const shortMoment = (moment: string): string => moment.replace(MIDNIGHT, '');

const fullMoment = (moment: unknown): unknown =>
  typeof moment === 'string' && !moment.includes('T') ? `${moment}T00:00Z` : moment;

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** What is not as it was written is left to `readPriceBook`, which says so. */
const mapLists = <T>(lists: unknown, change: (value: T) => unknown): unknown => {
  if (typeof lists !== 'object' || lists === null) return lists;
  const changed = Object.entries(lists).map(([name, list]) => [name, Array.isArray(list) ? list.map(change) : list]);
  return Object.fromEntries(changed);
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
