import { EnvironmentError } from '../../../../lambda/runtime/environment/errors';
import { readEnvironment } from '../../../../lambda/runtime/environment/read-environment';
import { priceBook } from '../../../../lambda/runtime/prices/price-book-field';
import { packPriceBook } from '../../../../lib/contract/price-book-packing';
import { readPriceBook } from '../../../../lib/contract/price-book-reading';
import { bookOf, price } from './books';

const read = (text?: string) =>
  readEnvironment({ prices: priceBook('BOOK') }, text === undefined ? {} : { BOOK: text });

test('reads what was packed', () => {
  const document = bookOf(price());
  expect(read(packPriceBook(document)).prices).toEqual(readPriceBook(document));
});

test.each([
  [undefined, '`BOOK` must be set'],
  ['', '`BOOK` must be set'],
  ['{', '`BOOK` must be a price book as a `SpendCap` writes it: `document` must be JSON as `packPriceBook` writes it'],
  [
    '{"m":{"m":[["2026-06-01","-3","-15","0.3","3"]]}}',
    '`BOOK` must be a price book as a `SpendCap` writes it: `models.m[0].input` must not be negative, got: -3, `models.m[0].output` must not be negative, got: -15',
  ],
])('a function does not start with %p for a book', (text, problem) => {
  expect(() => read(text)).toThrow(new EnvironmentError([problem]));
});
