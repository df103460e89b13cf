import {
  amountAttribute,
  CUT_MARK,
  type CutOff,
  globalMasterKey,
  globalShardKey,
  LedgerAmount,
  type LedgerSpanValue,
  type LedgerWindows,
  SHARD_COUNT,
} from '../../../lib/contract/ledger';
import { type GlobalView, isComplete, type Shard } from './global-view';
import { cutStep, debtStep, resizeStep, richest, type Step } from './healing';
import type { RowCondition, RowWrite } from './ledger-store';
import { amountOf } from './row-writes';
import { limitOf, settingsUnchanged } from './settings';
import { SPANS, windowExpiresAt } from './windows';

const { AVAILABLE, LIMIT, OWED, UNLEASED } = LedgerAmount;

/** The shard into which everybody gathers what is left, so that nobody takes it from another in circles. */
export const GATHERING_SHARD = 0;

/** An amount that a shard could not commit. */
export interface Need {
  readonly amount: number;
  readonly shard: number;
  readonly windows: LedgerWindows;
}

/** What is to be done about a shard that could not commit an amount. */
export type Decision =
  | { readonly kind: 'cut'; readonly cut: CutOff }
  /** All that is left of the cap does not cover it. */
  | { readonly kind: 'refused'; readonly span: LedgerSpanValue; readonly left: number }
  /** This shard can commit it; `scarce` where little else can. */
  | { readonly kind: 'ready'; readonly shard: number; readonly scarce: boolean }
  /** Make these writes, and try this shard. */
  | {
      readonly kind: 'transfer';
      readonly writes: readonly RowWrite[];
      readonly shard: number;
      readonly scarce: boolean;
    }
  /** What was read does not tell: read all shards. */
  | { readonly kind: 'look-further' };

const transfer = (step: Step, shard: number): Decision | undefined =>
  step && { kind: 'transfer', writes: step, shard, scarce: false };

/** What the master has and no shard; of a window that nobody has counted yet, all of it. */
const unleasedOf = ({ master, settings }: GlobalView, span: LedgerSpanValue, windows: LedgerWindows): number =>
  master?.[amountAttribute(LIMIT, span, windows)] === undefined
    ? limitOf(settings, span)
    : amountOf(master, amountAttribute(UNLEASED, span, windows));

/** Takes amounts from the master, counts the windows that nobody has counted yet, and notes how many shards there are. */
const takeFromMaster = (
  view: GlobalView,
  windows: LedgerWindows,
  amounts: ReadonlyMap<LedgerSpanValue, number>,
): RowWrite => {
  const { count, master, month, settings } = view;
  const conditions: RowCondition[] = [];
  const add: Record<string, number> = {};
  const set: Record<string, unknown> = { expiresAt: windowExpiresAt(month) };
  for (const span of SPANS) {
    const amount = amounts.get(span) ?? 0;
    const limit = amountAttribute(LIMIT, span, windows);
    const unleased = amountAttribute(UNLEASED, span, windows);
    if (master?.[limit] === undefined) {
      conditions.push({ attribute: limit, is: 'absent' });
      set[limit] = limitOf(settings, span);
      set[unleased] = limitOf(settings, span) - amount;
    } else {
      conditions.push({ attribute: limit, is: 'equal', value: limitOf(settings, span) });
      if (amount > 0) {
        conditions.push({ attribute: unleased, is: 'at-least', value: amount });
        add[unleased] = -amount;
      }
    }
  }
  const known = master?.[SHARD_COUNT] as number | undefined;
  if (known === undefined) conditions.push({ attribute: SHARD_COUNT, is: 'absent' });
  else conditions.push({ attribute: SHARD_COUNT, is: 'equal', value: known });
  set[SHARD_COUNT] = count;
  return { key: globalMasterKey(month), conditions, change: { add, set } };
};

/** What one shard takes at once: a share of what is left, so that the last of it is not scattered in pieces. */
const sliceOf = (unleased: number, needed: number, count: number): number =>
  Math.max(needed, Math.floor(unleased / (2 * count)));

/** Leases a slice of the master's to the shard. Two that do so at once would take twice: what it had is a condition. */
const leaseSlices = (
  view: GlobalView,
  { row, key }: Shard,
  windows: LedgerWindows,
  short: ReadonlyMap<LedgerSpanValue, number>,
): readonly RowWrite[] => {
  const slices = new Map(
    [...short].map(([span, needed]) => [span, sliceOf(unleasedOf(view, span, windows), needed, view.count)]),
  );
  const add: Record<string, number> = {};
  const conditions: RowCondition[] = [];
  for (const [span, slice] of slices) {
    const attribute = amountAttribute(AVAILABLE, span, windows);
    add[attribute] = slice;
    const had = row?.[attribute] as number | undefined;
    conditions.push(had === undefined ? { attribute, is: 'absent' } : { attribute, is: 'equal', value: had });
  }
  const change = { add, set: { expiresAt: windowExpiresAt(view.month) } };
  return [settingsUnchanged(view.settings), takeFromMaster(view, windows, slices), { key, conditions, change }];
};

