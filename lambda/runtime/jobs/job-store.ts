import type { Sealed } from '../sealing/envelope';
import type { Failure, Job, JobResult, JobState, Usage } from './job';
import type { Release } from './job-updates';
import type { Lease, LeaseOutcome, LeaseRequest } from './lease';

export interface Success {
  readonly usage: Usage;
  readonly sealedCompletion: Sealed;
  readonly expiresAt: number;
  readonly nowMs: number;
}

/** Makes the write of a new job, for somebody else's transaction. */
export interface IJobCreation<Alongside> {
  /** Refused where the id is taken. */
  creation(job: Job): Alongside;
}

/** Where jobs are kept. Each method is one atomic step; those that take a lease throw `LeaseLostError` where it is lost. */
export interface IJobStore {
  /** Writes a new job; answers false, and writes nothing, where the id is taken. */
  create(job: Job): Promise<boolean>;
  /** A job's state as of the last write, without its sealed request. */
  readState(jobId: string): Promise<JobState | undefined>;
  readResult(jobId: string): Promise<JobResult | undefined>;
  /** Removes a job and its result where it still has this expiry; answers whether it did. */
  removeExpired(state: Pick<JobState, 'jobId' | 'expiresAt'>): Promise<boolean>;
  /** Takes the lease and raises the fence, or says why not. */
  lease(request: LeaseRequest): Promise<LeaseOutcome>;
  /** Counts a call to the upstream before it is made, so that a crash cannot hide one. */
  countUpstreamCall(lease: Lease): Promise<void>;
  /** Writes the result and ends the job as succeeded. */
  succeed(lease: Lease, success: Success): Promise<void>;
  /** Ends the job as failed. */
  fail(lease: Lease, failure: Failure, nowMs: number): Promise<void>;
  /** Gives the job back: it waits for another receive of its message, or of a copy of it. */
  release(lease: Lease, release: Release): Promise<void>;
  /** Ends the job as dead-lettered, for its message is about to be. */
  deadLetter(lease: Lease, failure: Failure, nowMs: number): Promise<void>;
}
