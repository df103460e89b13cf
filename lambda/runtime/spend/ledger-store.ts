/** A row of the ledger, by its attributes; `key` is one of them. */
export type LedgerRow = Readonly<Record<string, unknown>>;

/** What must be true of a row for a commit to be made; amounts are compared as numbers. */
export type RowCondition =
  | { readonly attribute: string; readonly is: 'absent' | 'present' }
  | { readonly attribute: string; readonly is: 'equal'; readonly value: string | number }
  | { readonly attribute: string; readonly is: 'at-least' | 'below' | 'at-most-or-absent'; readonly value: number };

/** One row's part of a commit; without a change it is a mere check. A row is named once in a commit. */
export interface RowWrite {
  readonly key: string;
  /** All of them have to hold; on a row that is missing every attribute is absent. */
  readonly conditions: readonly RowCondition[];
  /** Attributes that are changed; a row that is missing is made. */
  readonly change?: RowChange;
  /** The row as it is to be, in place of all that it was. */
  readonly replacement?: LedgerRow;
}

export interface RowChange {
  /** Amounts that are added; an attribute that is absent counts as 0. */
  readonly add?: Readonly<Record<string, number>>;
  readonly set?: Readonly<Record<string, unknown>>;
  readonly remove?: readonly string[];
}

export type CommitResult =
  | { readonly kind: 'committed' }
  /** At least one condition does not hold: nothing was written. */
  | {
      readonly kind: 'refused';
      /** The rows that are known to be in the way, as they were then; undefined for one that is missing. */
      readonly rows: ReadonlyMap<string, LedgerRow | undefined>;
      /** Whether a write alongside was refused. */
      readonly alongside: boolean;
    }
  /** Another commit was under way at one of the rows, or the store is throttled: nothing was written. */
  | { readonly kind: 'conflict'; readonly cause?: unknown };

/**
 * Where a ledger keeps its rows. A call rejects where the store fails; a commit that rejects may have been made all the
 * same.
 */
export interface ILedgerStore<Alongside = never> {
  /** Each row by a consistent read of its own; those that are missing are not in the answer. */
  read(keys: readonly string[]): Promise<ReadonlyMap<string, LedgerRow>>;
  /** All rows as they were at one instant. */
  snapshot(keys: readonly string[]): Promise<ReadonlyMap<string, LedgerRow> | 'conflict'>;
  /** Makes all writes, or none. */
  commit(writes: readonly RowWrite[], alongside?: readonly Alongside[]): Promise<CommitResult>;
  /** Ids of at most `limit` open reservations of one bucket whose lease ended before `before`, the first to end first; may lag. */
  listEnded(bucket: string, before: number, limit: number): Promise<readonly string[]>;
}
