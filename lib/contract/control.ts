/** Keys of the control table: one row for each thing that the whole fleet must agree on. */
export const ControlTable = {
  PARTITION_KEY: 'name',
  TIME_TO_LIVE: 'expiresAt',
} as const;

/** States of a circuit breaker. */
export const BreakerStatus = {
  CLOSED: 'closed',
  OPEN: 'open',
  HALF_OPEN: 'half-open',
} as const;

export type BreakerStatusValue = (typeof BreakerStatus)[keyof typeof BreakerStatus];

/** Name of the breaker that guards the paid upstream; its row in the control table is `breaker#<name>`. */
export const UPSTREAM_BREAKER = 'upstream';

export const breakerRowName = (breaker: string): string => `breaker#${breaker}`;

/** Name of the row that says when the upstream last served a job of this service. */
export const servedRowName = (upstream: string): string => `served#${upstream}`;

/** Whom the upstream served last. A missing row is: nobody yet. */
export interface ServedRow {
  readonly name: string;
  /** Start of the newest call that succeeded anywhere in the fleet, in milliseconds since the epoch. */
  readonly servedAt: number;
}

/** What a row of a breaker holds; times are milliseconds since the epoch. A missing row is a closed breaker of epoch 0. */
export interface BreakerRow {
  readonly name: string;
  readonly status: BreakerStatusValue;
  /** Grows with each change of state; a write that expects another epoch is refused. */
  readonly epoch: number;
  readonly changedAt: number;
  /** Why it changed, in a word such as `failure-rate`, or the operator's reason. */
  readonly reason: string;
  /** When the next probe may start; where the breaker is open. */
  readonly openUntil?: number;
  /** When it last left `closed`. */
  readonly lastOpenedAt?: number;
  /** Openings in a row without a closing in between. */
  readonly openings: number;
  /** Probes in a row that succeeded under this epoch. */
  readonly successes: number;
  readonly probeOwner?: string;
  readonly probeUntil?: number;
  /** Before when no probe may start, after one that was given back without a verdict. */
  readonly nextProbeAt?: number;
  /** Set by `bulwark breaker open`: no probe runs until somebody closes it. */
  readonly held?: boolean;
}

/** Name of the row that says of how much of a window's cap somebody was warned; the cap is in micro-USD. */
export const spendWarningRowName = (window: string, cap: number): string => `spend-warning#${window}#${cap}`;

/** Keys of the audit table: append only, read by day. */
export const AuditTable = {
  PARTITION_KEY: 'day',
  SORT_KEY: 'at',
} as const;

/** Result of the record that is written before an act. */
export const AUDIT_BEGUN = 'begun';

/**
 * One privileged act: ids only, no text of a client's. Each act has two records of the same `act`: one with the result
 * `begun` before anything is done, without which nothing is, and one with the outcome after it. An act of which only the
 * first is there was cut off: what it did is not known from here. What the service does by itself has one record, after
 * it: to cut spending off must not wait for the audit.
 */
export interface AuditRecord {
  /** UTC day, `YYYY-MM-DD`. */
  readonly day: string;
  /** ISO 8601 time and a random suffix, so that two acts never collide. */
  readonly at: string;
  /** Random name of the act, which its two records share. */
  readonly act: string;
  /** ARN of the caller, `local` where an emulator knows no callers, or the name of the handler that did it by itself. */
  readonly who: string;
  /** What was done, such as `dlq.redrive`. */
  readonly what: string;
  /** On what: a queue, a job, a breaker. */
  readonly on: string;
  readonly reason: string;
  /** What came of it, such as `moved 12`, or `refused: breaker open`. */
  readonly result: string;
}
