import fc from 'fast-check';
import {
  MAX_PACKED_PRICE_BOOK_BYTES,
  packPriceBook,
  unpackPriceBook,
} from '../../../../lib/contract/price-book-packing';
import { PriceBookError, readPriceBook } from '../../../../lib/contract/price-book-reading';
import { at, bookOf, documents, LONG, price } from './books';

test('leaves half of a function’s environment to the rest', () => {
  expect(MAX_PACKED_PRICE_BOOK_BYTES).toBe(2_048);
});

test('leaves out names, notes and midnights', () => {
  const document = {
    note: 'of June',
    models: {
      m: [
        price({ note: 'x' }),
        price({ validFrom: at(60), longContext: LONG }),
        price({ validFrom: at(90), currency: 'EUR' }),
      ],
      n: [price({ validFrom: '2026-06-01T00:00Z', longContext: LONG, currency: 'EUR' })],
    },
    aliases: { 'm-1': 'm' },
    exchangeRates: { EUR: [{ validFrom: '2026-06-01T00:00:00Z', usd: '1.08' }] },
  };
  expect(JSON.parse(packPriceBook(document))).toEqual({
    m: {
      m: [
        ['2026-06-01', '3', '15', '0.3', '3.75'],
        ['2026-06-01T01:00:00.000Z', '3', '15', '0.3', '3.75', [1_000, '6', '22.5', '0.6', '7.5']],
        ['2026-06-01T01:30:00.000Z', '3', '15', '0.3', '3.75', null, 'EUR'],
      ],
      n: [['2026-06-01', '3', '15', '0.3', '3.75', [1_000, '6', '22.5', '0.6', '7.5'], 'EUR']],
    },
    a: { 'm-1': 'm' },
    r: { EUR: [['2026-06-01', '1.08']] },
  });
  expect(unpackPriceBook(packPriceBook(document))).toEqual(readPriceBook(document));
});

test('has nothing of aliases and rates where there are none', () => {
  expect(packPriceBook(bookOf(price()))).toBe('{"m":{"m":[["2026-06-01","3","15","0.3","3.75"]]}}');
});

test('what was packed is read as what it was', () => {
  fc.assert(
    fc.property(documents, (document) => {
      expect(unpackPriceBook(packPriceBook(document))).toEqual(readPriceBook(document));
    }),
  );
});

test.each(['', 'book', 'null', '3', '"m"', '{"m":'])('refuses %p, which is no packed book', (text) => {
  expect(() => unpackPriceBook(text)).toThrow(
    new PriceBookError(['`document` must be JSON as `packPriceBook` writes it']),
  );
});

test.each([
  ['{}', '`models` must be an object, got: none'],
  ['{"m":null}', '`models` must be an object, got: null'],
  ['{"m":{"m":3}}', '`models.m` must be a list that is not empty, got: 3'],
  ['{"m":{"m":[3]}}', '`models.m[0].input` must be a decimal string such as "3.75", got: none'],
  ['{"m":{"m":[["2026-06-01","3","15","0.3"]]}}', '`models.m[0].cacheWrite` must be a decimal string'],
  ['{"m":{"m":[["yesterday","3","15","0.3","3"]]}}', '`models.m[0].validFrom` must be a date-time in UTC'],
  ['{"m":{"m":[[1,"3","15","0.3","3"]]}}', '`models.m[0].validFrom` must be a date-time in UTC'],
  ['{"m":{"m":[["2026-06-01","3","15","0.3","3",7]]}}', '`models.m[0].longContext.aboveInputTokens` must be'],
  ['{"m":{"m":[["2026-06-01","3","15","0.3","3",null,"EUR"]]}}', '`models.m[0].currency` must be USD'],
  ['{"m":{"m":[["2026-06-01","3","15","0.3","3"]]},"a":{"b":"c"}}', '`aliases.b` must be the name of a model'],
  ['{"m":{"m":[["2026-06-01","3","15","0.3","3"]]},"r":{"EUR":[1]}}', '`exchangeRates.EUR[0].usd` must be'],
  ['{"m":{"m":[["2026-06-01","3","15","0.3","3"]]},"r":null}', '`exchangeRates` must be an object, got: null'],
])('refuses %s by the rules of any other', (text, fault) => {
  expect(() => unpackPriceBook(text)).toThrow(fault);
});
