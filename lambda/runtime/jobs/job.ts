import type { FailureReasonValue } from '../../../lib/contract/failures';
import type { PromptLabelValue } from '../../../lib/contract/prompt-labels';
import type { JobSealingContext } from '../../../lib/contract/sealing-context';
import { JobStatus, type JobStatusValue } from '../../../lib/contract/tables';
import type { Sealed } from '../sealing/envelope';
import { dueEntry } from './due-entry';

/** Tokens that the upstream counted, for the spend ledger to price. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheWriteTokens: number;
  readonly cacheReadTokens: number;
}

/** The most tokens that a job can use, known before it runs. */
export interface Reservation {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface Failure {
  readonly reason: FailureReasonValue;
  /** For the operator: codes and numbers only, no text of the request or the upstream. */
  readonly detail?: string;
}

/** What tells a job that meets an outage from one that fails by itself, although the upstream serves the others. */
export interface OutageRecord {
  /** Milliseconds since the epoch at which the first run began that ended by such a failure. */
  readonly since: number;
  /** When the last one ended. */
  readonly at: number;
  /** How often it was sent anew after a failure, with the upstream serving others since the one before; a probe counts half. */
  readonly rounds: number;
}

/** A job's row, without the part of it that is sealed. */
export interface JobState {
  readonly jobId: string;
  readonly clientId: string;
  readonly status: JobStatusValue;
  /** Hex SHA-256 of the canonical request. */
  readonly requestHash: string;
  readonly model: string;
  /** What is suspicious about its prompt; the prompt itself is what it was. @default - nothing is */
  readonly labels?: readonly PromptLabelValue[];
  readonly reservation: Reservation;
  readonly correlationId: string;
  /** ISO 8601, as are the other two. */
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly completedAt?: string;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
  /** Grows with each lease; only the holder of the newest may write. */
  readonly fence: number;
  readonly leaseOwner?: string;
  /** Milliseconds since the epoch. */
  readonly leaseUntil?: number;
  /** Calls to the paid upstream that were begun. */
  readonly upstreamCalls: number;
  readonly usage?: Usage;
  readonly failure?: Failure;
  /** Milliseconds since the epoch at which the first run ended of those that failed in a row by an outage's failures. */
  readonly failedSince?: number;
  /** How it fared with the upstream's failures since it was submitted. */
  readonly outage?: OutageRecord;
  /** How often the sweeper has sent it again after a worker had abandoned it. */
  readonly abandoned?: number;
  /** How often the sweeper has sent it again, as it waited, since a worker last had it. */
  readonly resent?: number;
  /** Where the index of due jobs has it; while it has not ended. */
  readonly dueBucket?: string;
  readonly dueAt?: number;
}

/** A job's row. */
export interface Job extends JobState {
  readonly sealedRequest: Sealed;
}

/** The row of a job's result, written once. */
export interface JobResult {
  readonly jobId: string;
  readonly sealedCompletion: Sealed;
  /** Fence of the lease under which it was written. */
  readonly fence: number;
  readonly expiresAt: number;
}

/** What data of a job is sealed to: a row copied into another job or client does not open. */
export const sealingContextOf = ({ jobId, clientId }: Pick<JobState, 'jobId' | 'clientId'>): JobSealingContext => ({
  jobId,
  clientId,
});

/** Whether a job is past its retention; the table's own deletion lags by up to days. */
export const isExpired = ({ expiresAt }: Pick<JobState, 'expiresAt'>, nowMs: number): boolean =>
  expiresAt * 1000 <= nowMs;

const ENDED: ReadonlySet<JobStatusValue> = new Set([JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.DEAD_LETTERED]);

/** Whether a job runs no more, unless somebody lets it run anew. */
export const hasEnded = ({ status }: Pick<JobState, 'status'>): boolean => ENDED.has(status);

export interface Submitted
  extends Pick<
    Job,
    'jobId' | 'clientId' | 'requestHash' | 'sealedRequest' | 'model' | 'labels' | 'reservation' | 'correlationId'
  > {
  readonly retentionDays: number;
}

/** The row of a job that was just submitted. */
export const queuedJob = ({ retentionDays, ...submitted }: Submitted, nowMs: number): Job => {
  const createdAt = new Date(nowMs).toISOString();
  return {
    ...submitted,
    status: JobStatus.QUEUED,
    createdAt,
    updatedAt: createdAt,
    expiresAt: Math.ceil(nowMs / 1000) + retentionDays * 86_400,
    fence: 0,
    upstreamCalls: 0,
    ...dueEntry(submitted.jobId, JobStatus.QUEUED, nowMs),
  };
};
