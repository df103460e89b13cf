import type { SpendStatus, WindowStatus } from '../runtime/spend/ledger';

/** The windows of a status, the shorter first. */
export const windowsIn = ({ day, month }: Pick<SpendStatus, 'day' | 'month'>): readonly WindowStatus[] => [day, month];

/** Percent of the cap that is spent, in hundredths rounded down; of a cap of nothing, all. Undefined without a cap. */
export const spentPercent = ({ spent, cap }: Pick<WindowStatus, 'spent' | 'cap'>): number | undefined =>
  cap === undefined ? undefined : percentOf(spent, cap);

/** The same of what is committed: spent, or reserved for calls that have not ended. */
export const committedPercent = ({ committed, cap }: Pick<WindowStatus, 'committed' | 'cap'>): number | undefined =>
  cap === undefined ? undefined : percentOf(committed, cap);

/** Exact, as products of micro-USD may not be. */
const percentOf = (amount: number, cap: number): number =>
  cap > 0 ? Number((BigInt(amount) * 10_000n) / BigInt(cap)) / 100 : 100;

/**
 * The window whose cap is used up: all of it is spent, or what is spent leaves less than the cheapest request and nothing
 * is reserved that could still be given back. While anything is, the ledger refuses what does not fit and no more is to
 * be done, as its calls may cost less than their worst case.
 */
export const usedUpWindow = (
  status: Pick<SpendStatus, 'day' | 'month'>,
  cheapest: number,
): (WindowStatus & { readonly cap: number }) | undefined =>
  windowsIn(status).find(
    (window): window is WindowStatus & { cap: number } =>
      window.cap !== undefined &&
      (window.spent >= window.cap || (window.reserved === 0 && window.cap - window.spent < cheapest)),
  );
