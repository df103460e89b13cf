import { FailureReason } from '../../lib/contract/failures';
import type { Permit } from '../runtime/breaker/breaker';
import { UpstreamError } from '../upstream/errors';
import { kindOf } from './failure-kind';

/** Milliseconds that a call must have been allowed for its running out to speak against the upstream. */
const FAIR_TIMEOUT_MS = 5_000;

/** No status: nobody answered. It was cut off by this side, or had too little time left for anybody to answer. */
const isCutOff = (error: unknown, allowedMs: number): boolean =>
  error instanceof UpstreamError &&
  error.reason === FailureReason.UPSTREAM_TIMEOUT &&
  error.status === undefined &&
  (error.disposition === 'return' || allowedMs < FAIR_TIMEOUT_MS);

/**
 * What the breaker is told of a call that threw under a permit; `allowedMs` is how long it might have taken. A probe
 * that was cut off has failed: given back, it would be made again and again by calls that have no time for it.
 */
export const verdictOf = (error: unknown, allowedMs: number, permit: Permit['kind']): Exclude<keyof Permit, 'kind'> => {
  switch (kindOf(error)) {
    // The upstream has answered as it should.
    case 'request':
      return 'success';
    case 'upstream':
    case 'turned-away':
      return permit === 'normal' && isCutOff(error, allowedMs) ? 'abandon' : 'failure';
    default:
      return 'abandon';
  }
};
