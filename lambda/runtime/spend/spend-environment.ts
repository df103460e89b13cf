import { EnvironmentKey } from '../../../lib/contract/environment-keys';
import { DEFAULT_GLOBAL_SHARDS, MAX_GLOBAL_SHARDS } from '../../../lib/contract/ledger';
import { integer, text } from '../environment/read-environment';
import { priceBook } from '../prices/price-book-field';

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
