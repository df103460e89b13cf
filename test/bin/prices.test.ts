import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { priceOf, worstCasePrice } from '../../lib/contract/price-book';
import { unpackPriceBook } from '../../lib/contract/price-book-packing';
import { PriceBook } from '../../lib/spend/price-book';
import { submissionOf } from '../../local/api-client';

const book = PriceBook.fromFile('config/prices.json');

/** Files of these folders that say to a reader or to the local stack which model to ask for. */
const SOURCES = ['local', 'docs', 'test/e2e', 'bench', 'README.md', 'README.ko.md'].flatMap((place) =>
  place.endsWith('.md')
    ? [place]
    : readdirSync(place, { recursive: true, encoding: 'utf8' })
        .filter((file) => /\.(ts|md)$/.test(file))
        .map((file) => join(place, file)),
);

test('every model that the documents and the local stack ask for has a price', () => {
  const asked = SOURCES.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/['"](claude-[\w.-]+)['"]/g)].map(([, model]) => model),
  );

  expect(asked).toContain('claude-haiku-4-5');
  expect(asked.filter((model) => !book.models.includes(model ?? ''))).toEqual([]);
  expect(book.models).toContain(submissionOf('x').model);
});

test.each([
  ['claude-haiku-4-5', 6_000_000],
  ['claude-haiku-4-5-20251001', 6_000_000],
  ['claude-sonnet-4-5', 28_500_000],
  ['claude-sonnet-4-5-20250929', 28_500_000],
  ['gpt-5.5', 55_000_000],
  ['gpt-5.4', 27_500_000],
  ['gpt-5.4-mini', 5_250_000],
  ['gpt-5.4-nano', 1_450_000],
])('a million tokens each way of %s are at most %i micro-USD', (model, expected) => {
  const prices = unpackPriceBook(book._packed);
  const atMs = Date.parse('2026-11-27T00:00:00Z');
  const million = { inputTokens: 1_000_000, outputTokens: 1_000_000 };

  expect(worstCasePrice(prices, model, million, atMs)).toBe(expected);
  expect(priceOf(prices, model, { ...million, cacheReadTokens: 0, cacheWriteTokens: 0 }, atMs)).toBe(expected);
});

test('has no other model than those, and takes less than half of its room', () => {
  expect(book.models).toHaveLength(8);
  expect(Buffer.byteLength(book._packed)).toBeLessThan(1_024);
});

test('says to check it', () => {
  expect(JSON.parse(readFileSync('config/prices.json', 'utf8')).note).toMatch(/^Check these before you rely on them/);
});
