import type { FailureReasonValue } from '../../lib/contract/failures';
import { Problem } from '../../lib/contract/problems';
import { JobStatus, type JobStatusValue } from '../../lib/contract/tables';
import type { Clock } from '../runtime/clock/clock';
import { JOB_ID_PATTERN } from '../runtime/idempotency/job-id';
import { isExpired, type JobState, sealingContextOf } from '../runtime/jobs/job';
import type { IJobStore } from '../runtime/jobs/job-store';
import { ProblemError } from '../runtime/problems/errors';
import type { IDataKeys } from '../runtime/sealing/data-keys';
import { open } from '../runtime/sealing/envelope';
import type { Completion } from '../upstream/upstream';

export interface ReadJobDependencies {
  readonly store: Pick<IJobStore, 'readState' | 'readResult'>;
  readonly dataKeys: Pick<IDataKeys, 'unwrap'>;
  readonly now: Clock;
}

/** A job as its client sees it. */
export interface JobView {
  readonly id: string;
  readonly status: JobStatusValue;
  readonly model: string;
  readonly createdAt: string;
  readonly completedAt?: string;
  readonly completion?: Completion;
  readonly failure?: { readonly reason: FailureReasonValue };
}

/**
 * Reads a job of this client.
 * @throws ProblemError 404 alike for a job that does not exist, has expired or is another client's, so that none of
 * them can be told from another.
 */
export const readJob = async (id: string, clientId: string, dependencies: ReadJobDependencies): Promise<JobView> => {
  const { store, now } = dependencies;
  const job = JOB_ID_PATTERN.test(id) ? await store.readState(id) : undefined;
  if (job?.clientId !== clientId || isExpired(job, now())) throw new ProblemError(Problem.NOT_FOUND);
  const { status, model, createdAt, completedAt, failure } = job;
  const hasFailed = status === JobStatus.FAILED || status === JobStatus.DEAD_LETTERED;
  return {
    id,
    status,
    model,
    createdAt,
    completedAt,
    completion: status === JobStatus.SUCCEEDED ? await readCompletion(job, dependencies) : undefined,
    failure: hasFailed && failure ? { reason: failure.reason } : undefined,
  };
};

const readCompletion = async (job: JobState, { store, dataKeys }: ReadJobDependencies): Promise<Completion> => {
  const result = await store.readResult(job.jobId);
  if (!result) throw new Error('A succeeded job has no result.');
  const context = sealingContextOf(job);
  const key = await dataKeys.unwrap(result.sealedCompletion.wrappedKey, context);
  return JSON.parse(open(result.sealedCompletion, key, context)) as Completion;
};
