import type { PlanTerms } from '../../lib/contract/client-plan';
import { LABEL_DIMENSION, MetricName } from '../../lib/contract/metrics';
import type { PriceBook } from '../../lib/contract/price-book';
import { Problem } from '../../lib/contract/problems';
import type { PromptLabelValue } from '../../lib/contract/prompt-labels';
import type { JobStatusValue } from '../../lib/contract/tables';
import { validateSubmission } from '../generated/validate-submission.mjs';
import type { Clock } from '../runtime/clock/clock';
import { jobIdOfBytes, jobIdOfKey } from '../runtime/idempotency/job-id';
import { isExpired, type Job, type JobState, queuedJob, sealingContextOf } from '../runtime/jobs/job';
import type { IJobCreation, IJobStore } from '../runtime/jobs/job-store';
import { hashSubmission, labelsOf, type Submission, worstCaseOf } from '../runtime/jobs/submission';
import type { Count, CountBy } from '../runtime/observability/observability';
import { ProblemError } from '../runtime/problems/errors';
import type { IDataKeys } from '../runtime/sealing/data-keys';
import { seal } from '../runtime/sealing/envelope';
import type { ISpendLedger } from '../runtime/spend/ledger';
import { askLedger, checkModel, estimateOf, refusalOf } from './admit-spend';
import { requestFaults } from './request-faults';

export interface SubmitRequest {
  readonly clientId: string;
  /** What the client's plan allows. */
  readonly terms: PlanTerms;
  readonly correlationId: string;
  /** A checked `Idempotency-Key`. @default - each request is a new job */
  readonly idempotencyKey?: string;
  readonly body: unknown;
}

export interface SubmitDependencies<Alongside = unknown> {
  readonly store: Pick<IJobStore, 'readState' | 'removeExpired'> & IJobCreation<Alongside>;
  /** Keeps what the jobs may cost within the caps. */
  readonly ledger: Pick<ISpendLedger<Alongside>, 'reserve' | 'close'>;
  readonly prices: PriceBook;
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
  throw new ProblemError(Problem.INVALID_REQUEST, undefined, {
    errors: requestFaults(validateSubmission.errors ?? []),
  });
};

const makeJob = async <Alongside>(
  jobId: string,
  submission: Submission,
  request: SubmitRequest,
  dependencies: SubmitDependencies<Alongside>,
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

/** A job that is to be written, and what it may cost. */
interface Candidate {
  readonly job: Job;
  readonly estimate: number;
  readonly terms: PlanTerms;
  readonly hasKey: boolean;
}

/**
 * Writes the job and reserves its worst case in one transaction, or finds the job that its idempotency key already made:
 * what was accepted once is not refused the second time, whatever is left by then.
 */
const reserveOrFind = async <Alongside>(
  { job, estimate, terms, hasKey }: Candidate,
  { store, ledger, count, now }: SubmitDependencies<Alongside>,
): Promise<Accepted> => {
  const { jobId, clientId, labels = [] } = job;
  const clientCaps = { perDay: terms.spendPerDay, perMonth: terms.spendPerMonth, perJob: terms.spendPerJob };
  for (let attempt = 1; attempt <= CREATE_ATTEMPTS; attempt += 1) {
    const nowMs = now();
    const alongside = [store.creation(job)];
    const request = { id: jobId, clientId, clientCaps, estimate, nowMs, keepUntil: job.expiresAt, alongside };
    const outcome = await askLedger(() => ledger.reserve(request), count);
    if (outcome.kind === 'reserved') return { id: jobId, status: job.status, labels, replayed: false };
    const found = await store.readState(jobId);
    if (found && !isExpired(found, now())) return replay(found, job, hasKey);
    if (outcome.kind === 'refused' || outcome.kind === 'cut') throw refusalOf(outcome, nowMs);
    // What is left of a job whose time is over makes room for another.
    if (found) await store.removeExpired(found);
    if (outcome.kind === 'exists') await askLedger(() => ledger.close(jobId), count);
  }
  throw new Error('The job could neither be written nor found.');
};

const countLabels = ({ labels }: Accepted, { count, countBy }: Pick<SubmitDependencies, 'count' | 'countBy'>): void => {
  if (labels.length > 0) count(MetricName.SUSPICIOUS_PROMPTS);
  for (const label of labels) countBy(MetricName.SUSPICIOUS_PROMPTS, LABEL_DIMENSION, label);
};

/**
 * Accepts a job, for which its worst case is reserved: from here on it is written, and the table's stream brings it to
 * the queue.
 * @throws ProblemError 400 where the body does not match the schema, the model is not offered or one job may not cost so
 * much, 403 where the plan does not include the model, 422 where the idempotency key was used with another body, 429
 * where a cap does not cover the job, 503 where its price or the ledger is unknown, or spending is cut off.
 */
export const submitJob = async <Alongside>(
  request: SubmitRequest,
  dependencies: SubmitDependencies<Alongside>,
): Promise<Accepted> => {
  const { clientId, terms, idempotencyKey, body } = request;
  const { prices, count, now, randomBytes } = dependencies;
  const submission = checkSubmission(body);
  checkModel(submission.model, terms);
  const estimate = estimateOf(submission.model, worstCaseOf(submission), { prices, terms, nowMs: now() });
  const jobId = idempotencyKey === undefined ? jobIdOfBytes(randomBytes(16)) : jobIdOfKey(clientId, idempotencyKey);
  const job = await makeJob(jobId, submission, request, dependencies);
  const accepted = await reserveOrFind({ job, estimate, terms, hasKey: idempotencyKey !== undefined }, dependencies);
  count(accepted.replayed ? MetricName.JOBS_REPLAYED : MetricName.JOBS_ACCEPTED);
  if (!accepted.replayed) countLabels(accepted, dependencies);
  return accepted;
};
