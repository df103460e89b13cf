import {
  type SpendReport,
  type SpendWindowReport,
  type SpendWindowsReport,
  UNKNOWN_HOLD,
} from '../../lib/contract/spend-control';
import type { SpendStatus, SpendWindows, WindowStatus } from '../runtime/spend/ledger';
import type { SpendControlDependencies } from './dependencies';
import { cheapestRequest } from './prices';
import { spentPercent, usedUpWindow } from './used-up';

const windowReport = (status: WindowStatus): SpendWindowReport => {
  const { window, cap, spent, reserved, left, resetsAt } = status;
  const percent = spentPercent(status);
  return {
    window,
    ...(cap !== undefined && { cap }),
    spent,
    reserved,
    ...(left !== undefined && { left }),
    ...(percent !== undefined && { spentPercent: percent }),
    resetsAt: new Date(resetsAt).toISOString(),
  };
};

export const windowsReport = ({ day, month }: SpendWindows): SpendWindowsReport => ({
  day: windowReport(day),
  month: windowReport(month),
});

/** A status of the ledger as an operator reads it, with the state of the hold that follows it. */
export const spendReport = async (
  status: SpendStatus,
  { hold, prices, now }: Pick<SpendControlDependencies, 'hold' | 'prices' | 'now'>,
): Promise<SpendReport> => {
  const { deployed, override, cut } = status;
  const usedUp = usedUpWindow(status, cheapestRequest(prices, now()))?.window;
  const state = await hold.read().then(
    (row) => row?.status,
    (): typeof UNKNOWN_HOLD => UNKNOWN_HOLD,
  );
  return {
    ...windowsReport(status),
    deployed,
    override,
    ...(cut && { cut }),
    ...(usedUp !== undefined && { usedUp }),
    ...(state && { hold: state }),
  };
};
