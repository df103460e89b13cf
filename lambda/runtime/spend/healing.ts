import {
  amountAttribute,
  CUT_MARK,
  globalMasterKey,
  LedgerAmount,
  type LedgerSpanValue,
  type LedgerWindows,
} from '../../../lib/contract/ledger';
import type { GlobalView, Shard } from './global-view';
import type { RowCondition, RowWrite } from './ledger-store';
import { amountOf } from './row-writes';
import { limitOf, settingsUnchanged } from './settings';
import { changeOf } from './window-writes';
import { SPANS } from './windows';

const { AVAILABLE, LIMIT, OWED, UNLEASED } = LedgerAmount;

/** The rows of one commit; none where nothing is to be done. */
export type Step = readonly RowWrite[] | undefined;

/** Counts a window anew that was counted by a cap which holds no longer. */
export const resizeStep = (view: GlobalView, windows: LedgerWindows): Step => {
  const { master, month, settings } = view;
  for (const span of SPANS) {
    const attribute = amountAttribute(LIMIT, span, windows);
    const counted = master?.[attribute] as number | undefined;
    const limit = limitOf(settings, span);
    if (counted === undefined || counted === limit) continue;
    const { add, set } = changeOf(month, { [amountAttribute(UNLEASED, span, windows)]: limit - counted });
    return [
      settingsUnchanged(settings),
      {
        key: globalMasterKey(month),
        conditions: [{ attribute, is: 'equal', value: counted }],
        change: { add, set: { ...set, [attribute]: limit } },
      },
    ];
  }
  return undefined;
};

/** Marks one shard as cut off, or takes the mark away, as the settings say; one at a time, as shards are contended for. */
export const cutStep = ({ settings, shards }: GlobalView): Step => {
  const isCut = settings.cut !== undefined;
  const wrong = shards.find(({ row }) => row && (row[CUT_MARK] !== undefined) !== isCut);
  if (!wrong) return undefined;
  const change = isCut ? { set: { [CUT_MARK]: true } } : { remove: [CUT_MARK] };
  return [settingsUnchanged(settings), { key: wrong.key, conditions: [], change }];
};

const markStep = (view: GlobalView, shard: Shard, owed: string, unleased: string): Step => {
  const isInDebt = amountOf(view.master, unleased) < 0;
  const condition: RowCondition = { attribute: unleased, is: isInDebt ? 'below' : 'at-least', value: 0 };
  const change = isInDebt ? { set: { [owed]: true } } : { remove: [owed] };
  return [
    { key: globalMasterKey(view.month), conditions: [condition] },
    { key: shard.key, conditions: [], change },
  ];
};

/** What a shard has goes back to the master, as far as that needs it. */
const pullStep = (view: GlobalView, shard: Shard, span: LedgerSpanValue, windows: LedgerWindows): Step => {
  const available = amountAttribute(AVAILABLE, span, windows);
  const unleased = amountAttribute(UNLEASED, span, windows);
  const amount = Math.min(amountOf(shard.row, available), -amountOf(view.master, unleased));
  return [
    { key: globalMasterKey(view.month), conditions: [], change: changeOf(view.month, { [unleased]: amount }) },
    {
      key: shard.key,
      conditions: [{ attribute: available, is: 'at-least', value: amount }],
      change: changeOf(view.month, { [available]: -amount }),
    },
  ];
};

/** The shard that has most of a window, of those that have any. */
export const richest = (shards: readonly Shard[], available: string): Shard | undefined =>
  shards
    .filter(({ row }) => amountOf(row, available) > 0)
    .sort((a, b) => amountOf(b.row, available) - amountOf(a.row, available))[0];

/**
 * Where more is committed than a cap allows, takes back what the shards have; where that is not enough, marks them, so
 * that what is given back later is nobody's until the debt is paid. Takes the marks away when it is.
 */
export const debtStep = (view: GlobalView, windows: LedgerWindows): Step => {
  for (const span of SPANS) {
    const owed = amountAttribute(OWED, span, windows);
    const isInDebt = amountOf(view.master, amountAttribute(UNLEASED, span, windows)) < 0;
    const source = isInDebt ? richest(view.shards, amountAttribute(AVAILABLE, span, windows)) : undefined;
    if (source) return pullStep(view, source, span, windows);
    const unmarked = view.shards.find(({ row }) => row && (row[owed] !== undefined) !== isInDebt);
    if (unmarked) return markStep(view, unmarked, owed, amountAttribute(UNLEASED, span, windows));
  }
  return undefined;
};
