import { DUE_SHARDS, dueBucketOf, dueShardOf, type JobStatus } from '../../../lib/contract/tables';

/** The states of a job that has not ended. */
export type DueStatus = typeof JobStatus.QUEUED | typeof JobStatus.RUNNING;

/** What puts a job's row into the index of due jobs: `dueAt` is since when it waits, or when its lease ends. */
export const dueEntry = (jobId: string, status: DueStatus, dueAt: number) => ({
  dueBucket: dueBucketOf(status, dueShardOf(jobId)),
  dueAt,
});

/** Every partition of the index that jobs of one state are in. */
export const dueBuckets = (status: DueStatus): readonly string[] =>
  Array.from({ length: DUE_SHARDS }, (_, shard) => dueBucketOf(status, shard));
