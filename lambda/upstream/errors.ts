import { FailureReason, type FailureReasonValue } from '../../lib/contract/failures';

/**
 * What an upstream's failure means for the job:
 * - `retry`: another call soon may succeed;
 * - `return`: not soon, and not by the request's fault: the job goes back to the queue;
 * - `refuse`: no call with this request will succeed: the job fails.
 */
export type Disposition = 'retry' | 'return' | 'refuse';

/** The system's code of an error, such as `ECONNRESET`. */
const codeOf = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;

export interface UpstreamErrorDetails {
  readonly reason: FailureReasonValue;
  readonly disposition: Disposition;
  /** HTTP status. @default - there was no answer */
  readonly status?: number;
  /** The provider's own name of the error, such as `overloaded_error`. @default - it gave none */
  readonly providerType?: string;
  /** Milliseconds to wait before the next call. @default - the upstream did not say */
  readonly retryAfterMs?: number;
  /** Whether the call has cost something, or perhaps. @default true */
  readonly paid?: boolean;
  /** Whether any of the answer had arrived: from then on the call has probably been paid for. */
  readonly firstByteArrived: boolean;
  readonly cause?: unknown;
}

/** Thrown by an upstream adapter for every call that gave no completion. Its message holds codes only. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  readonly reason: FailureReasonValue;
  readonly disposition: Disposition;
  readonly status: number | undefined;
  readonly providerType: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly paid: boolean;
  readonly firstByteArrived: boolean;

  constructor(details: UpstreamErrorDetails) {
    const { reason, disposition, status, providerType, retryAfterMs, paid = true, firstByteArrived, cause } = details;
    const codes = [status && `HTTP ${status}`, providerType, codeOf(cause)];
    super([reason, ...codes.filter(Boolean)].join(' '), { cause });
    this.reason = reason;
    this.disposition = disposition;
    this.status = status;
    this.providerType = providerType;
    this.retryAfterMs = retryAfterMs;
    this.paid = paid;
    this.firstByteArrived = firstByteArrived;
  }

  get retryable(): boolean {
    return this.disposition === 'retry';
  }

  /** Whether the upstream did not accept the credential: a newer one may be accepted. */
  get isCredentialRejected(): boolean {
    return this.reason === FailureReason.UPSTREAM_CREDENTIAL;
  }

  /** Whether the service's own account is at fault: its credential, or its credit. */
  get isAccountRefused(): boolean {
    return this.isCredentialRejected || this.reason === FailureReason.UPSTREAM_CREDIT;
  }
}

export type TransportFault =
  /** No connection within the time allowed, or none at all. */
  | 'connect'
  /** The whole call took too long. */
  | 'timeout'
  /** The connection broke. */
  | 'reset'
  /** The answer is larger than allowed. */
  | 'too-large'
  /** The caller's signal was aborted. */
  | 'aborted';

/** Thrown by the HTTP client where a call gave no whole answer; `code` is the system's, where there is one. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly code: string | undefined;

  constructor(
    readonly fault: TransportFault,
    readonly firstByteArrived: boolean,
    cause?: unknown,
  ) {
    const code = codeOf(cause);
    super(code ? `${fault} (${code})` : fault, { cause });
    this.code = code;
  }
}
