/** Keys and attributes of the ledger table: what is committed and spent, in integer micro-USD. */
export const LedgerTable = {
  PARTITION_KEY: 'key',
  TIME_TO_LIVE: 'expiresAt',
  /** Sparse index over the reservations that are open: by bucket, those first whose lease ends first; keys only. */
  LEASES_INDEX: 'leases',
  /** Partition key of the index; see `leaseBucketOf`. */
  LEASE_BUCKET: 'leaseBucket',
  /** Sort key of the index: milliseconds since the epoch at which the reservation's lease ends. */
  LEASE_UNTIL: 'leaseUntil',
} as const;

/** Partitions that the open reservations are spread over in the index of leases. */
export const LEASE_BUCKETS = 8;

/** Shards that the global cap is leased to, unless configured otherwise. */
export const DEFAULT_GLOBAL_SHARDS = 16;

/** Most shards: all of them, the master and the settings are read in one transaction. */
export const MAX_GLOBAL_SHARDS = 64;

/**
 * What stands for "no cap", in micro-USD: nine billion dollars. Sums of amounts up to it are exact in a double, so that
 * a window without a cap needs no rules of its own.
 */
export const UNCAPPED = 9_000_000_000_000_000;

/** A window by its UTC day, `2026-11-27`, and month, `2026-11`. */
export interface LedgerWindows {
  readonly day: string;
  readonly month: string;
}

/** The two windows that every cap has. */
export const LedgerSpan = { DAY: 'day', MONTH: 'month' } as const;

export type LedgerSpanValue = (typeof LedgerSpan)[keyof typeof LedgerSpan];

/** Amounts in the rows of a month, and marks; no two begin with the same letter. */
export const LedgerAmount = {
  /** Spent and reserved together, as a condition cannot add two attributes. */
  COMMITTED: 'committed',
  SPENT: 'spent',
  /** What a shard has of the global cap, and nobody has reserved. */
  AVAILABLE: 'available',
  /** What of the global cap no shard has; below 0 where more is committed than the cap allows. */
  UNLEASED: 'unleased',
  /** The global cap by which `unleased` was counted. */
  LIMIT: 'limit',
  /** Marks a shard under which nothing may be reserved, as more is committed than the cap allows. */
  OWED: 'owed',
} as const;

export type LedgerAmountValue = (typeof LedgerAmount)[keyof typeof LedgerAmount];

/** Mark of a shard while spending is cut off. */
export const CUT_MARK = 'cut';

/** How many shards the master of a month knows of. */
export const SHARD_COUNT = 'shards';

/**
 * Attribute of an amount in the row of a month, in which each day has its own, so that one update checks and changes
 * both windows: `committed` is the month's, `c27` that of its 27th day.
 */
export const amountAttribute = (amount: LedgerAmountValue, span: LedgerSpanValue, { day }: LedgerWindows): string =>
  span === LedgerSpan.MONTH ? amount : `${amount.charAt(0)}${day.slice(-2)}`;

/** Days that the rows of a month are kept after its end. */
export const WINDOW_RETENTION_DAYS = 400;

/** Key of the one row of settings; as long as it is missing, nothing can be reserved. */
export const LEDGER_SETTINGS_KEY = 'settings';

/** Row of what one client committed and spent in a month, such as `client#k2j4…#2026-11`, and in each of its days. */
export const clientWindowKey = (clientId: string, month: string): string => `client#${clientId}#${month}`;

/** Row of the part of the global cap of a month and of its days that no shard has. */
export const globalMasterKey = (month: string): string => `global#${month}`;

/** Row of one shard of a month: what it has of the global cap, and what was committed and spent under it. */
export const globalShardKey = (month: string, shard: number): string => `global#${month}#${shard}`;

export const reservationKey = (id: string): string => `reservation#${id}`;

/** The id of the reservation whose key this is. */
export const reservationIdOf = (key: string): string => key.slice(reservationKey('').length);

/** Partition of the index of leases that a reservation is in. */
export const leaseBucketOf = (id: string): string => {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % LEASE_BUCKETS;
  return String(sum);
};

/** Every partition of the index of leases. */
export const LEASE_BUCKET_NAMES: readonly string[] = Array.from({ length: LEASE_BUCKETS }, (_, bucket) =>
  String(bucket),
);

/** The caps of the whole service. @default - no cap */
export interface GlobalCaps {
  /** Micro-USD that may be committed in one UTC day. */
  readonly globalDay?: number;
  /** Micro-USD that may be committed in one UTC month. */
  readonly globalMonth?: number;
}

/** Why spending is cut off. */
export interface CutOff {
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Who did it: an ARN, or the name of an alarm. */
  readonly by: string;
}

/** The row of settings. */
export interface LedgerSettings {
  readonly key: typeof LEDGER_SETTINGS_KEY;
  /** Grows with each change, so that nothing is given out by settings that are over. */
  readonly version: number;
  /** As the stack was deployed. */
  readonly deployed: GlobalCaps;
  /** Set by an operator since; each stands in place of the deployed one. */
  readonly override: GlobalCaps;
  /** @default - spending is not cut off */
  readonly cut?: CutOff;
}

/** What can refuse a reservation. */
export const SpendCapName = {
  CLIENT_DAY: 'client-day',
  CLIENT_MONTH: 'client-month',
  GLOBAL_DAY: 'global-day',
  GLOBAL_MONTH: 'global-month',
  /** What one job may commit in all, its repeated calls together. */
  JOB: 'job',
} as const;

export type SpendCapNameValue = (typeof SpendCapName)[keyof typeof SpendCapName];
