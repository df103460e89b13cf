import { JobStatus, type JobStatusValue } from '../../../lib/contract/tables';
import type { Job, JobState } from './job';

export interface LeaseRequest {
  readonly jobId: string;
  /** Names the worker, for people. */
  readonly owner: string;
  readonly nowMs: number;
  /** Milliseconds that the lease lasts. */
  readonly leaseMs: number;
  /** Whether a dead-lettered job may run again, as it may after a redrive. */
  readonly redriven: boolean;
  /** Owner of an earlier lease who is known to live: its end is nobody's death. @default - none is known */
  readonly livingOwner?: string;
}

/** Proof of the right to write a job's outcome: worth something while no newer fence was given out. */
export interface Lease {
  readonly jobId: string;
  readonly fence: number;
}

/** Why a job cannot be leased now. */
export type LeaseRefusal =
  | { readonly kind: 'missing' }
  /** The job has ended. */
  | { readonly kind: 'ended'; readonly status: JobStatusValue }
  /** Another worker has it until `untilMs`. */
  | { readonly kind: 'held'; readonly untilMs: number };

export type LeaseOutcome = { readonly kind: 'leased'; readonly job: Job } | LeaseRefusal;

/** Times that a job may be abandoned before it is given up: whatever runs it dies of it. */
export const MOST_ABANDONED = 5;

/** Times that a waiting job may be sent again before it is given up: no message of it is ever run. */
export const MOST_RESENT = 20;

/** Milliseconds after which the sweeper has had its turn. */
const SWEEP_MS = 60_000;

/**
 * The rule of leasing: a queued job, an abandoned one unless the sweeper is to give it up, and after a redrive a
 * dead-lettered one, unless it was given up because its workers died of it.
 */
export const refusalOf = (
  job: Pick<JobState, 'status' | 'leaseUntil' | 'abandoned'> | undefined,
  { nowMs, redriven }: Pick<LeaseRequest, 'nowMs' | 'redriven'>,
): LeaseRefusal | undefined => {
  if (!job) return { kind: 'missing' };
  switch (job.status) {
    case JobStatus.QUEUED:
      return undefined;
    case JobStatus.RUNNING:
      if ((job.leaseUntil ?? 0) >= nowMs) return { kind: 'held', untilMs: job.leaseUntil ?? nowMs };
      return (job.abandoned ?? 0) < MOST_ABANDONED ? undefined : { kind: 'held', untilMs: nowMs + SWEEP_MS };
    case JobStatus.DEAD_LETTERED:
      return redriven && job.abandoned === undefined ? undefined : { kind: 'ended', status: job.status };
    default:
      return { kind: 'ended', status: job.status };
  }
};
