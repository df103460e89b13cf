import { LABEL_DIMENSION, MetricName } from '../../lib/contract/metrics';
import { Problem } from '../../lib/contract/problems';
import type { PromptLabelValue } from '../../lib/contract/prompt-labels';
import type { JobStatusValue } from '../../lib/contract/tables';
import { validateSubmission } from '../generated/validate-submission.mjs';
import type { Clock } from '../runtime/clock/clock';
import { jobIdOfBytes, jobIdOfKey } from '../runtime/idempotency/job-id';
import { isExpired, type Job, type JobState, queuedJob, sealingContextOf } from '../runtime/jobs/job';
import type { IJobStore } from '../runtime/jobs/job-store';
import { hashSubmission, labelsOf, type Submission, worstCaseOf } from '../runtime/jobs/submission';
import type { Count, CountBy } from '../runtime/observability/observability';
import { ProblemError } from '../runtime/problems/errors';
import type { IDataKeys } from '../runtime/sealing/data-keys';
import { seal } from '../runtime/sealing/envelope';
import { requestFaults } from './request-faults';

export interface SubmitRequest {
  readonly clientId: string;
  readonly correlationId: string;
  /** A checked `Idempotency-Key`. @default - each request is a new job */
  readonly idempotencyKey?: string;
  readonly body: unknown;
}

export interface SubmitDependencies {
  readonly store: Pick<IJobStore, 'create' | 'readState' | 'removeExpired'>;
  readonly dataKeys: Pick<IDataKeys, 'generate'>;
  readonly count: Count;
  readonly countBy: CountBy;
  readonly now: Clock;
  readonly randomBytes: (size: number) => Uint8Array;
  readonly retentionDays: number;
}

export interface Accepted {
  readonly id: string;
  readonly status: JobStatusValue;
  /** What is suspicious about the prompt. */
  readonly labels: readonly PromptLabelValue[];
  /** Whether this is an earlier request's job, met again by its idempotency key. */
  readonly replayed: boolean;
}

/** Tries to write a job whose id is taken by one that expired, or is removed meanwhile. */
const CREATE_ATTEMPTS = 3;

const checkSubmission = (body: unknown): Submission => {
  if (validateSubmission(body)) return body as Submission;
  throw new ProblemError(Problem.INVALID_REQUEST, undefined, requestFaults(validateSubmission.errors ?? []));
};

const makeJob = async (
  jobId: string,
  submission: Submission,
  request: SubmitRequest,
  dependencies: SubmitDependencies,
): Promise<Job> => {
  const { clientId, correlationId } = request;
  const labels = labelsOf(submission);
  const context = sealingContextOf({ jobId, clientId });
  const key = await dependencies.dataKeys.generate(context);
  return queuedJob(
    {
      jobId,
      clientId,
      correlationId,
      requestHash: hashSubmission(submission),
      sealedRequest: seal(JSON.stringify(submission), key, context),
      model: submission.model,
      ...(labels.length > 0 && { labels }),
      reservation: worstCaseOf(submission),
      retentionDays: dependencies.retentionDays,
    },
    dependencies.now(),
  );
};

/** Without a key the id is random, so that what is found is this request's own write, whose answer was lost. */
const replay = ({ jobId, status, requestHash }: JobState, job: Job, hasKey: boolean): Accepted => {
  if (requestHash !== job.requestHash) throw new ProblemError(Problem.IDEMPOTENCY_KEY_REUSED);
  return { id: jobId, status, labels: job.labels ?? [], replayed: hasKey };
};

/** Writes the job, or finds the one that its idempotency key already made. */
const createOrFind = async (job: Job, hasKey: boolean, { store, now }: SubmitDependencies): Promise<Accepted> => {
  for (let attempt = 1; attempt <= CREATE_ATTEMPTS; attempt += 1) {
    if (await store.create(job))
      return { id: job.jobId, status: job.status, labels: job.labels ?? [], replayed: false };
    const found = await store.readState(job.jobId);
    if (found && !isExpired(found, now())) return replay(found, job, hasKey);
    if (found) await store.removeExpired(found);
  }
  throw new Error('The job could neither be written nor found.');
};

const countLabels = ({ labels }: Accepted, { count, countBy }: SubmitDependencies): void => {
  if (labels.length > 0) count(MetricName.SUSPICIOUS_PROMPTS);
  for (const label of labels) countBy(MetricName.SUSPICIOUS_PROMPTS, LABEL_DIMENSION, label);
};

/**
 * Accepts a job: from here on it is written, and the table's stream brings it to the queue.
 * @throws ProblemError 400 where the body does not match the schema, 422 where the idempotency key was used with
 * another body.
 */
export const submitJob = async (request: SubmitRequest, dependencies: SubmitDependencies): Promise<Accepted> => {
  const { clientId, idempotencyKey, body } = request;
  const submission = checkSubmission(body);
  const jobId =
    idempotencyKey === undefined ? jobIdOfBytes(dependencies.randomBytes(16)) : jobIdOfKey(clientId, idempotencyKey);
  const job = await makeJob(jobId, submission, request, dependencies);
  const accepted = await createOrFind(job, idempotencyKey !== undefined, dependencies);
  dependencies.count(accepted.replayed ? MetricName.JOBS_REPLAYED : MetricName.JOBS_ACCEPTED);
  if (!accepted.replayed) countLabels(accepted, dependencies);
  return accepted;
};
