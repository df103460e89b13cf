import type { DueStatus } from './due-entry';
import type { Failure } from './job';

/** A job that has not ended, as the index of due jobs holds it: the index may lag behind the job's row. */
export interface DueJob {
  readonly jobId: string;
  readonly clientId: string;
  readonly correlationId: string;
  readonly status: DueStatus;
  readonly dueAt: number;
}

/** What has become of a job so far that was claimed. */
export interface Claimed {
  /** How often a worker has abandoned it. */
  readonly abandoned: number;
  /** How often it was sent again since a worker last had it, with this time. */
  readonly resent: number;
}

/** The jobs that have not ended, by how long they wait. */
export interface IDueJobs {
  /** At most `limit` jobs of one partition that are due before `before`, those first that wait longest; may lag. */
  list(bucket: string, before: number, limit: number): Promise<readonly DueJob[]>;
  /**
   * Puts the job back into the queue, where it waits from `nowMs` on, if it still is as it was listed. Answers
   * undefined where it has moved on.
   */
  claim(job: DueJob, nowMs: number): Promise<Claimed | undefined>;
  /** Ends a claimed job as dead-lettered, if it still is as it was claimed; answers whether it was. */
  bury(job: DueJob, failure: Failure, nowMs: number): Promise<boolean>;
}
