import type { OutageRecord } from '../runtime/jobs/job';
import type { FailureKind } from './failure-kind';
import type { OutageFacts } from './outage-facts';

/**
 * What becomes of a job whose run has failed:
 * - `return`: its message is received again, and the receive counts;
 * - `hold`: its message is sent anew and later, and no receive counts;
 * - `trip-and-hold`: the breaker is opened as well, which has not seen the outage;
 * - `dead-letter`: it is given up.
 */
export type FailureDecision = 'return' | 'hold' | 'trip-and-hold' | 'dead-letter';

export interface FailedRun {
  readonly kind: Exclude<FailureKind, 'request'>;
  readonly isLastReceive: boolean;
  /**
   * When the first run ended of those that failed in a row by the upstream, in milliseconds since the epoch: whoever
   * was served before that may have been served before an outage that ended the run.
   */
  readonly failedSince: number;
  /** How the job fared before this run. @default - it was never held */
  readonly before?: OutageRecord;
  /** The same with this run counted. */
  readonly after: OutageRecord;
  /** Needed of the kinds that speak of the upstream. @default - it is as if the upstream were up */
  readonly facts?: OutageFacts;
  readonly patienceMs: number;
}

/** Milliseconds by which a call of another worker must be younger to count as such, whatever the two clocks say. */
const CLOCK_SKEW_MS = 2_000;

/** Rounds after which a job fails by itself: an upstream that flaps does not hit the same job so often. */
const MOST_ROUNDS = 10;

/** Decides by whose fault a job has failed; one whose patience or rounds are used up is given up where it would be held. */
export const decideFailure = (run: FailedRun): FailureDecision => {
  const { kind, after, patienceMs } = run;
  const decision = byKind(run);
  const isSpent = after.at - after.since >= patienceMs || (kind === 'upstream' && after.rounds >= MOST_ROUNDS);
  return isSpent && decision !== 'return' ? 'dead-letter' : decision;
};

const byKind = (run: FailedRun): FailureDecision => {
  switch (run.kind) {
    case 'job':
      return run.isLastReceive ? 'dead-letter' : 'return';
    case 'infrastructure':
      return 'hold';
    case 'turned-away':
      return untilTaken(run);
    case 'upstream':
      return byTheFleet(run);
  }
};

/** That a call was not taken needs no second round to be believed; where others are served, a limit is at work. */
const untilTaken = ({ isLastReceive, failedSince, facts }: FailedRun): FailureDecision => {
  if (facts?.isClosed === false) return 'hold';
  if (!isLastReceive) return 'return';
  const isServing = facts === undefined || facts.changedAt >= failedSince || facts.servedAt > failedSince;
  return isServing ? 'hold' : 'trip-and-hold';
};

const byTheFleet = ({ isLastReceive, failedSince, before, facts }: FailedRun): FailureDecision => {
  if (facts?.isClosed === false) return 'hold';
  if (!isLastReceive) return 'return';
  if (!facts) return 'dead-letter';
  if (facts.changedAt >= failedSince) return 'hold';
  // With the breaker closed all the while, what tells an outage from a bad job is whether anybody else was served.
  if (facts.servedAt > failedSince + CLOCK_SKEW_MS) return 'dead-letter';
  const isFirstRound = before === undefined || before.rounds === 0;
  return isFirstRound || facts.servedAt > before.at ? 'hold' : 'trip-and-hold';
};
