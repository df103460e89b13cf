import type { LimitRow } from '../../../lib/contract/limits-table';
import type { Limits } from './limits';
import { firstOfMonth, utcDayOf } from './utc-windows';

/** Where a client stands at a moment. */
export interface Standing {
  /** The UTC day that counts: the row's, where a process whose clock is ahead has begun a newer one. */
  readonly day: string;
  readonly dayCount: number;
  readonly monthCount: number;
  /** Microseconds until the bucket is full again. */
  readonly owedUs: number;
}

/** What is owed, in tokens of the plan that is in force: what was used stays used when the plan changes. */
const owedOf = ({ fullAtUs, intervalUs }: LimitRow, limits: Limits, nowMs: number): number => {
  const owedUs = Math.max(0, fullAtUs - nowMs * 1_000);
  return intervalUs === limits.intervalUs ? owedUs : Math.ceil((owedUs / intervalUs) * limits.intervalUs);
};

export const standingOf = (row: LimitRow | undefined, limits: Limits, nowMs: number): Standing => {
  const today = utcDayOf(nowMs);
  if (!row) return { day: today, dayCount: 0, monthCount: 0, owedUs: 0 };
  const day = row.utcDay > today ? row.utcDay : today;
  return {
    day,
    dayCount: row.utcDay === day ? row.dayCount : 0,
    monthCount: firstOfMonth(row.utcDay) === firstOfMonth(day) ? row.monthCount : 0,
    owedUs: owedOf(row, limits, nowMs),
  };
};
