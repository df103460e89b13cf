import { type BreakerRow, BreakerStatus } from '../../lib/contract/control';
import type { BreakerState } from '../runtime/breaker/breaker';
import type { OutageRecord } from '../runtime/jobs/job';

/** What the breaker says about an outage; times are milliseconds since the epoch. */
export interface OutageFacts {
  readonly isClosed: boolean;
  /** When it last changed: where it is closed, when it closed. */
  readonly changedAt: number;
  /** When it last left `closed`. */
  readonly lastOpenedAt: number;
}

const NEVER = Number.NEGATIVE_INFINITY;

export const factsOfState = (state: BreakerState): OutageFacts => {
  const { lastOpenedAt = NEVER } = state;
  const isClosed = state.status === BreakerStatus.CLOSED;
  return { isClosed, changedAt: isClosed ? (state.closedAt ?? NEVER) : lastOpenedAt, lastOpenedAt };
};

export const factsOfRow = (row: BreakerRow | undefined): OutageFacts => ({
  isClosed: (row?.status ?? BreakerStatus.CLOSED) === BreakerStatus.CLOSED,
  changedAt: row?.changedAt ?? NEVER,
  lastOpenedAt: row?.lastOpenedAt ?? NEVER,
});

/**
 * Counts one more failure of a job. It counts as a round where the breaker has been closed since the last one: then the
 * upstream has served others, for a breaker closes by successes alone. An outage, however long, is one round.
 */
export const nextOutageRecord = (
  record: OutageRecord | undefined,
  { isClosed, lastOpenedAt }: OutageFacts,
  { startedAt, nowMs }: { readonly startedAt: number; readonly nowMs: number },
): OutageRecord => {
  const isNewRound = record === undefined || isClosed || lastOpenedAt > record.at;
  return {
    since: record?.since ?? startedAt,
    at: nowMs,
    rounds: (record?.rounds ?? 0) + (isNewRound ? 1 : 0),
  };
};

/** Rounds after which a job fails by itself: an upstream that flaps does not hit the same job so often. */
const MOST_ROUNDS = 10;

/** Whether the job has met the upstream's failures so often, or for so long, that it is given up. */
export const isPatienceOver = (
  { since, rounds }: OutageRecord,
  { nowMs, patienceMs }: { readonly nowMs: number; readonly patienceMs: number },
): boolean => rounds >= MOST_ROUNDS || nowMs - since >= patienceMs;
