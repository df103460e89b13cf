import { FailureReason, type FailureReasonValue } from '../../lib/contract/failures';
import type { Clock } from '../runtime/clock/clock';
import type { Submission } from '../runtime/jobs/submission';
import type { Classification } from '../runtime/retry/classification';
import { classifyHttpFailure, type HttpFailure, isOutOfCredit } from '../runtime/retry/classify-http';
import { parseRetryAfter } from '../runtime/retry/retry-after';
import type { Credential } from '../runtime/secrets/credential';
import { parseCompletion, parseErrorType } from './anthropic-answers';
import { type Disposition, TransportError, type TransportFault, UpstreamError } from './errors';
import type { HttpAnswer, PooledHttp } from './pooled-http';
import type { CallOptions, Completion, IUpstream } from './upstream';

const API_VERSION = '2023-06-01';

/** Longest wait that a `retry-after` can ask for, in milliseconds; also the cap of the queue's own backoff. */
const MAX_RETRY_AFTER_MS = 15 * 60_000;

/** Statuses that concern the service's own credential: no client's request is at fault. */
const CREDENTIAL_REFUSED: ReadonlySet<number> = new Set([401, 403]);

/** Statuses of a gateway that has waited for the upstream itself, or for the call. */
const TIMED_OUT: ReadonlySet<number> = new Set([408, 504]);

const FAULTS: Record<TransportFault, { readonly reason: FailureReasonValue; readonly disposition: Disposition }> = {
  connect: { reason: FailureReason.UPSTREAM_CONNECTION, disposition: 'retry' },
  reset: { reason: FailureReason.UPSTREAM_CONNECTION, disposition: 'retry' },
  timeout: { reason: FailureReason.UPSTREAM_TIMEOUT, disposition: 'retry' },
  'too-large': { reason: FailureReason.COMPLETION_TOO_LARGE, disposition: 'refuse' },
  aborted: { reason: FailureReason.UPSTREAM_TIMEOUT, disposition: 'return' },
};

/** A key in a header of the provider's own, a token in the usual one. */
const headersOf = (credential: Credential): Readonly<Record<string, string>> => {
  if (credential.kind === 'api-key') return { 'x-api-key': credential.value };
  const { value, betas = [] } = credential;
  return { authorization: `Bearer ${value}`, ...(betas.length > 0 && { 'anthropic-beta': betas.join(',') }) };
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

  async complete(submission: Submission, { credential, timeoutMs, signal }: CallOptions): Promise<Completion> {
    const answer = await this.#post(submission, { credential, timeoutMs, signal });
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

  async #post(submission: Submission, { credential, timeoutMs, signal }: CallOptions): Promise<HttpAnswer> {
    try {
      return await this.#http.post({
        url: this.#url,
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          'anthropic-version': API_VERSION,
          ...headersOf(credential),
        },
        body: JSON.stringify(submission),
        timeoutMs,
        signal,
      });
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      const { fault, firstByteArrived } = error;
      // Without a connection nothing was sent.
      throw new UpstreamError({ ...FAULTS[fault], paid: fault !== 'connect', firstByteArrived, cause: error });
    }
  }

  #refusal({ status, headers, body }: HttpAnswer): UpstreamError {
    const failure = { status, errorType: parseErrorType(body) };
    const nowMs = this.#now();
    const classification = classifyHttpFailure(failure, nowMs);
    return new UpstreamError({
      ...meaningOf(failure, classification),
      paid: classification.paid,
      status,
      providerType: failure.errorType,
      retryAfterMs: parseRetryAfter(headers['retry-after'], nowMs, MAX_RETRY_AFTER_MS),
      firstByteArrived: true,
    });
  }
}

interface Meaning {
  readonly reason: FailureReasonValue;
  readonly disposition: Disposition;
}

/**
 * What a status means for the job; whether another call soon may help, the library says. A 4xx without the provider's
 * own error document is of a proxy in between, which would refuse every other request as well.
 */
const meaningOf = (failure: HttpFailure, { action }: Classification): Meaning => {
  const { status = 0, errorType } = failure;
  if (isOutOfCredit(failure)) return { reason: FailureReason.UPSTREAM_CREDIT, disposition: 'return' };
  if (CREDENTIAL_REFUSED.has(status)) return { reason: FailureReason.UPSTREAM_CREDENTIAL, disposition: 'return' };
  const isRequests = action === 'never' && status >= 400 && status < 500 && errorType !== undefined;
  if (isRequests) return { reason: FailureReason.UPSTREAM_REFUSED, disposition: 'refuse' };
  return { reason: reasonOf(status), disposition: action === 'never' ? 'return' : 'retry' };
};

const reasonOf = (status: number): FailureReasonValue => {
  if (status === 429) return FailureReason.UPSTREAM_RATE_LIMITED;
  return TIMED_OUT.has(status) ? FailureReason.UPSTREAM_TIMEOUT : FailureReason.UPSTREAM_ERROR;
};
