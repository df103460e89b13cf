import {
  LedgerSpan,
  type LedgerSpanValue,
  type LedgerWindows,
  WINDOW_RETENTION_DAYS,
} from '../../../lib/contract/ledger';

const DAY_MS = 86_400_000;

/** Both windows, the one that ends last first. */
export const SPANS: readonly LedgerSpanValue[] = [LedgerSpan.MONTH, LedgerSpan.DAY];

/** The windows of a UTC day, `2026-11-27`. */
export const windowsOf = (day: string): LedgerWindows => ({ day, month: day.slice(0, -3) });

/** The windows that a clock is in. @throws RangeError where it is none. */
export const windowsAt = (nowMs: number): LedgerWindows => windowsOf(new Date(nowMs).toISOString().slice(0, 10));

/** The windows that some clock of the fleet may be in, while none is wrong by more than a day. */
export const liveWindows = (nowMs: number): readonly LedgerWindows[] =>
  [-DAY_MS, 0, DAY_MS].map((offset) => windowsAt(nowMs + offset));

const monthEndsAt = (month: string): number => {
  const [year, number] = month.split('-').map(Number) as [number, number];
  return Date.UTC(year, number, 1);
};

/** When a window ends, in milliseconds since the epoch. */
export const windowEndsAt = (span: LedgerSpanValue, { day, month }: LedgerWindows): number =>
  span === LedgerSpan.DAY ? Date.parse(day) + DAY_MS : monthEndsAt(month);

/** Seconds since the epoch until which the rows of a month are kept. */
export const windowExpiresAt = (month: string): number =>
  monthEndsAt(month) / 1_000 + (WINDOW_RETENTION_DAYS * DAY_MS) / 1_000;
