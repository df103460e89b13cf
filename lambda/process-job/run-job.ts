import { FailureReason } from '../../lib/contract/failures';
import { SpendCapName } from '../../lib/contract/ledger';
import { UnknownModelError, UnknownPriceError } from '../../lib/contract/price-book';
import { BreakerOpenError } from '../runtime/breaker/errors';
import { LeaseLostError } from '../runtime/jobs/errors';
import { type Failure, type Job, sealingContextOf } from '../runtime/jobs/job';
import type { Submission } from '../runtime/jobs/submission';
import { RetryError } from '../runtime/retry/errors';
import { open, type Sealed, seal } from '../runtime/sealing/envelope';
import { CredentialUnavailableError } from '../runtime/secrets/errors';
import { UpstreamError } from '../upstream/errors';
import type { Completion } from '../upstream/upstream';
import { callUpstream } from './call-upstream';
import type { Invocation, ProcessDependencies } from './dependencies';
import { type FailureKind, kindOf } from './failure-kind';
import { InfrastructureError, viaAws } from './infrastructure-fault';
import { SpendRefusedError } from './job-spending';

/** How one run of a leased job ended. */
export type RunOutcome =
  | { readonly kind: 'succeeded' }
  /** No other run can succeed. */
  | { readonly kind: 'failed'; readonly failure: Failure }
  /** Another run may; not before `retryAfterMs`, where the upstream said so. */
  | {
      readonly kind: 'unfinished';
      readonly fault: Exclude<FailureKind, 'request'>;
      readonly failure: Failure;
      readonly retryAfterMs?: number;
    }
  /** The breaker lets no call through, for another `retryAfterMs` at least. */
  | { readonly kind: 'held-back'; readonly retryAfterMs: number }
  /** No cap covers a call, for another `retryAfterMs` at least, or spending is cut off. */
  | { readonly kind: 'held-by-spend'; readonly retryAfterMs: number };

/** Largest sealed completion, in bytes; the row around it fits into the 400 KB of a table item as well. */
const MAX_SEALED_BYTES = 380 * 1024;

/** Part of the two seconds that the deadline leaves, in milliseconds, for writing down what was paid for. */
const SETTLE_MS = 1_500;

/** Opens the request, calls the upstream and records the result. @throws LeaseLostError where another worker took over. */
export const runJob = async (
  job: Job,
  dependencies: ProcessDependencies,
  invocation: Invocation,
): Promise<RunOutcome> => {
  try {
    const context = sealingContextOf(job);
    const { wrappedKey } = job.sealedRequest;
    const plaintext = await viaAws(dependencies.dataKeys.unwrap(wrappedKey, context));
    const submission = JSON.parse(open(job.sealedRequest, plaintext, context)) as Submission;
    const { completion, startedAt } = await callUpstream(submission, job, dependencies, invocation);
    const witnessed = dependencies.witness.served(startedAt);
    const sealed = seal(JSON.stringify(completion), { plaintext, wrapped: wrappedKey }, context);
    if (sealed.ciphertext.length > MAX_SEALED_BYTES) {
      await witnessed;
      return { kind: 'failed', failure: { reason: FailureReason.COMPLETION_TOO_LARGE } };
    }
    await Promise.all([settle(job, completion, sealed, dependencies, invocation), witnessed]);
    return { kind: 'succeeded' };
  } catch (error) {
    if (error instanceof LeaseLostError) throw error;
    return outcomeOf(error, job, dependencies, invocation);
  }
};

/** Records the result, and tries harder than elsewhere: another run would pay a second time. */
const settle = async (
  job: Job,
  { usage }: Completion,
  sealedCompletion: Sealed,
  { store, settleRetries, now }: ProcessDependencies,
  { deadline }: Invocation,
): Promise<void> => {
  // The same words each time, so that the store can tell a repetition of a write whose answer was lost.
  const success = { usage, sealedCompletion, expiresAt: job.expiresAt, nowMs: now() };
  const record = () => store.succeed(job, success);
  try {
    await settleRetries.execute(record, { deadline: deadline + SETTLE_MS });
  } catch (error) {
    await viaAws(Promise.reject(error instanceof RetryError ? error.cause : error));
  }
};

/** Milliseconds after which a job is tried again whose call no cap covers, or that meets a cut-off. */
const SPEND_RETRY_MS = 60_000;

const outcomeOf = (
  error: unknown,
  { createdAt }: Job,
  { now, patienceMs }: ProcessDependencies,
  { log }: Invocation,
): RunOutcome => {
  if (error instanceof SpendRefusedError) {
    const { refused } = error;
    // What one job may cost in all comes back with no window.
    const isSpent =
      refused.kind === 'refused' && (refused.cap === SpendCapName.JOB || now() - Date.parse(createdAt) >= patienceMs);
    return isSpent
      ? { kind: 'failed', failure: { reason: FailureReason.SPEND_CAP } }
      : { kind: 'held-by-spend', retryAfterMs: SPEND_RETRY_MS };
  }
  if (error instanceof UnknownModelError || error instanceof UnknownPriceError) {
    return { kind: 'failed', failure: { reason: FailureReason.PRICE_UNKNOWN } };
  }
  if (error instanceof BreakerOpenError) return { kind: 'held-back', retryAfterMs: error.retryAfterMs };
  const isUpstreams = error instanceof UpstreamError;
  if (!isUpstreams) log.error('The job could not be run.', error as Error);
  const failure = failureOf(error instanceof InfrastructureError ? error.cause : error);
  const fault = kindOf(error);
  if (fault === 'request') return { kind: 'failed', failure };
  return { kind: 'unfinished', fault, failure, retryAfterMs: isUpstreams ? error.retryAfterMs : undefined };
};

const failureOf = (error: unknown): Failure => {
  if (error instanceof UpstreamError) return { reason: error.reason, detail: error.message };
  return {
    reason: error instanceof CredentialUnavailableError ? FailureReason.UPSTREAM_CREDENTIAL : FailureReason.INTERNAL,
    detail: error instanceof Error ? error.name : typeof error,
  };
};
