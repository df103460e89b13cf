import { FailureReason, type FailureReasonValue } from '../../lib/contract/failures';
import type { Permit } from '../runtime/breaker/breaker';
import { UpstreamError } from '../upstream/errors';

/** Failures that an outage of the upstream explains: they speak against the upstream, and not against the job. */
const OUTAGE: ReadonlySet<FailureReasonValue> = new Set([
  FailureReason.UPSTREAM_ERROR,
  FailureReason.UPSTREAM_TIMEOUT,
  FailureReason.UPSTREAM_CONNECTION,
  FailureReason.UPSTREAM_RATE_LIMITED,
  // An answer of 200 that is no completion: what stands in front of the upstream has answered in its name.
  FailureReason.UPSTREAM_MALFORMED,
]);

/** Whether an outage of the upstream explains the failure. */
export const isOutage = (reason: FailureReasonValue): boolean => OUTAGE.has(reason);

/** Failures with which the upstream has answered as it should: the request was at fault. */
const ANSWERED: ReadonlySet<FailureReasonValue> = new Set([
  FailureReason.UPSTREAM_REFUSED,
  FailureReason.COMPLETION_TOO_LARGE,
]);

/** Milliseconds that a call must have been allowed for its running out to speak against the upstream. */
const FAIR_TIMEOUT_MS = 5_000;

/** What the breaker is told of a call that threw; `allowedMs` is how long it might have taken. */
export const verdictOf = (error: unknown, allowedMs: number): Exclude<keyof Permit, 'kind'> => {
  if (!(error instanceof UpstreamError)) return 'abandon';
  if (ANSWERED.has(error.reason)) return 'success';
  if (!isOutage(error.reason)) return 'abandon';
  // No status: nobody answered. It was cut off by this side, or had too little time left for anybody to answer.
  const isCutOff =
    error.reason === FailureReason.UPSTREAM_TIMEOUT &&
    error.status === undefined &&
    (error.disposition === 'return' || allowedMs < FAIR_TIMEOUT_MS);
  return isCutOff ? 'abandon' : 'failure';
};
