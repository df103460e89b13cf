import {
  globalMasterKey,
  globalShardKey,
  LEDGER_SETTINGS_KEY,
  type LedgerSettings,
  SHARD_COUNT,
} from '../../../lib/contract/ledger';
import type { LedgerRow } from './ledger-store';
import { amountOf } from './row-writes';
import { settingsIn } from './settings';

/** One shard of a month, as it was read. */
export interface Shard {
  readonly index: number;
  readonly key: string;
  /** @default - nothing was ever leased to it */
  readonly row: LedgerRow | undefined;
}

/** What was read of the global cap of one month. */
export interface GlobalView {
  readonly month: string;
  readonly settings: LedgerSettings;
  /** @default - nothing was reserved in this month yet */
  readonly master: LedgerRow | undefined;
  /** How many shards there are. */
  readonly count: number;
  /** Those that were read: all of them, or one. */
  readonly shards: readonly Shard[];
}

/** Keys of the rows that a view of these shards is made of. */
export const viewKeys = (month: string, shards: readonly number[]): readonly string[] => [
  LEDGER_SETTINGS_KEY,
  globalMasterKey(month),
  ...shards.map((index) => globalShardKey(month, index)),
];

/** @throws LedgerUnavailableError where there are no settings. */
export const viewOf = (
  rows: ReadonlyMap<string, LedgerRow>,
  month: string,
  shards: readonly number[],
  leastCount: number,
): GlobalView => {
  const master = rows.get(globalMasterKey(month));
  return {
    month,
    settings: settingsIn(rows),
    master,
    count: Math.max(leastCount, amountOf(master, SHARD_COUNT)),
    shards: shards.map((index) => {
      const key = globalShardKey(month, index);
      return { index, key, row: rows.get(key) };
    }),
  };
};

export const isComplete = ({ count, shards }: GlobalView): boolean => shards.length >= count;
