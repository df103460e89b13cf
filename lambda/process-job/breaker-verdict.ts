import { FailureReason } from '../../lib/contract/failures';
import type { Permit } from '../runtime/breaker/breaker';
import { UpstreamError } from '../upstream/errors';
import { isForbidden, kindOf } from './failure-kind';

/** Milliseconds that a call must have been allowed for its running out to speak against the upstream. */
const FAIR_TIMEOUT_MS = 5_000;

/** No status: nobody answered. It was cut off by this side, or had too little time left for anybody to answer. */
const isCutOff = (error: unknown, allowedMs: number): boolean =>
  error instanceof UpstreamError &&
  error.reason === FailureReason.UPSTREAM_TIMEOUT &&
  error.status === undefined &&
  (error.disposition === 'return' || allowedMs < FAIR_TIMEOUT_MS);

/**
 * Whether a failed call says nothing of the upstream. A refused permission may be that of a model which one client asked
 * for, who must not shut the door for all others; one that is gone for all shows in that nobody is served.
 */
const saysNothing = (error: unknown, allowedMs: number): boolean => isForbidden(error) || isCutOff(error, allowedMs);

/**
 * What the breaker is told of a call that threw under a permit; `allowedMs` is how long it might have taken. A probe
 * that says nothing has failed all the same: given back, it would leave the breaker where it was for ever.
 */
export const verdictOf = (error: unknown, allowedMs: number, permit: Permit['kind']): Exclude<keyof Permit, 'kind'> => {
  switch (kindOf(error)) {
    // The upstream has answered as it should.
    case 'request':
      return 'success';
    case 'upstream':
    case 'turned-away':
      return permit === 'normal' && saysNothing(error, allowedMs) ? 'abandon' : 'failure';
    default:
      return 'abandon';
  }
};
