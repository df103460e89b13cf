import {
  amountAttribute,
  CUT_MARK,
  clientWindowKey,
  globalMasterKey,
  globalShardKey,
  LedgerAmount,
  type LedgerAmountValue,
  LedgerSpan,
  type LedgerSpanValue,
  LedgerTable,
  type LedgerWindows,
  SpendCapName,
  type SpendCapNameValue,
} from '../../../lib/contract/ledger';
import type { ClientCaps, Refused } from './ledger';
import type { LedgerRow, RowChange, RowCondition, RowWrite } from './ledger-store';
import type { Part } from './parts';
import type { Change } from './reservation';
import { amountOf } from './row-writes';
import { SPANS, windowEndsAt, windowExpiresAt, windowsOf } from './windows';

const { AVAILABLE, COMMITTED, OWED, SPENT, UNLEASED } = LedgerAmount;

/** Sums up what is added to each row, so that every row is written once. */
class Additions {
  readonly #rows = new Map<string, { readonly month: string; readonly add: Record<string, number> }>();

  add(key: string, windows: LedgerWindows, amount: LedgerAmountValue, by: number): void {
    const row = this.#rows.get(key) ?? { month: windows.month, add: {} };
    this.#rows.set(key, row);
    for (const span of SPANS) {
      const attribute = amountAttribute(amount, span, windows);
      row.add[attribute] = (row.add[attribute] ?? 0) + by;
    }
  }

  writes(): readonly RowWrite[] {
    return [...this.#rows].flatMap(([key, { month, add }]) => {
      const changed = Object.entries(add).filter(([, by]) => by !== 0);
      return changed.length === 0
        ? []
        : [{ key, conditions: [], change: changeOf(month, Object.fromEntries(changed)) }];
    });
  }
}

/** A change of amounts in a row of a month, which expires long after it. */
export const changeOf = (month: string, add: Readonly<Record<string, number>>): RowChange => ({
  add,
  set: { [LedgerTable.TIME_TO_LIVE]: windowExpiresAt(month) },
});

/**
 * What the windows of a client and of the service have to be changed by, without any condition: what is given back goes
 * to the shard that it came from, and what was spent above an estimate is taken from the master.
 */
export const windowWrites = (
  clientId: string,
  { committed, spent, overrun }: Omit<Change, 'row'>,
): readonly RowWrite[] => {
  const additions = new Additions();
  const addTo = (amount: LedgerAmountValue) => (part: Part) => {
    const windows = windowsOf(part.day);
    additions.add(clientWindowKey(clientId, windows.month), windows, amount, part.amount);
    additions.add(globalShardKey(windows.month, part.shard), windows, amount, part.amount);
  };
  const addToShard = ({ day, shard }: Part, by: number) => {
    const windows = windowsOf(day);
    additions.add(globalShardKey(windows.month, shard), windows, AVAILABLE, by);
  };
  committed.forEach(addTo(COMMITTED));
  spent.forEach(addTo(SPENT));
  for (const part of committed) addToShard(part, -part.amount);
  if (overrun) {
    addToShard(overrun, overrun.amount);
    const windows = windowsOf(overrun.day);
    additions.add(globalMasterKey(windows.month), windows, UNLEASED, -overrun.amount);
  }
  return additions.writes();
};

/** A condition that no row meets: no key is empty. */
const NEVER: RowCondition = { attribute: LedgerTable.PARTITION_KEY, is: 'equal', value: '' };

const covers = (attribute: string, cap: number | undefined, amount: number): readonly RowCondition[] => {
  if (cap === undefined) return [];
  return [cap < amount ? NEVER : { attribute, is: 'at-most-or-absent', value: cap - amount }];
};

/** What commits an amount: under the client's caps, and of what one shard has of the global ones. */
export const commitWrites = (clientId: string, clientCaps: ClientCaps, part: Part): readonly RowWrite[] => {
  const windows = windowsOf(part.day);
  const changes = new Map(
    windowWrites(clientId, { committed: [part], spent: [] }).map(({ key, change }) => [key, change]),
  );
  const write = (key: string, conditions: readonly RowCondition[]) => ({ key, conditions, change: changes.get(key) });
  const ofClient = SPANS.flatMap((span) =>
    covers(amountAttribute(COMMITTED, span, windows), clientCapOf(clientCaps, span), part.amount),
  );
  const ofShard = SPANS.flatMap((span): readonly RowCondition[] => [
    { attribute: amountAttribute(OWED, span, windows), is: 'absent' },
    { attribute: amountAttribute(AVAILABLE, span, windows), is: 'at-least', value: part.amount },
  ]);
  return [
    write(clientWindowKey(clientId, windows.month), ofClient),
    write(globalShardKey(windows.month, part.shard), [{ attribute: CUT_MARK, is: 'absent' }, ...ofShard]),
  ].filter(({ conditions, change }) => conditions.length > 0 || change);
};

export const clientCapOf = ({ perDay, perMonth }: ClientCaps, span: LedgerSpanValue): number | undefined =>
  span === LedgerSpan.DAY ? perDay : perMonth;

const CLIENT_CAP_NAMES: Readonly<Record<LedgerSpanValue, SpendCapNameValue>> = {
  [LedgerSpan.DAY]: SpendCapName.CLIENT_DAY,
  [LedgerSpan.MONTH]: SpendCapName.CLIENT_MONTH,
};

/** Which of a client's caps does not cover an amount more, by its row; undefined where all of them do. */
export const clientRefusal = (
  row: LedgerRow | undefined,
  caps: ClientCaps,
  amount: number,
  windows: LedgerWindows,
): Refused | undefined => {
  for (const span of SPANS) {
    const cap = clientCapOf(caps, span);
    if (cap === undefined) continue;
    const left = cap - amountOf(row, amountAttribute(COMMITTED, span, windows));
    if (left >= amount) continue;
    return {
      kind: 'refused',
      cap: CLIENT_CAP_NAMES[span],
      left: Math.max(0, left),
      resetsAt: windowEndsAt(span, windows),
    };
  }
  return undefined;
};
