import { BreakerStatus } from '../../lib/contract/control';
import { FailureReason } from '../../lib/contract/failures';
import { MetricName } from '../../lib/contract/metrics';
import type { Permit } from '../runtime/breaker/breaker';
import { BreakerOpenError } from '../runtime/breaker/errors';
import type { Job } from '../runtime/jobs/job';
import type { Submission } from '../runtime/jobs/submission';
import { RetryError } from '../runtime/retry/errors';
import type { Credential } from '../runtime/secrets/credential';
import { UpstreamError } from '../upstream/errors';
import type { Completion } from '../upstream/upstream';
import { verdictOf } from './breaker-verdict';
import type { Invocation, ProcessDependencies } from './dependencies';
import { InfrastructureError, viaAws } from './infrastructure-fault';
import { hasCostNothing, isCallRefused, type PaidCall, type SpendContext, SpendRefusedError } from './job-spending';
import { openBreaker } from './open-breaker';

/** A completion, and when the call for it began. */
export interface Served {
  readonly completion: Completion;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

/** The invocation's time was up before the upstream was called: what came before the call has used it. */
class OutOfTimeError extends Error {
  override readonly name = 'OutOfTimeError';

  constructor(cause?: unknown) {
    super('No time was left for a call.', { cause });
  }
}

const outOfTime = (cause?: unknown): InfrastructureError => new InfrastructureError(new OutOfTimeError(cause));

const isOutOfTime = (error: unknown): boolean =>
  error instanceof InfrastructureError && error.cause instanceof OutOfTimeError;

/** This side has ended the call. */
const cutOff = (cause: unknown): UpstreamError =>
  new UpstreamError({
    reason: FailureReason.UPSTREAM_TIMEOUT,
    disposition: 'return',
    firstByteArrived: false,
    cause,
  });

/** Part of the two seconds that the deadline leaves, in milliseconds, for writing down what a call has cost. */
const RECORD_MS = 1_000;

/**
 * Asks the upstream for the completion, with retries inside the invocation's deadline. Each try needs the breaker's
 * permit and the ledger's consent, and each call is counted in the job's row before it is made, under the lease, so that
 * no worker pays for a job that it has lost.
 * @throws UpstreamError of the last call, BreakerOpenError or SpendRefusedError where there was none, LeaseLostError,
 * UnknownModelError or UnknownPriceError where the price is not known, or InfrastructureError.
 */
export const callUpstream = (
  submission: Submission,
  job: Job,
  dependencies: ProcessDependencies,
  invocation: Invocation,
): Promise<Served> => new UpstreamCalls(submission, job, dependencies, invocation).run();

/** The calls of one run. */
class UpstreamCalls {
  #lastFailure: UpstreamError | undefined;
  #startedAt = 0;
  #allowedMs = 0;
  #calls = 0;

  constructor(
    readonly submission: Submission,
    readonly job: Job,
    readonly dependencies: ProcessDependencies,
    readonly invocation: Invocation,
  ) {}

  async run(): Promise<Served> {
    const { deadline, signal } = this.invocation;
    try {
      return await this.dependencies.upstreamRetries.execute(() => this.#callPermitted(), { deadline, signal });
    } catch (error) {
      const cause = error instanceof RetryError ? error.cause : error;
      if (signal?.aborted && cause === signal.reason) {
        throw this.#lastFailure ?? (this.#calls > 0 ? cutOff(cause) : outOfTime(cause));
      }
      // A breaker that opened between two calls, or a cap that covers no second: the job has failed by the first, and was
      // not merely held back. So has one without time for a second.
      const isHeld = cause instanceof BreakerOpenError || cause instanceof SpendRefusedError || isOutOfTime(cause);
      throw isHeld ? (this.#lastFailure ?? cause) : cause;
    }
  }

  async #callPermitted(): Promise<Served> {
    const { breaker, upstreamCredential, slowFailures, servedModels, now } = this.dependencies;
    const { owner, deadline } = this.invocation;
    const credential = await viaAws(upstreamCredential.get());
    if (deadline <= now()) throw outOfTime();
    // One for both calls of a rotation: the first of them says nothing about the upstream.
    const permit = await breaker.acquire(owner);
    try {
      const served = await this.#callWith(credential);
      slowFailures.served();
      servedModels.add(this.submission.model);
      await permit.success(now() - this.#startedAt);
      return served;
    } catch (error) {
      await this.#settle(permit, error);
      throw error;
    }
  }

  /** The credential may have been rotated since it was cached: one new look, and one more call where it is another. */
  async #callWith(credential: Credential): Promise<Served> {
    try {
      return await this.#callOnce(credential);
    } catch (error) {
      if (!(error instanceof UpstreamError && error.isCredentialRejected)) throw error;
      const renewed = await viaAws(this.dependencies.upstreamCredential.renew(credential));
      if (renewed.value === credential.value) throw error;
      return this.#callOnce(renewed);
    }
  }

  async #callOnce(credential: Credential): Promise<Served> {
    const { upstream, spending, count, now } = this.dependencies;
    const { deadline, signal, log } = this.invocation;
    const startedAt = now();
    const timeoutMs = deadline - startedAt;
    this.#startedAt = startedAt;
    this.#allowedMs = timeoutMs;
    if (timeoutMs <= 0) throw outOfTime();
    const call: PaidCall = { job: this.job, callId: `${this.job.fence}.${this.#calls + 1}`, startedAt };
    await this.#begin(call);
    try {
      const completion = await upstream.complete(this.submission, { credential, timeoutMs, signal });
      await spending.served(call, completion.usage, this.#spendContext);
      return { completion, startedAt };
    } catch (error) {
      if (hasCostNothing(error)) await spending.free(call, this.#spendContext);
      if (!(error instanceof UpstreamError)) throw error;
      this.#lastFailure = error;
      count(MetricName.UPSTREAM_FAILURES);
      log.warn('A call to the upstream failed.', error);
      throw error;
    }
  }

  /**
   * Tells ledger and job of a call before it is made. One of which either is not told, such as that of a worker which has
   * lost the job, is not made; the ledger may have it all the same, where only its answer was lost.
   */
  async #begin(call: PaidCall): Promise<void> {
    const { store, spending, count } = this.dependencies;
    try {
      await viaAws(spending.begin(call));
      await viaAws(store.countUpstreamCall(this.job));
    } catch (error) {
      if (!isCallRefused(error)) await spending.free(call, this.#spendContext);
      throw error;
    }
    this.#calls += 1;
    count(MetricName.UPSTREAM_CALLS);
  }

  get #spendContext(): SpendContext {
    return { deadline: this.invocation.deadline + RECORD_MS, log: this.invocation.log };
  }

  /** Tells the breaker, and whoever else counts, of a call that threw. */
  async #settle(permit: Permit, error: unknown): Promise<void> {
    const { breaker, slowFailures, servedModels, count, now } = this.dependencies;
    const durationMs = now() - this.#startedAt;
    const wasServed = servedModels.has(this.submission.model);
    const verdict = verdictOf(error, { permit: permit.kind, allowedMs: this.#allowedMs, wasServed });
    await permit[verdict](durationMs);
    if (verdict === 'success') slowFailures.served();
    if (error instanceof UpstreamError && error.isAccountRefused) count(MetricName.UPSTREAM_ACCOUNT_REFUSED);
    if (verdict !== 'failure' || !slowFailures.failed(durationMs)) return;
    const { epoch: expectedEpoch, status } = breaker.state();
    if (status !== BreakerStatus.CLOSED) return;
    await openBreaker(this.dependencies, { reason: 'slow-failures', expectedEpoch, log: this.invocation.log });
  }
}
