import { MetricName, SPEND_WINDOWS, WINDOW_DIMENSION } from '../../../lib/contract/metrics';
import type { SpendStatus } from '../spend/ledger';
import { count, gaugePercent } from './observability';

/** How much of a cap is committed, in percent; more than 100 where it was lowered meanwhile. */
const percentOf = (committed: number, cap: number): number => (cap > 0 ? (100 * committed) / cap : 100);

/** Publishes how much of the global caps is committed, and whether spending is cut off. */
export const tellSpend = (status: Pick<SpendStatus, 'day' | 'month' | 'cut'>): void => {
  for (const window of SPEND_WINDOWS) {
    const { cap, committed } = status[window];
    if (cap === undefined) continue;
    gaugePercent(MetricName.SPEND_PERCENT, WINDOW_DIMENSION, window, percentOf(committed, cap));
  }
  count(MetricName.SPEND_CUT_OFF, status.cut ? 1 : 0);
};

/** Publishes that a call has cost more than was reserved for it; nothing where it has not. */
export const tellOverrun = (microUsd: number): void => {
  if (microUsd > 0) count(MetricName.SPEND_OVERRUN, microUsd);
};

/** Publishes that somebody was refused because the ledger could not say what is left. */
export const tellLedgerUnavailable = (): void => count(MetricName.LEDGER_UNAVAILABLE);
