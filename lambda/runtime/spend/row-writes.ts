import { LedgerTable } from '../../../lib/contract/ledger';
import type { LedgerRow, RowCondition, RowWrite } from './ledger-store';

type MaybeRow = LedgerRow | undefined;

/** An amount of a row; what is absent is 0. */
export const amountOf = (row: MaybeRow, attribute: string): number => Number(row?.[attribute] ?? 0);

/** Whether a condition holds, as the table judges it: a comparison with an attribute that is absent does not. */
export const meets = (row: MaybeRow, condition: RowCondition): boolean => {
  const value = row?.[condition.attribute];
  switch (condition.is) {
    case 'absent':
      return value === undefined;
    case 'present':
      return value !== undefined;
    case 'equal':
      return value === condition.value;
    case 'at-least':
      return Number(value ?? Number.NaN) >= condition.value;
    case 'below':
      return Number(value ?? Number.NaN) < condition.value;
    case 'at-most-or-absent':
      return value === undefined || Number(value) <= condition.value;
  }
};

/** The row after a write whose conditions hold; undefined where the write is a check, and there is none. */
export const written = (row: MaybeRow, { key, change, replacement }: RowWrite): MaybeRow => {
  if (replacement) return replacement;
  if (!change) return row;
  const next: Record<string, unknown> = { [LedgerTable.PARTITION_KEY]: key, ...row, ...change.set };
  for (const [attribute, amount] of Object.entries(change.add ?? {}))
    next[attribute] = amountOf(row, attribute) + amount;
  for (const attribute of change.remove ?? []) delete next[attribute];
  return next;
};
