/** Name of the hold on the consumer of the work queue; its row in the control table is `hold#<name>`. */
export const CONSUMER_HOLD = 'consumer';

export const holdRowName = (hold: string): string => `hold#${hold}`;

/** States of a hold. */
export const HoldStatus = {
  /** Nothing is received, and no probe runs. */
  HELD: 'held',
  /** It is being taken away: still nothing is received. */
  LIFTING: 'lifting',
  LIFTED: 'lifted',
} as const;

export type HoldStatusValue = (typeof HoldStatus)[keyof typeof HoldStatus];

/** What a usage plan lets through of each of its clients. */
export interface PlanThrottle {
  /** Requests a second in the long run. */
  readonly rateLimit: number;
  /** Requests at once. */
  readonly burstLimit: number;
}

/**
 * The row of a hold: why the consumer is to stay paused, and what its end brings back. Times are milliseconds since the
 * epoch. A missing row is a consumer that was never held.
 */
export interface HoldRow {
  readonly name: string;
  /** Grows with each write; one that expects another is refused. */
  readonly revision: number;
  readonly status: HoldStatusValue;
  readonly changedAt: number;
  readonly reason: string;
  /** Who held it, as the ledger has it. */
  readonly by: string;
  /** When spending was cut off, which the hold follows. */
  readonly cutAt: number;
  /** Throttles that the usage plans had before, by id; null of a plan that had none. */
  readonly throttles: Readonly<Record<string, PlanThrottle | null>>;
  /** When the cut-off was written into the audit by the service itself. @default - it was not, or an operator's */
  readonly auditedAt?: number;
}

/** Whether the consumer must stay paused, whatever the breaker says. */
export const isHeld = (row: Pick<HoldRow, 'status'> | undefined): boolean =>
  row !== undefined && row.status !== HoldStatus.LIFTED;
