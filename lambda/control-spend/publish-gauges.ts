import { MetricName, SPEND_WINDOWS, WINDOW_DIMENSION } from '../../lib/contract/metrics';
import type { SpendStatus } from '../runtime/spend/ledger';
import type { SpendControlDependencies } from './dependencies';
import { committedPercent, spentPercent } from './used-up';

/** Publishes how much of each cap is spent, which alarms look at, and how much is committed; none of a window without a cap. */
export const publishPercents = (
  status: Pick<SpendStatus, 'day' | 'month'>,
  { gaugePercent }: Pick<SpendControlDependencies, 'gaugePercent'>,
): void => {
  for (const window of SPEND_WINDOWS) {
    const [spent, committed] = [spentPercent(status[window]), committedPercent(status[window])];
    if (spent === undefined || committed === undefined) continue;
    gaugePercent(MetricName.SPEND_PERCENT, WINDOW_DIMENSION, window, spent);
    gaugePercent(MetricName.SPEND_COMMITTED_PERCENT, WINDOW_DIMENSION, window, committed);
  }
};

/** Publishes whether spending is cut off. */
export const publishCutOff = (
  { cut }: Pick<SpendStatus, 'cut'>,
  { count }: Pick<SpendControlDependencies, 'count'>,
): void => count(MetricName.SPEND_CUT_OFF, cut ? 1 : 0);
