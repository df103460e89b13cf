/** Keys of the limits table: one row a client. */
export const LimitsTable = {
  PARTITION_KEY: 'clientId',
  TIME_TO_LIVE: 'expiresAt',
} as const;

/** What a client has used of its limits: everything that one conditional write looks at. A missing row is: nothing yet. */
export interface LimitRow {
  readonly clientId: string;
  /** When the client's bucket is full again, if nothing more comes: microseconds since the epoch. */
  readonly fullAtUs: number;
  /** Microseconds in which one token comes back, by the plan under which `fullAtUs` was written. */
  readonly intervalUs: number;
  /** Newest UTC day that something was counted in, `YYYY-MM-DD`; its month is the one of `monthCount`. */
  readonly utcDay: string;
  /** Counted in that day. */
  readonly dayCount: number;
  /** Counted in the month of that day. */
  readonly monthCount: number;
  /** Names of the newest requests that were counted, oldest first, so that none is counted twice. */
  readonly recent: readonly string[];
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}
