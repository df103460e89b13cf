import { FailureReason, type FailureReasonValue } from '../../lib/contract/failures';
import type { Clock } from '../runtime/clock/clock';
import type { Submission } from '../runtime/jobs/submission';
import { parseRetryAfter } from '../runtime/retry/retry-after';
import { parseCompletion, parseErrorType } from './anthropic-answers';
import { type Disposition, TransportError, type TransportFault, UpstreamError } from './errors';
import type { HttpAnswer, PooledHttp } from './pooled-http';
import type { CallOptions, Completion, IUpstream } from './upstream';

const API_VERSION = '2023-06-01';

/** Longest wait that a `retry-after` can ask for, in milliseconds; also the cap of the queue's own backoff. */
const MAX_RETRY_AFTER_MS = 15 * 60_000;

/** Statuses that another call soon may not meet; 529 is Anthropic's "overloaded". */
const TRANSIENT = new Set([408, 409, 429, 500, 502, 503, 504, 529]);

/** Statuses that concern the service's own account: no client's request is at fault. */
const OPERATORS_FAULT = new Set([401, 402, 403]);

const FAULTS: Record<TransportFault, { readonly reason: FailureReasonValue; readonly disposition: Disposition }> = {
  connect: { reason: FailureReason.UPSTREAM_CONNECTION, disposition: 'retry' },
  reset: { reason: FailureReason.UPSTREAM_CONNECTION, disposition: 'retry' },
  timeout: { reason: FailureReason.UPSTREAM_TIMEOUT, disposition: 'retry' },
  'too-large': { reason: FailureReason.COMPLETION_TOO_LARGE, disposition: 'refuse' },
  aborted: { reason: FailureReason.UPSTREAM_TIMEOUT, disposition: 'return' },
};

/** The Messages API of Anthropic, or of anything that speaks it. */
export class AnthropicMessages implements IUpstream {
  readonly #http: PooledHttp;
  readonly #url: string;
  readonly #now: Clock;

  /** @param baseUrl without a trailing slash */
  constructor(http: PooledHttp, baseUrl: string, now: Clock) {
    this.#http = http;
    this.#url = `${baseUrl}/v1/messages`;
    this.#now = now;
  }

  async complete(submission: Submission, { apiKey, timeoutMs, signal }: CallOptions): Promise<Completion> {
    const answer = await this.#post(submission, { apiKey, timeoutMs, signal });
    if (answer.status !== 200) throw this.#refusal(answer);
    const completion = parseCompletion(answer.body);
    if (completion) return completion;
    throw new UpstreamError({
      reason: FailureReason.UPSTREAM_MALFORMED,
      disposition: 'return',
      status: answer.status,
      firstByteArrived: true,
    });
  }

  async #post(submission: Submission, { apiKey, timeoutMs, signal }: CallOptions): Promise<HttpAnswer> {
    try {
      return await this.#http.post({
        url: this.#url,
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          'anthropic-version': API_VERSION,
          'x-api-key': apiKey,
        },
        body: JSON.stringify(submission),
        timeoutMs,
        signal,
      });
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      throw new UpstreamError({ ...FAULTS[error.fault], firstByteArrived: error.firstByteArrived, cause: error });
    }
  }

  #refusal({ status, headers, body }: HttpAnswer): UpstreamError {
    return new UpstreamError({
      ...meaningOf(status),
      status,
      providerType: parseErrorType(body),
      retryAfterMs: parseRetryAfter(headers['retry-after'], this.#now(), MAX_RETRY_AFTER_MS),
      firstByteArrived: true,
    });
  }
}

const meaningOf = (status: number): { readonly reason: FailureReasonValue; readonly disposition: Disposition } => {
  if (OPERATORS_FAULT.has(status)) return { reason: FailureReason.UPSTREAM_CREDENTIAL, disposition: 'return' };
  const disposition = TRANSIENT.has(status) ? 'retry' : status >= 400 && status < 500 ? 'refuse' : 'return';
  if (disposition === 'refuse') return { reason: FailureReason.UPSTREAM_REFUSED, disposition };
  if (status === 429) return { reason: FailureReason.UPSTREAM_RATE_LIMITED, disposition };
  if (status === 408 || status === 504) return { reason: FailureReason.UPSTREAM_TIMEOUT, disposition };
  return { reason: FailureReason.UPSTREAM_ERROR, disposition };
};
