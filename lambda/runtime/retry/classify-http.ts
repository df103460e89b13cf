import type { Classification } from './classification';
import { parseRetryAfter } from './retry-after';

/** A call over HTTP that gave no result, as far as it is known. */
export interface HttpFailure {
  /** Status of the answer. @default - there was none */
  readonly status?: number;
  /** The provider's own name of the error, such as `overloaded_error` or `insufficient_quota`. @default - it gave none */
  readonly errorType?: string;
  /** The `Retry-After` header. @default - there was none */
  readonly retryAfter?: string;
  /** The system's code where there was no answer, such as `ECONNRESET`. @default - none is known */
  readonly code?: string;
  /** Whether any of the answer had arrived. @default false */
  readonly firstByteArrived?: boolean;
}

/** Faults from before the request was on its way: it was not seen by anybody, and has cost nothing. */
const NEVER_SENT: ReadonlySet<string | undefined> = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/**
 * Names under which providers say that the account, and not the moment, is at its end: Anthropic's `billing_error`,
 * OpenAI's `insufficient_quota` and `billing_hard_limit_reached`, which both come as 429.
 */
const OUT_OF_CREDIT: ReadonlySet<string | undefined> = new Set([
  'billing_error',
  'billing_hard_limit_reached',
  'insufficient_quota',
]);

/** Of these the provider says that it did not do the work. */
const TURNED_AWAY = new Set([429, 503, 529]);

/** Of these nobody knows how far the work went. */
const BROKEN_OFF = new Set([408, 409, 425, 500, 502, 504]);

/** The status that has no other meaning than that the account has not paid. */
const PAYMENT_REQUIRED = 402;

/** Whether the provider says that the account, and not the moment, is at its end. */
export const isOutOfCredit = ({ status, errorType }: Pick<HttpFailure, 'status' | 'errorType'>): boolean =>
  status === PAYMENT_REQUIRED || OUT_OF_CREDIT.has(errorType);

/** Whether the provider says that it did not take the call: a rate limit, an overload, a server that is down. */
export const isTurnedAway = ({ status, errorType }: Pick<HttpFailure, 'status' | 'errorType'>): boolean =>
  status !== undefined && TURNED_AWAY.has(status) && !isOutOfCredit({ status, errorType });

const withoutAnswer = ({ code, firstByteArrived }: HttpFailure): Classification => {
  // The answer was on its way, so that it is paid for in any case; a new call may still bring it whole.
  if (firstByteArrived) return { action: 'retry', paid: true };
  return NEVER_SENT.has(code) ? { action: 'retry', paid: false } : { action: 'retry', paid: true };
};

/**
 * The meaning of a failed call to a paid provider over HTTP. Exhausted credit is told from a rate limit, though both
 * come as 429; 529 is Anthropic's overload; a reset after the first byte has been paid for, one before it perhaps.
 * @param maxRetryAfterMs upper bound of the wait that the provider may ask for, in milliseconds
 */
export const classifyHttpFailure = (failure: HttpFailure, nowMs: number, maxRetryAfterMs = 60_000): Classification => {
  const { status, retryAfter } = failure;
  if (status === undefined) return withoutAnswer(failure);
  if (isOutOfCredit(failure)) return { action: 'never', paid: false };
  const paid = !isTurnedAway(failure);
  if (paid && !BROKEN_OFF.has(status)) return { action: 'never', paid: status < 400 };
  const retryAfterMs = parseRetryAfter(retryAfter, nowMs, maxRetryAfterMs);
  return retryAfterMs === undefined ? { action: 'retry', paid } : { action: 'wait', retryAfterMs, paid };
};
