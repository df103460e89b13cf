import { type BreakerRow, BreakerStatus } from '../../lib/contract/control';
import type { BreakerState } from '../runtime/breaker/breaker';
import type { OutageRecord } from '../runtime/jobs/job';
import type { FailureKind } from './failure-kind';

/** What is known about an outage; times are milliseconds since the epoch. */
export interface OutageFacts {
  /** Whether the breaker is closed. */
  readonly isClosed: boolean;
  readonly epoch: number;
  /** When it last changed: where it is closed, when it closed. */
  readonly changedAt: number;
  /** When it last left `closed`. */
  readonly lastOpenedAt: number;
  /** When the newest call began that succeeded anywhere in the fleet. */
  readonly servedAt: number;
}

export type BreakerFacts = Omit<OutageFacts, 'servedAt'>;

export const NEVER = Number.NEGATIVE_INFINITY;

export const factsOfState = (state: BreakerState): BreakerFacts => {
  const { epoch, lastOpenedAt = NEVER } = state;
  const isClosed = state.status === BreakerStatus.CLOSED;
  return { isClosed, epoch, changedAt: isClosed ? (state.closedAt ?? NEVER) : lastOpenedAt, lastOpenedAt };
};

export const factsOfRow = (row: BreakerRow | undefined): BreakerFacts => ({
  isClosed: (row?.status ?? BreakerStatus.CLOSED) === BreakerStatus.CLOSED,
  epoch: row?.epoch ?? 0,
  changedAt: row?.changedAt ?? NEVER,
  lastOpenedAt: row?.lastOpenedAt ?? NEVER,
});

/** Where nothing can be read: as in an outage, so that no job is given up for what nobody knows. */
export const unknownFacts = (known: BreakerFacts, nowMs: number): OutageFacts => ({
  ...known,
  isClosed: false,
  changedAt: nowMs,
  servedAt: NEVER,
});

/** Whether the upstream has served others since the job last failed; a breaker closes by successes alone. */
const hasServedSince = (atMs: number, { isClosed, changedAt, lastOpenedAt, servedAt }: OutageFacts): boolean =>
  servedAt > atMs || lastOpenedAt > atMs || (isClosed && changedAt > atMs);

/** What a failed probe counts of a round: an upstream that comes and goes uses up those of whoever probes it half as fast. */
const PROBE_ROUND = 0.5;

/** Whether the breaker was not closed all the while since then: the call was a probe, which failed in an outage that is known. */
const wasProbe = (startedAt: number, facts: OutageFacts): boolean => !facts.isClosed && facts.lastOpenedAt <= startedAt;

/**
 * Counts one more failure of a job. Of those that may be its own fault it counts a round where the upstream has served
 * others since the one before: an outage, however long, is one round. A probe that fails is half a round.
 */
export const nextOutageRecord = (
  record: OutageRecord | undefined,
  kind: FailureKind,
  facts: OutageFacts | undefined,
  { startedAt, nowMs }: { readonly startedAt: number; readonly nowMs: number },
): OutageRecord => {
  const { since = startedAt, at = NEVER, rounds = 0 } = record ?? {};
  if (kind !== 'upstream') return { since, at: nowMs, rounds };
  if (rounds === 0) return { since, at: nowMs, rounds: 1 };
  if (!facts || !hasServedSince(at, facts)) return { since, at: nowMs, rounds };
  return { since, at: nowMs, rounds: rounds + (wasProbe(startedAt, facts) ? PROBE_ROUND : 1) };
};

/** Milliseconds before the breaker lets the next call through; where it is closed, as long as it would stay open. */
export const windowLeftMs = (state: BreakerState, openForMs: number, nowMs: number): number => {
  switch (state.status) {
    case BreakerStatus.CLOSED:
      return openForMs;
    case BreakerStatus.OPEN:
      return state.openUntil - nowMs;
    case BreakerStatus.HALF_OPEN:
      return (state.nextProbeAt ?? nowMs) - nowMs;
  }
};
