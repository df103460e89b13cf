import type { PriceBook, PriceStep, TokenCosts } from './price-book';
import { below, DocumentReader } from './price-book-faults';

export { PriceBookError } from './price-book-faults';

/** The currency of the ledger; prices without a currency are in it. */
const LEDGER_CURRENCY = 'USD';

/** Decimals that a price may have; with those of a rate they make the 15 of `TokenCosts`. */
const PRICE_DECIMALS = 6;

/** Decimals that an exchange rate may have. */
const RATE_DECIMALS = 9;

/** A model's name as a request may have it. */
const MODEL_NAME = /^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,127}$/;

const TOKEN_KINDS = ['input', 'output', 'cacheRead', 'cacheWrite'] as const;

interface Rate {
  readonly fromMs: number;
  /** US dollars for one unit, in units of 10⁻⁹. */
  readonly usd: bigint;
}

type Rates = ReadonlyMap<string, readonly Rate[]>;

interface Price extends PriceStep {
  readonly currency: string;
}

/**
 * Reads a price book, which guesses nothing: every price has all four kinds of tokens, dates that follow each other, and
 * an exchange rate where it is not in US dollars.
 *
 * @param document a `PriceBookDocument`, or anything else
 * @throws PriceBookError naming everything that is wrong
 */
export const readPriceBook = (document: unknown): PriceBook => {
  const reader = new DocumentReader();
  const { models, aliases, exchangeRates, note } = reader.object('', document, [
    'models',
    'aliases',
    'exchangeRates',
    'note',
  ]);
  reader.optionalText('note', note);
  const rates = readRates(reader, exchangeRates);
  const steps = readModels(reader, models, rates);
  addAliases(reader, aliases, steps);
  reader.throwFaults();
  return { models: steps };
};

const readRates = (reader: DocumentReader, value: unknown): Rates => {
  const rates = new Map<string, readonly Rate[]>([
    [LEDGER_CURRENCY, [{ fromMs: Number.NEGATIVE_INFINITY, usd: 10n ** BigInt(RATE_DECIMALS) }]],
  ]);
  for (const [currency, list] of Object.entries(value === undefined ? {} : reader.map('exchangeRates', value))) {
    const path = below('exchangeRates', currency);
    if (!/^[A-Z]{3}$/.test(currency) || currency === LEDGER_CURRENCY) {
      reader.note(path, `must be three capital letters, and not ${LEDGER_CURRENCY}`, currency);
    }
    rates.set(
      currency,
      readDated(reader, path, list, (at, rate) => readRate(reader, at, rate)),
    );
  }
  return rates;
};

const readRate = (reader: DocumentReader, path: string, value: unknown): Rate => {
  const { validFrom, usd } = reader.object(path, value, ['validFrom', 'usd']);
  const fromMs = reader.moment(below(path, 'validFrom'), validFrom);
  const rate = reader.decimal(below(path, 'usd'), usd, RATE_DECIMALS);
  if (rate === 0n) reader.note(below(path, 'usd'), 'must be more than 0', usd);
  return { fromMs: fromMs ?? Number.NaN, usd: rate ?? 0n };
};

const readModels = (reader: DocumentReader, value: unknown, rates: Rates): Map<string, readonly PriceStep[]> => {
  const models = Object.entries(reader.map('models', value));
  if (models.length === 0) reader.note('models', 'must have at least one model', value);
  return new Map(
    models.map(([model, list]) => {
      const path = below('models', model);
      checkName(reader, path, model);
      const prices = readDated(reader, path, list, (at, price) => readPrice(reader, at, price, rates));
      return [model, inDollars(prices, rates)];
    }),
  );
};

const PRICE_FIELDS = ['validFrom', ...TOKEN_KINDS, 'longContext', 'currency', 'note'];

const readPrice = (reader: DocumentReader, path: string, value: unknown, rates: Rates): Price => {
  const fields = reader.object(path, value, PRICE_FIELDS);
  const { currency = LEDGER_CURRENCY, note } = fields;
  reader.optionalText(below(path, 'note'), note);
  const fromMs = reader.moment(below(path, 'validFrom'), fields.validFrom) ?? Number.NaN;
  const ofCurrency = rates.get(String(currency));
  if (!ofCurrency) {
    reader.note(below(path, 'currency'), `must be ${LEDGER_CURRENCY} or have \`exchangeRates\``, currency);
  } else if (ofCurrency.length > 0 && !ofCurrency.some((rate) => !(rate.fromMs > fromMs))) {
    reader.note(below(path, 'validFrom'), `must not be before the first rate of ${currency}`, fields.validFrom);
  }
  const longContext = fields.longContext === undefined ? undefined : readLongContext(reader, path, fields.longContext);
  return {
    fromMs,
    currency: String(currency),
    costs: readCosts(reader, path, fields),
    ...(longContext && { longContext }),
  };
};

