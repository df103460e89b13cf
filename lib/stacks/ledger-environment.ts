import { EnvironmentKey } from '../contract/environment-keys';
import type { SpendCap } from '../spend/spend-cap';

/** What a function is told that reads or writes the ledger: where it is. The caps it finds there, as they may change. */
export const ledgerEnvironment = ({ table, shards }: SpendCap): Record<string, string> => ({
  [EnvironmentKey.LEDGER_TABLE]: table.tableName,
  [EnvironmentKey.LEDGER_SHARDS]: String(shards),
});

/** What a function is told that commits money: the ledger, and what the models cost. */
export const pricedLedgerEnvironment = (cap: SpendCap): Record<string, string> => ({
  ...ledgerEnvironment(cap),
  [EnvironmentKey.PRICE_BOOK]: cap.environment[EnvironmentKey.PRICE_BOOK] ?? '',
});
