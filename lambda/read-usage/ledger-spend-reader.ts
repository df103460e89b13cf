import type { PlanTerms } from '../../lib/contract/client-plan';
import type { Clock } from '../runtime/clock/clock';
import type { ISpendLedger, WindowStatus } from '../runtime/spend/ledger';
import type { ISpendReader, SpendUsage, SpendWindow } from './spend-reader';

const windowOf = ({ window, committed, cap, left, resetsAt }: WindowStatus, nowMs: number): SpendWindow => ({
  window,
  committed,
  ...(cap !== undefined && { limit: cap, remaining: left ?? 0 }),
  resetSeconds: Math.max(0, Math.ceil((resetsAt - nowMs) / 1_000)),
});

/** Reads what is committed of a client's caps from the spend ledger. */
export class LedgerSpendReader implements ISpendReader {
  constructor(
    readonly ledger: Pick<ISpendLedger, 'readClient'>,
    readonly now: Clock,
  ) {}

  async readSpend(clientId: string, { spendPerDay, spendPerMonth }: PlanTerms): Promise<SpendUsage> {
    const nowMs = this.now();
    const caps = { perDay: spendPerDay, perMonth: spendPerMonth };
    const { day, month } = await this.ledger.readClient(clientId, caps, nowMs);
    return { day: windowOf(day, nowMs), month: windowOf(month, nowMs) };
  }
}
