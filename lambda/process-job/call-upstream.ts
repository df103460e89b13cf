import { BreakerStatus } from '../../lib/contract/control';
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
import { viaAws } from './infrastructure-fault';
import { openBreaker } from './open-breaker';

/** A completion, and when the call for it began. */
export interface Served {
  readonly completion: Completion;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

/** This side has ended the call, or had no time left for it. */
const cutOff = (cause?: unknown): UpstreamError =>
  new UpstreamError({
    reason: FailureReason.UPSTREAM_TIMEOUT,
    disposition: 'return',
    firstByteArrived: false,
    cause,
  });

/**
 * Asks the upstream for the completion, with retries inside the invocation's deadline. Each try needs the breaker's
 * permit, and each call is counted in the job's row before it is made, under the lease, so that no worker pays for a
 * job that it has lost.
 * @throws UpstreamError of the last call, BreakerOpenError where there was none, LeaseLostError, or
 * InfrastructureError.
 */
export const callUpstream = async (
  submission: Submission,
  lease: Lease,
  dependencies: ProcessDependencies,
  invocation: Invocation,
): Promise<Served> => {
  const { store, breaker, upstream, upstreamKey, upstreamRetries, slowFailures, count, now } = dependencies;
  const { owner, deadline, signal, log } = invocation;
  let lastFailure: UpstreamError | undefined;
  let startedAt = 0;
  let allowedMs = 0;

  const callOnce = async (apiKey: string): Promise<Served> => {
    startedAt = now();
    allowedMs = deadline - startedAt;
    if (allowedMs <= 0) throw cutOff();
    await viaAws(store.countUpstreamCall(lease));
    count(MetricName.UPSTREAM_CALLS);
    try {
      return { completion: await upstream.complete(submission, { apiKey, timeoutMs: allowedMs, signal }), startedAt };
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      lastFailure = error;
      count(MetricName.UPSTREAM_FAILURES);
      log.warn('A call to the upstream failed.', error);
      throw error;
    }
  };

  /** The credential may have been rotated since it was cached: one new look, and one more call where it is another. */
  const callWithKey = async (apiKey: string): Promise<Served> => {
    try {
      return await callOnce(apiKey);
    } catch (error) {
      if (!(error instanceof UpstreamError && error.isCredentialRejected)) throw error;
      const renewed = await viaAws(upstreamKey.renew(apiKey));
      if (renewed === apiKey) throw error;
      return callOnce(renewed);
    }
  };

  const callPermitted = async (): Promise<Served> => {
    const apiKey = await viaAws(upstreamKey.get());
    if (deadline <= now()) throw cutOff();
    // One for both calls of a rotation: the first of them says nothing about the upstream.
    const permit = await breaker.acquire(owner);
    try {
      const served = await callWithKey(apiKey);
      slowFailures.served();
      await permit.success(now() - startedAt);
      return served;
    } catch (error) {
      const durationMs = now() - startedAt;
      const verdict = verdictOf(error, allowedMs, permit.kind);
      await permit[verdict](durationMs);
      if (verdict === 'success') slowFailures.served();
      if (verdict === 'failure' && slowFailures.failed(durationMs)) {
        const { epoch: expectedEpoch, status } = breaker.state();
        const isClosed = status === BreakerStatus.CLOSED;
        if (isClosed) await openBreaker(dependencies, { reason: 'slow-failures', expectedEpoch, log });
      }
      if (error instanceof UpstreamError && error.isAccountRefused) count(MetricName.UPSTREAM_ACCOUNT_REFUSED);
      throw error;
    }
  };

  try {
    return await upstreamRetries.execute(callPermitted, { deadline, signal });
  } catch (error) {
    const cause = error instanceof RetryError ? error.cause : error;
    if (signal?.aborted && cause === signal.reason) throw lastFailure ?? cutOff(cause);
    // A breaker that opened between two calls: the job has failed by the first, and was not merely held back.
    throw cause instanceof BreakerOpenError ? (lastFailure ?? cause) : cause;
  }
};
