import { BreakerStatus, UPSTREAM_BREAKER } from '../../lib/contract/control';
import { FailureReason } from '../../lib/contract/failures';
import { MetricName } from '../../lib/contract/metrics';
import { BreakerOpenError } from '../runtime/breaker/errors';
import type { Lease } from '../runtime/jobs/lease';
import type { Submission } from '../runtime/jobs/submission';
import { RetryError } from '../runtime/retry/errors';
import { UpstreamError } from '../upstream/errors';
import type { Completion } from '../upstream/upstream';
import { verdictOf } from './breaker-verdict';
import type { Invocation, ProcessDependencies } from './dependencies';

/**
 * Asks the upstream for the completion, with retries inside the invocation's deadline. Each call needs the breaker's
 * permit, and is counted in the job's row before it is made, under the lease, so that no worker pays for a job that it
 * has lost.
 * @throws UpstreamError of the last call, BreakerOpenError where there was none, LeaseLostError, or what the secret
 * cache throws.
 */
export const callUpstream = async (
  submission: Submission,
  lease: Lease,
  dependencies: ProcessDependencies,
  { owner, deadline, signal, log }: Invocation,
): Promise<Completion> => {
  const { store, breaker, breakerStore, upstream, upstreamKey, upstreamRetries, slowFailures } = dependencies;
  const { openForMs, count, now } = dependencies;

  /** Opens the breaker over calls that its window cannot see; this process hears of it as all others do. */
  const openBreaker = async (): Promise<void> => {
    const { epoch, status } = breaker.state();
    if (status !== BreakerStatus.CLOSED) return;
    const nowMs = now();
    const command = { expectedEpoch: epoch, nowMs, openUntil: nowMs + openForMs, reason: 'slow-failures' };
    await breakerStore
      .trip(UPSTREAM_BREAKER, command)
      .catch((error: unknown) => log.warn('The breaker could not be opened.', error as Error));
  };

  let lastFailure: UpstreamError | undefined;
  const callOnce = async (apiKey: string): Promise<Completion> => {
    const timeoutMs = deadline - now();
    if (timeoutMs <= 0) {
      throw new UpstreamError({
        reason: FailureReason.UPSTREAM_TIMEOUT,
        disposition: 'return',
        firstByteArrived: false,
      });
    }
    const permit = await breaker.acquire(owner);
    const startedAt = now();
    try {
      await store.countUpstreamCall(lease);
      count(MetricName.UPSTREAM_CALLS);
      const completion = await upstream.complete(submission, { apiKey, timeoutMs, signal });
      slowFailures.served();
      await permit.success(now() - startedAt);
      return completion;
    } catch (error) {
      const verdict = verdictOf(error, timeoutMs);
      await permit[verdict](now() - startedAt);
      if (verdict === 'success') slowFailures.served();
      if (verdict === 'failure' && slowFailures.failed(now() - startedAt)) await openBreaker();
      if (error instanceof UpstreamError) {
        lastFailure = error;
        count(MetricName.UPSTREAM_FAILURES);
        log.warn('A call to the upstream failed.', error);
      }
      throw error;
    }
  };

  let hasRenewed = false;
  const callWithKey = async (): Promise<Completion> => {
    const apiKey = await upstreamKey.get();
    try {
      return await callOnce(apiKey);
    } catch (error) {
      // The credential may have been rotated since it was cached: one new look, one more call.
      if (hasRenewed || !(error instanceof UpstreamError && error.isCredentialRejected)) throw error;
      hasRenewed = true;
      return callOnce(await upstreamKey.renew(apiKey));
    }
  };

  try {
    return await upstreamRetries.execute(callWithKey, { deadline, signal });
  } catch (error) {
    const cause = error instanceof RetryError ? error.cause : error;
    // A breaker that opened between two calls: the job has failed by the first, and was not merely held back.
    throw cause instanceof BreakerOpenError ? (lastFailure ?? cause) : cause;
  }
};
