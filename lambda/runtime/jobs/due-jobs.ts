import { DUE_SHARDS, dueBucketOf, dueShardOf, JobStatus, type JobStatusValue } from '../../../lib/contract/tables';
import type { Failure } from './job';

/** A job that has not ended, as the index of due jobs holds it: the index may lag behind the job's row. */
export interface DueJob {
  readonly jobId: string;
  readonly clientId: string;
  readonly correlationId: string;
  readonly status: DueStatus;
  readonly dueAt: number;
}

/** The states of a job that has not ended. */
export type DueStatus = typeof JobStatus.QUEUED | typeof JobStatus.RUNNING;

export const DUE_STATUSES: readonly DueStatus[] = [JobStatus.QUEUED, JobStatus.RUNNING];

/** What puts a job's row into the index: `dueAt` is since when it waits, or when its lease ends. */
export const dueEntry = (jobId: string, status: DueStatus, dueAt: number) => ({
  dueBucket: dueBucketOf(status, dueShardOf(jobId)),
  dueAt,
});

/** Every partition of the index that jobs of one state are in. */
export const dueBuckets = (status: JobStatusValue): readonly string[] =>
  Array.from({ length: DUE_SHARDS }, (_, shard) => dueBucketOf(status, shard));

/** The jobs that have not ended, by how long they wait. */
export interface IDueJobs {
  /** At most `limit` jobs of one partition that are due before `before`, those first that wait longest; may lag. */
  list(bucket: string, before: number, limit: number): Promise<readonly DueJob[]>;
  /**
   * Puts the job back into the queue, where it waits from `nowMs` on, if it still is as it was listed. Answers how often
   * a worker has abandoned it so far, or undefined where it has moved on.
   */
  claim(job: DueJob, nowMs: number): Promise<number | undefined>;
  /** Ends a claimed job as dead-lettered, if it still is as it was claimed; answers whether it was. */
  bury(job: DueJob, failure: Failure, nowMs: number): Promise<boolean>;
}
