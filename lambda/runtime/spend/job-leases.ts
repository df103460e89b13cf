import { hasEnded } from '../jobs/job';
import type { IJobStore } from '../jobs/job-store';

/**
 * Milliseconds after which the sweep looks whether a job still needs its reservation. It bounds how long the money of a
 * job is held whose end was not told to the ledger, such as of one that an operator has cancelled.
 */
export const JOB_LEASE_MS = 15 * 60_000;

/** Whether a job may still make a paid call, so that its reservation has to stay. */
export const isJobAlive =
  (store: Pick<IJobStore, 'readState'>) =>
  async (jobId: string): Promise<boolean> => {
    const job = await store.readState(jobId);
    return job !== undefined && !hasEnded(job);
  };