/** Gathers what is needed into one shard: all that the master has, and then all of the richest shards' first. */
const gather = (
  view: GlobalView,
  windows: LedgerWindows,
  short: ReadonlyMap<LedgerSpanValue, number>,
): readonly RowWrite[] => {
  const fromMaster = new Map<LedgerSpanValue, number>();
  const taken = new Map<string, Record<string, number>>();
  const gathered: Record<string, number> = {};
  for (const [span, needed] of short) {
    const attribute = amountAttribute(AVAILABLE, span, windows);
    const ofMaster = Math.max(0, unleasedOf(view, span, windows));
    fromMaster.set(span, ofMaster);
    let sum = ofMaster;
    let sources = view.shards.filter(({ index }) => index !== GATHERING_SHARD);
    for (let source = richest(sources, attribute); source && sum < needed; source = richest(sources, attribute)) {
      const { key, row } = source;
      const amount = amountOf(row, attribute);
      taken.set(key, { ...taken.get(key), [attribute]: amount });
      sum += amount;
      sources = sources.filter((other) => other.key !== key);
    }
    gathered[attribute] = sum;
  }
  const set = { expiresAt: windowExpiresAt(view.month) };
  const sources = [...taken].map(([key, amounts]): RowWrite => {
    const entries = Object.entries(amounts);
    const conditions = entries.map(([attribute, value]): RowCondition => ({ attribute, is: 'at-least', value }));
    return { key, conditions, change: { add: Object.fromEntries(entries.map(([name, by]) => [name, -by])), set } };
  });
  const target = globalShardKey(view.month, GATHERING_SHARD);
  return [
    settingsUnchanged(view.settings),
    takeFromMaster(view, windows, fromMaster),
    ...sources,
    { key: target, conditions: [], change: { add: gathered, set } },
  ];
};

/** By how much a shard falls short in each window in which it does. */
const shortOf = ({ row }: Pick<Shard, 'row'>, { amount, windows }: Need): ReadonlyMap<LedgerSpanValue, number> => {
  const short = new Map<LedgerSpanValue, number>();
  for (const span of SPANS) {
    const attribute = amountAttribute(AVAILABLE, span, windows);
    // A window that a shard has nothing of, not even 0, is opened by leasing.
    const needed = amount - amountOf(row, attribute);
    if (needed > 0 || row?.[attribute] === undefined) short.set(span, needed);
  }
  return short;
};

const isInDebt = ({ master }: GlobalView, windows: LedgerWindows): boolean =>
  SPANS.some((span) => amountOf(master, amountAttribute(UNLEASED, span, windows)) < 0);

const isMarked = ({ row }: Pick<Shard, 'row'>, windows: LedgerWindows): boolean =>
  SPANS.some((span) => row?.[amountAttribute(OWED, span, windows)] !== undefined);

/** What is left of the cap in each window, and the first window that it does not suffice in. */
const refusalOf = (view: GlobalView, { amount, windows }: Need): Decision | undefined => {
  for (const span of SPANS) {
    const attribute = amountAttribute(AVAILABLE, span, windows);
    const left = view.shards.reduce((sum, { row }) => sum + amountOf(row, attribute), unleasedOf(view, span, windows));
    if (left < amount) return { kind: 'refused', span, left: Math.max(0, left) };
  }
  return undefined;
};

/** Makes a shard usable that is marked, or counted, by what is over. */
const mend = (view: GlobalView, target: Shard, { windows }: Need): Step => {
  const own = { ...view, shards: [target] };
  return resizeStep(view, windows) ?? cutStep(own) ?? (isInDebt(view, windows) ? undefined : debtStep(own, windows));
};

/** What is to be done about a shard that could not commit an amount, by what was read. */
export const decide = (view: GlobalView, need: Need): Decision => {
  const { shard, windows } = need;
  const { settings, shards } = view;
  if (settings.cut) return { kind: 'cut', cut: settings.cut };
  const target = shards.find(({ index }) => index === shard) as Shard;
  const mended = transfer(mend(view, target, need), shard);
  if (mended) return mended;
  if (!isInDebt(view, windows)) {
    const short = shortOf(target, need);
    if (short.size === 0) return { kind: 'ready', shard, scarce: false };
    if ([...short].every(([span, needed]) => unleasedOf(view, span, windows) >= needed)) {
      return { kind: 'transfer', writes: leaseSlices(view, target, windows, short), shard, scarce: false };
    }
  }
  if (!isComplete(view)) return { kind: 'look-further' };
  return refusalOf(view, need) ?? transfer(debtStep(view, windows), shard) ?? useWhatIsLeft(view, need);
};

/** All that is left suffices, but this shard has not so much, and the master neither. */
const useWhatIsLeft = (view: GlobalView, need: Need): Decision => {
  const isAble = (shard: Shard) =>
    shard.row?.[CUT_MARK] === undefined && !isMarked(shard, need.windows) && shortOf(shard, need).size === 0;
  const able = view.shards.find(isAble);
  if (able) return { kind: 'ready', shard: able.index, scarce: true };
  const target = view.shards.find(({ index }) => index === GATHERING_SHARD) ?? { row: undefined };
  const writes = gather(view, need.windows, shortOf(target, need));
  return { kind: 'transfer', writes, shard: GATHERING_SHARD, scarce: true };
};