const readLongContext = (reader: DocumentReader, pricePath: string, value: unknown) => {
  const path = below(pricePath, 'longContext');
  const fields = reader.object(path, value, ['aboveInputTokens', ...TOKEN_KINDS]);
  const bound = reader.count(below(path, 'aboveInputTokens'), fields.aboveInputTokens);
  return { aboveInputTokens: bound ?? 0, costs: readCosts(reader, path, fields) };
};

const readCosts = (reader: DocumentReader, path: string, fields: Readonly<Record<string, unknown>>): TokenCosts => {
  const read = (kind: (typeof TOKEN_KINDS)[number]) => reader.decimal(below(path, kind), fields[kind], PRICE_DECIMALS);
  const [input, output, cacheRead, cacheWrite] = TOKEN_KINDS.map(read);
  if (input === 0n && output === 0n) {
    reader.note(path, 'must not have both `input` and `output` 0: no cap would ever be reached', '0 and 0');
  }
  return { input: input ?? 0n, output: output ?? 0n, cacheRead: cacheRead ?? 0n, cacheWrite: cacheWrite ?? 0n };
};

/** A list of what holds from a date on, each later than the one before. */
const readDated = <T extends { readonly fromMs: number }>(
  reader: DocumentReader,
  path: string,
  value: unknown,
  readOne: (path: string, value: unknown) => T,
): T[] => {
  const list = reader.list(path, value);
  const read = list.map((one, index) => readOne(`${path}[${index}]`, one));
  read.forEach(({ fromMs }, index) => {
    const before = read[index - 1];
    if (before && fromMs <= before.fromMs) {
      const { validFrom } = list[index] as { readonly validFrom: unknown };
      reader.note(`${path}[${index}].validFrom`, 'must be later than that before it', validFrom);
    }
  });
  return read;
};

/** The prices in US dollars: a new step begins with each price and with each rate of its currency. */
const inDollars = (prices: readonly Price[], rates: Rates): PriceStep[] =>
  prices.flatMap((price, index) => {
    const { fromMs, currency } = price;
    const untilMs = prices[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
    const ofCurrency = rates.get(currency) ?? [];
    const first = ofCurrency.findLast((rate) => rate.fromMs <= fromMs);
    const later = ofCurrency.filter((rate) => rate.fromMs > fromMs && rate.fromMs < untilMs);
    return [...(first ? [{ ...first, fromMs }] : []), ...later].map((rate) => stepOf(price, rate));
  });

const stepOf = ({ costs, longContext }: Price, { fromMs, usd }: Rate): PriceStep => ({
  fromMs,
  costs: multiplied(costs, usd),
  ...(longContext && { longContext: { ...longContext, costs: multiplied(longContext.costs, usd) } }),
});

const multiplied = ({ input, output, cacheRead, cacheWrite }: TokenCosts, factor: bigint): TokenCosts => ({
  input: input * factor,
  output: output * factor,
  cacheRead: cacheRead * factor,
  cacheWrite: cacheWrite * factor,
});

const addAliases = (reader: DocumentReader, value: unknown, models: Map<string, readonly PriceStep[]>): void => {
  const named = new Map(models);
  for (const [alias, model] of Object.entries(value === undefined ? {} : reader.map('aliases', value))) {
    const path = below('aliases', alias);
    checkName(reader, path, alias);
    const steps = named.get(String(model));
    if (named.has(alias)) reader.note(path, 'must not be a model of its own', alias);
    if (steps) models.set(alias, steps);
    else reader.note(path, 'must be the name of a model', model);
  }
};

const checkName = (reader: DocumentReader, path: string, name: string): void => {
  if (!MODEL_NAME.test(name)) {
    reader.note(path, 'must be a model name of 1 to 128 letters, digits and `._:@/-`', name);
  }
};
