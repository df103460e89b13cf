import { fullJitterBackoff } from '../runtime/backoff/full-jitter';
import { LeaseLostError } from '../runtime/jobs/errors';
import type { Classification } from '../runtime/retry/classification';
import type { RetryBudget } from '../runtime/retry/retry-budget';
import { RetryPolicy, type RetryTools } from '../runtime/retry/retry-policy';
import { UpstreamError } from '../upstream/errors';

/** Calls in one receive, of which each may be paid; more come with the next receive. */
const ATTEMPTS = 3;
const BACKOFF = { baseMs: 500, capMs: 10_000 };

/** Longest wait that the upstream may ask for, in milliseconds: the deadline of the invocation is shorter. */
const MAX_RETRY_AFTER_MS = 15 * 60_000;

const classifyUpstream = (error: unknown): Classification => {
  if (!(error instanceof UpstreamError)) return { action: 'never' };
  const { retryable, retryAfterMs, paid } = error;
  if (!retryable) return { action: 'never', paid };
  return retryAfterMs === undefined ? { action: 'retry', paid } : { action: 'wait', retryAfterMs, paid };
};

/** How calls of the upstream are retried within one receive; `budget` is the process's one. */
export const upstreamRetries = (budget: RetryBudget | 'unlimited', tools: RetryTools = {}): RetryPolicy =>
  new RetryPolicy(
    {
      attempts: ATTEMPTS,
      backoff: fullJitterBackoff(BACKOFF, tools.random),
      classify: classifyUpstream,
      maxRetryAfterMs: MAX_RETRY_AFTER_MS,
      budget,
    },
    tools,
  );

const SETTLE_ATTEMPTS = 5;
const SETTLE_BACKOFF = { baseMs: 50, capMs: 400 };

/** How the write of a result is retried: harder than elsewhere, for another run would pay a second time. */
export const settleRetries = (tools: RetryTools = {}): RetryPolicy =>
  new RetryPolicy(
    {
      attempts: SETTLE_ATTEMPTS,
      backoff: fullJitterBackoff(SETTLE_BACKOFF, tools.random),
      classify: (error) => ({ action: error instanceof LeaseLostError ? 'never' : 'retry' }),
      budget: 'unlimited',
    },
    tools,
  );
