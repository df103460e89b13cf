/** Why a job ended `failed` or `dead-lettered`, or went back to the queue; stable, and safe to show to a client. */
export const FailureReason = {
  /** The upstream refused the request for good, as a 400 or a 404 does. */
  UPSTREAM_REFUSED: 'upstream-refused',
  /** The upstream did not accept the service's own credential or account. */
  UPSTREAM_CREDENTIAL: 'upstream-credential',
  /** The service's own account at the upstream has no credit left. */
  UPSTREAM_CREDIT: 'upstream-credit',
  /** The upstream asked for fewer requests. */
  UPSTREAM_RATE_LIMITED: 'upstream-rate-limited',
  /** The upstream failed on its side. */
  UPSTREAM_ERROR: 'upstream-error',
  /** The upstream did not answer in time. */
  UPSTREAM_TIMEOUT: 'upstream-timeout',
  /** The connection to the upstream could not be made, or broke. */
  UPSTREAM_CONNECTION: 'upstream-connection',
  /** The upstream answered something that is not a completion. */
  UPSTREAM_MALFORMED: 'upstream-malformed',
  /** The completion is larger than the service can store. */
  COMPLETION_TOO_LARGE: 'completion-too-large',
  /** No spending cap has covered another call for as long as the job may wait. */
  SPEND_CAP: 'spend-cap',
  /** What a call would cost is not known any more. */
  PRICE_UNKNOWN: 'price-unknown',
  /** The operator cancelled the job before it ran. */
  CANCELLED: 'cancelled',
  /** The service itself failed. */
  INTERNAL: 'internal',
} as const;

export type FailureReasonValue = (typeof FailureReason)[keyof typeof FailureReason];
