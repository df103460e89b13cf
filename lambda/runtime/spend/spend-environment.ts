import { EnvironmentKey } from '../../../lib/contract/environment-keys';
import { DEFAULT_GLOBAL_SHARDS, MAX_GLOBAL_SHARDS } from '../../../lib/contract/ledger';
import type { PriceBook } from '../../../lib/contract/price-book';
import { unpackPriceBook } from '../../../lib/contract/price-book-packing';
import { PriceBookError } from '../../../lib/contract/price-book-reading';
import { type Field, integer, text } from '../environment/read-environment';

/** A variable that holds a packed price book: a process that cannot read it does not start, and so spends nothing. */
const priceBook = (key: string): Field<PriceBook> => ({
  key,
  parse: (value) => {
    try {
      return unpackPriceBook(value ?? '');
    } catch (error) {
      if (error instanceof PriceBookError) throw new RangeError(`must be a price book: ${error.message}`);
      throw error;
    }
  },
});

/** Where the ledger is. */
export const ledgerFields = {
  ledgerTable: text(EnvironmentKey.LEDGER_TABLE),
  ledgerShards: integer(EnvironmentKey.LEDGER_SHARDS, {
    min: 1,
    max: MAX_GLOBAL_SHARDS,
    fallback: DEFAULT_GLOBAL_SHARDS,
  }),
};

/** Where the ledger is, and what the models cost. */
export const spendFields = { ...ledgerFields, prices: priceBook(EnvironmentKey.PRICE_BOOK) };
