import { type HoldRow, isHeld } from '../../lib/contract/consumer-hold';
import { type BreakerRow, BreakerStatus } from '../../lib/contract/control';
import { FailureReason } from '../../lib/contract/failures';
import { MetricName } from '../../lib/contract/metrics';
import { JobStatus } from '../../lib/contract/tables';
import { type DueStatus, dueBuckets } from '../runtime/jobs/due-entry';
import type { Claimed, DueJob } from '../runtime/jobs/due-jobs';
import { MOST_ABANDONED, MOST_RESENT } from '../runtime/jobs/lease';
import type { IWorkQueue } from '../runtime/work-queue/work-queue';
import type { SweepDependencies } from './dependencies';

/** Most jobs of one partition that one sweep sends again: 160 of a run over all partitions. */
const PER_BUCKET = 10;

/** Milliseconds after the end of a lease at which its worker counts as dead: clocks differ. */
const LEASE_MARGIN_MS = 60_000;

/** Messages in the queue above which a job that waits is taken to wait its turn, not to have lost its message. */
const BACKLOG = 100;

export interface SweepResult {
  readonly resent: number;
  readonly buried: number;
  /** Jobs that could not be swept this time. */
  readonly failed: number;
}

const sendTo = async (queue: Pick<IWorkQueue, 'send'>, { jobId, correlationId, clientId }: DueJob): Promise<void> => {
  const refused = await queue.send([{ message: { jobId, correlationId }, clientId }]);
  if (refused.length > 0) throw new Error('The queue did not take the message.');
};

/** Why a claimed job is given up; undefined where it gets another try. */
const reasonToBury = ({ status }: DueJob, { abandoned, resent }: Claimed): string | undefined => {
  if (status === JobStatus.RUNNING) return abandoned > MOST_ABANDONED ? `abandoned by ${abandoned} workers` : undefined;
  return resent > MOST_RESENT ? `sent again ${MOST_RESENT} times and never run` : undefined;
};

/** Gives one due job another message, or gives it up; answers what it did. */
const sweepJob = async (job: DueJob, dependencies: SweepDependencies): Promise<keyof SweepResult | undefined> => {
  const { dueJobs, workQueue, deadLetterQueue, count, log, now } = dependencies;
  const { jobId, correlationId, status } = job;
  try {
    const nowMs = now();
    // Claimed first: two sweeps do not both send it, and a crash in between only lets it wait once more.
    const claimed = await dueJobs.claim(job, nowMs);
    if (!claimed) return undefined;
    const detail = reasonToBury(job, claimed);
    if (detail) {
      const failure = { reason: FailureReason.INTERNAL, detail };
      // The copy goes first: a crash in between leaves a job that waits, and is swept once more.
      await sendTo(deadLetterQueue, job);
      if (!(await dueJobs.bury({ ...job, status: JobStatus.QUEUED, dueAt: nowMs }, failure, nowMs))) return undefined;
      count(MetricName.JOBS_DEAD_LETTERED);
      log.error('A job is given up.', { jobId, correlationId, failure });
      return 'buried';
    }
    await sendTo(workQueue, job);
    count(MetricName.JOBS_SWEPT);
    log.warn('A job that was stuck is sent again.', { jobId, correlationId, status, ...claimed });
    return 'resent';
  } catch (error) {
    log.error('A job could not be swept.', { jobId, correlationId, error: error as Error });
    return 'failed';
  }
};

/** The time before which a waiting job counts as stuck; undefined where none does now. */
const stuckBefore = async (
  changedAt: number,
  { workQueue, now, stuckAfterMs, queueRetentionMs }: SweepDependencies,
): Promise<number | undefined> => {
  // All that waited for the upstream, or for the end of a cut-off, waits anew since then.
  if (now() - changedAt < stuckAfterMs) return undefined;
  const isBusy = (await workQueue.depth()) > BACKLOG;
  return now() - (isBusy ? Math.max(queueRetentionMs, stuckAfterMs) : stuckAfterMs);
};

const listDue = async (status: DueStatus, before: number, { dueJobs }: SweepDependencies) =>
  (await Promise.all(dueBuckets(status).map((bucket) => dueJobs.list(bucket, before, PER_BUCKET)))).flat();

/**
 * Sends the jobs again that nobody works on: a worker died over them, or their message is lost. While the breaker is
 * not closed or the consumer is held nothing is sent, as then jobs wait on purpose.
 */
export const sweepJobs = async (
  row: BreakerRow | undefined,
  hold: HoldRow | undefined,
  dependencies: SweepDependencies,
): Promise<SweepResult> => {
  const result = { resent: 0, buried: 0, failed: 0 };
  if ((row && row.status !== BreakerStatus.CLOSED) || isHeld(hold)) return result;
  const waiting = await stuckBefore(Math.max(row?.changedAt ?? 0, hold?.changedAt ?? 0), dependencies);
  const due = [
    ...(await listDue(JobStatus.RUNNING, dependencies.now() - LEASE_MARGIN_MS, dependencies)),
    ...(waiting === undefined ? [] : await listDue(JobStatus.QUEUED, waiting, dependencies)),
  ];
  for (const job of due) {
    const outcome = await sweepJob(job, dependencies);
    if (outcome) result[outcome] += 1;
  }
  return result;
};
