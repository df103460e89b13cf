import type { ISpendControl, ISpendLedger } from '../../../lambda/runtime/spend/ledger';
import type { SpendLedgerOptions, SpendLedgerTools } from '../../../lambda/runtime/spend/ledger-options';
import type { ILedgerStore } from '../../../lambda/runtime/spend/ledger-store';
import type { MemoryWrite } from '../../../lambda/runtime/spend/memory-ledger-store';
import { SpendControl } from '../../../lambda/runtime/spend/spend-control';
import { SpendLedger } from '../../../lambda/runtime/spend/spend-ledger';

/** What a process has of a ledger. */
export interface Ledgers {
  readonly ledger: ISpendLedger<MemoryWrite>;
  readonly control: ISpendControl;
}

export type MakeLedger = (
  store: ILedgerStore<MemoryWrite>,
  options: SpendLedgerOptions,
  tools: SpendLedgerTools,
) => Ledgers;

export const ourLedger: MakeLedger = (store, options, tools) => ({
  ledger: new SpendLedger(store, options, tools),
  control: new SpendControl(store, options, tools),
});
