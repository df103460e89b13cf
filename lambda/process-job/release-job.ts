import { LeaseLostError } from '../runtime/jobs/errors';
import type { Release } from '../runtime/jobs/job-updates';
import type { Lease } from '../runtime/jobs/lease';
import { RetryError } from '../runtime/retry/errors';
import type { ProcessDependencies } from './dependencies';

/** Part of the two seconds that the deadline leaves, in milliseconds, for giving the job back. */
const RELEASE_MS = 1_500;

/**
 * Gives a job back, and tries harder than elsewhere: one that is not given back looks like one whose worker has died.
 * @throws LeaseLostError, or the last write's error
 */
export const releaseJob = async (
  lease: Lease,
  release: Release,
  { store, settleRetries }: Pick<ProcessDependencies, 'store' | 'settleRetries'>,
  deadline: number,
): Promise<void> => {
  let tries = 0;
  const write = () => {
    tries += 1;
    return store.release(lease, release);
  };
  try {
    await settleRetries.execute(write, { deadline: deadline + RELEASE_MS });
  } catch (error) {
    const cause = error instanceof RetryError ? error.cause : error;
    // An earlier try has had its effect, and only its answer was lost.
    if (cause instanceof LeaseLostError && tries > 1) return;
    throw cause;
  }
};
