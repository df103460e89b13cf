import {
  amountAttribute,
  clientWindowKey,
  LedgerAmount,
  LedgerSpan,
  type LedgerSpanValue,
  type LedgerWindows,
} from '../../../lib/contract/ledger';
import type { ClientCaps, ReservationStatus, SpendWindows, WindowStatus } from './ledger';
import type { ILedgerStore, LedgerRow } from './ledger-store';
import { totalOf } from './parts';
import type { ReservationRow } from './reservation';
import { amountOf } from './row-writes';
import { clientCapOf } from './window-writes';
import { windowEndsAt, windowsAt } from './windows';

/** One window by the sum of its rows. */
const windowStatus = (
  rows: readonly (LedgerRow | undefined)[],
  span: LedgerSpanValue,
  windows: LedgerWindows,
  cap: number | undefined,
): WindowStatus => {
  const sumOf = (attribute: string) => rows.reduce((sum, row) => sum + amountOf(row, attribute), 0);
  const committed = sumOf(amountAttribute(LedgerAmount.COMMITTED, span, windows));
  const spent = sumOf(amountAttribute(LedgerAmount.SPENT, span, windows));
  return {
    window: windows[span],
    ...(cap === undefined ? {} : { cap, left: Math.max(0, cap - committed) }),
    committed,
    spent,
    reserved: committed - spent,
    resetsAt: windowEndsAt(span, windows),
  };
};

/** Both windows by the sum of their rows. */
export const windowsStatus = (
  rows: readonly (LedgerRow | undefined)[],
  windows: LedgerWindows,
  capOf: (span: LedgerSpanValue) => number | undefined,
): SpendWindows => ({
  day: windowStatus(rows, LedgerSpan.DAY, windows, capOf(LedgerSpan.DAY)),
  month: windowStatus(rows, LedgerSpan.MONTH, windows, capOf(LedgerSpan.MONTH)),
});

export const clientStatus = async (
  store: Pick<ILedgerStore, 'read'>,
  clientId: string,
  caps: ClientCaps,
  nowMs: number,
): Promise<SpendWindows> => {
  const windows = windowsAt(nowMs);
  const key = clientWindowKey(clientId, windows.month);
  const rows = await store.read([key]);
  return windowsStatus([rows.get(key)], windows, (span) => clientCapOf(caps, span));
};

export const reservationStatus = ({
  clientId,
  day,
  holds,
  calls,
  used,
  closed,
}: ReservationRow): ReservationStatus => ({
  clientId,
  day,
  held: totalOf(holds),
  unknown: totalOf(calls.flatMap(({ parts }) => parts)),
  spent: totalOf(used),
  closed,
});
