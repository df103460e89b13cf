import { SPEND_WARNINGS } from '../../lib/contract/spend-control';
import { formatUsd } from '../../lib/contract/usd';
import type { SpendStatus, WindowStatus } from '../runtime/spend/ledger';
import type { SpendControlDependencies } from './dependencies';
import { spentPercent, windowsIn } from './used-up';

const levelOf = (window: WindowStatus): number | undefined =>
  SPEND_WARNINGS.findLast((level) => (spentPercent(window) ?? 0) >= level);

/** Warns of the highest level that each window has reached, once for each level of its cap in the whole fleet. */
export const warn = async (
  status: Pick<SpendStatus, 'day' | 'month'>,
  { warnings, log }: Pick<SpendControlDependencies, 'warnings' | 'log'>,
): Promise<void> => {
  for (const window of windowsIn(status)) {
    const { cap, spent, reserved, resetsAt } = window;
    const level = levelOf(window);
    if (level === undefined || cap === undefined) continue;
    if (!(await warnings.claim({ window: window.window, cap, level, resetsAt }))) continue;
    log.warn(`${level} % of the cap of ${window.window} are spent.`, {
      level,
      window: window.window,
      cap: formatUsd(cap),
      spent: formatUsd(spent),
      reserved: formatUsd(reserved),
    });
  }
};
