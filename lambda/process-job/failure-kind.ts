import { isTurnedAway } from '../runtime/retry/classify-http';
import { UpstreamError } from '../upstream/errors';
import { InfrastructureError } from './infrastructure-fault';

/**
 * Whose fault it is that a run of a job ended without a result:
 * - `request`: the upstream refuses this request, now and later;
 * - `upstream`: it broke off, or did not answer: an outage does so, and so does a request that it cannot bear;
 * - `turned-away`: it did not take the call for a reason that lies in the service's own account or in the upstream's
 *   load, and never in the request;
 * - `infrastructure`: AWS itself failed, before or after the call;
 * - `job`: anything else, such as a row that does not open.
 */
export type FailureKind = 'request' | 'upstream' | 'turned-away' | 'infrastructure' | 'job';

/** Whether a permission was refused: it may be that of the model which the request names, unlike any other fault of the account. */
export const isForbidden = (error: unknown): boolean =>
  error instanceof UpstreamError && error.isCredentialRejected && error.status === FORBIDDEN;

const FORBIDDEN = 403;

/** The kind of the failure that ended a run. */
export const kindOf = (error: unknown): FailureKind => {
  if (error instanceof InfrastructureError) return 'infrastructure';
  if (!(error instanceof UpstreamError)) return 'job';
  const { disposition, status, providerType: errorType, isAccountRefused } = error;
  if (disposition === 'refuse') return 'request';
  return (isAccountRefused && !isForbidden(error)) || isTurnedAway({ status, errorType }) ? 'turned-away' : 'upstream';
};
