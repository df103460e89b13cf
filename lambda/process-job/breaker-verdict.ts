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

/** A call that threw under a permit. */
export interface FailedCall {
  readonly permit: Permit['kind'];
  /** Milliseconds that it might have taken. */
  readonly allowedMs: number;
  /** Whether the upstream has served this process the same model before. */
  readonly wasServed: boolean;
}

/**
 * Whether a failed call says nothing of the upstream. A refused permission may be that of a model which one client asked
 * for, who must not shut the door for all others; where the model was served before, the account has lost it.
 */
const saysNothing = (error: unknown, { allowedMs, wasServed }: FailedCall): boolean =>
  (isForbidden(error) && !wasServed) || isCutOff(error, allowedMs);

/**
 * What the breaker is told of a call that threw. A probe that says nothing has failed all the same: given back, it would
 * leave the breaker where it was for ever.
 */
export const verdictOf = (error: unknown, call: FailedCall): Exclude<keyof Permit, 'kind'> => {
  switch (kindOf(error)) {
    // The upstream has answered as it should.
    case 'request':
      return 'success';
    case 'upstream':
    case 'turned-away':
      return call.permit === 'normal' && saysNothing(error, call) ? 'abandon' : 'failure';
    default:
      return 'abandon';
  }
};
