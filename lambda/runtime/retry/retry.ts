import type { Clock, Sleep } from '../clock/clock';
import { RetryError } from './errors';

/** What an error means for the call that met it. */
export type Classification =
  | { readonly retryable: false }
  /** `retryAfterMs` is the delay that the other side asked for; the longer of it and the backoff is waited. */
  | { readonly retryable: true; readonly retryAfterMs?: number };

export interface RetryPolicy {
  /** Most calls, the first one included; at least 1. */
  readonly attempts: number;
  /** Milliseconds since the epoch past which no delay may end. @default - no deadline */
  readonly deadline?: number;
  /** Delay after the `attempt`-th failure, in milliseconds. */
  readonly backoff: (attempt: number) => number;
  readonly classify: (error: unknown) => Classification;
  /** Ends the whole: rejects at once, even while a call or a delay is under way, and calls no more. */
  readonly signal?: AbortSignal;
}

export interface RetryTools {
  readonly now: Clock;
  readonly sleep: Sleep;
}

/** Settles as `work` does, or rejects with the signal's reason as soon as it is aborted. */
const untilAborted = async <T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
  if (!signal) return work;
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (stop) signal.removeEventListener('abort', stop);
  }
};

/** The delay before the next call; throws `RetryError` where there is to be none. */
const delayAfter = (error: unknown, attempt: number, policy: RetryPolicy, now: Clock): number => {
  if (policy.signal?.aborted) throw new RetryError('aborted', attempt, policy.signal.reason);
  const verdict = policy.classify(error);
  if (!verdict.retryable) throw new RetryError('permanent', attempt, error);
  if (attempt >= policy.attempts) throw new RetryError('exhausted', attempt, error);
  const delay = Math.max(policy.backoff(attempt), verdict.retryAfterMs ?? 0);
  if (now() + delay >= (policy.deadline ?? Number.POSITIVE_INFINITY)) {
    throw new RetryError('deadline', attempt, error);
  }
  return delay;
};

/**
 * Calls until a call succeeds, and answers its value with the number of calls begun.
 * @throws RetryError when it gives up, with the reason, the number of calls and the last error as its cause.
 */
export const retry = async <T>(
  call: (attempt: number) => Promise<T>,
  policy: RetryPolicy,
  { now, sleep }: RetryTools,
): Promise<{ readonly value: T; readonly calls: number }> => {
  const { signal } = policy;
  for (let attempt = 1; ; attempt += 1) {
    if (signal?.aborted) throw new RetryError('aborted', attempt - 1, signal.reason);
    try {
      return { value: await untilAborted(call(attempt), signal), calls: attempt };
    } catch (error) {
      const delay = delayAfter(error, attempt, policy, now);
      await untilAborted(sleep(delay, signal), signal).catch((cause: unknown) => {
        throw new RetryError('aborted', attempt, cause);
      });
    }
  }
};
