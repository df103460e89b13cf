import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ModelPrice, PriceBook, type PriceBookDocument } from '../../../lib';
import { ConstructConfigError } from '../../../lib/config-error';
import { MAX_PACKED_PRICE_BOOK_BYTES, unpackPriceBook } from '../../../lib/contract/price-book-packing';
import { readPriceBook } from '../../../lib/contract/price-book-reading';

const PRICE: ModelPrice = {
  validFrom: '2026-06-01T00:00:00Z',
  input: '3',
  output: '15',
  cacheRead: '0.3',
  cacheWrite: '3.75',
};

const DOCUMENT: PriceBookDocument = {
  note: 'of June',
  models: { small: [PRICE], large: [{ ...PRICE, currency: 'EUR' }] },
  aliases: { 'small-2026-06-01': 'small' },
  exchangeRates: { EUR: [{ validFrom: '2026-01-01T00:00:00Z', usd: '1.08' }] },
};

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prices-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function file(text: string): string {
  const path = join(folder, 'prices.json');
  writeFileSync(path, text);
  return path;
}

test('is what the runtime reads, from a document and from a file', () => {
  for (const book of [PriceBook.of(DOCUMENT), PriceBook.fromFile(file(JSON.stringify(DOCUMENT)))]) {
    expect(unpackPriceBook(book._packed)).toEqual(readPriceBook(DOCUMENT));
    expect(book._packed).not.toContain('of June');
  }
});

test('knows the names that have a price', () => {
  expect(PriceBook.of(DOCUMENT).models).toEqual(['small', 'large', 'small-2026-06-01']);
});

test('names everything that is wrong at once, and where', () => {
  const bad: PriceBookDocument = { models: { a: [{ ...PRICE, input: '-3' }], b: [] } };
  const problems = [
    '`models.a[0].input` must not be negative, got: -3',
    '`models.b` must be a list that is not empty, got: an empty one',
  ];

  expect(() => PriceBook.of(bad)).toThrow(new ConstructConfigError('PriceBook', problems));
  const path = file(JSON.stringify(bad));
  expect(() => PriceBook.fromFile(path)).toThrow(new ConstructConfigError(path, problems));
});

test('refuses a file that is not there', () => {
  const path = join(folder, 'none.json');

  expect(() => PriceBook.fromFile(path)).toThrow(ConstructConfigError);
  expect(() => PriceBook.fromFile(path)).toThrow(`${path}: \`path\` must be a file that can be read, got: ENOENT`);
});

test.each(['', '{', 'models: {}'])('refuses a file with %p in it', (text) => {
  const path = file(text);

  expect(() => PriceBook.fromFile(path)).toThrow(ConstructConfigError);
  expect(() => PriceBook.fromFile(path)).toThrow(`${path}: \`path\` must be a file with JSON in it, got: `);
});

test('refuses a model that a file has twice, of which JSON would keep one', () => {
  const path = file(`{"models":{"a":[${JSON.stringify(PRICE)}],"a":[${JSON.stringify(PRICE)}]}}`);

  expect(() => PriceBook.fromFile(path)).toThrow(
    new ConstructConfigError(path, ['`a` must be there once: JSON keeps only the last, got: several']),
  );
});

describe('the bound of what a function takes', () => {
  /** A book that is packed into exactly so many bytes. */
  function bookOf(bytes: number): PriceBookDocument {
    const models: Record<string, ModelPrice[]> = { m: [PRICE] };
    const bytesOf = () => Buffer.byteLength(PriceBook.of({ models })._packed);
    for (let index = 0; bytesOf() < bytes - 200; index += 1) models[`model-${index}`] = [PRICE];
    models.x = [PRICE];
    const missing = bytes - bytesOf();
    const { x, ...others } = models;
    return { models: { ...others, [`x${'y'.repeat(missing)}`]: x ?? [] } };
  }

  test('takes a book of 2048 bytes, and says how many a larger one has', () => {
    expect(Buffer.byteLength(PriceBook.of(bookOf(MAX_PACKED_PRICE_BOOK_BYTES))._packed)).toBe(2_048);
    expect(() => PriceBook.of(bookOf(2_049))).toThrow(
      new ConstructConfigError('PriceBook', [
        '`document` must be at most 2048 bytes when packed, as all variables of a function have 4 KB together: take out models that nobody is offered and prices that are long over, got: 2049 bytes',
      ]),
    );
  });
});
