import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { JobStatus, type JobStatusValue } from '../../../lib/contract/tables';
import { dueEntry } from './due-entry';
import type { DueJob } from './due-jobs';
import type { Failure, OutageRecord, Usage } from './job';
import { type Lease, type LeaseRequest, MOST_ABANDONED } from './lease';

/** The changing part of an update of a job's row. */
export interface JobUpdate {
  readonly UpdateExpression: string;
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues: Record<string, AttributeValue>;
}

const isoTime = (nowMs: number): string => new Date(nowMs).toISOString();

const valuesOf = (values: Record<string, unknown>): Record<string, AttributeValue> =>
  marshall(values, { removeUndefinedValues: true });

const DUE = 'dueBucket = :dueBucket, dueAt = :dueAt';

const dueValues = (...entry: Parameters<typeof dueEntry>): Record<string, unknown> => {
  const { dueBucket, dueAt } = dueEntry(...entry);
  return { ':dueBucket': dueBucket, ':dueAt': dueAt };
};

const leasing = (
  { jobId, owner, nowMs, leaseMs }: LeaseRequest,
  { condition, set = '', values }: { condition: string; set?: string; values: Record<string, unknown> },
): JobUpdate => ({
  UpdateExpression: `SET #status = :running, fence = fence + :one, leaseOwner = :owner, leaseUntil = :until, updatedAt = :updatedAt, ${DUE}${set} REMOVE completedAt, resent`,
  ConditionExpression: condition,
  ExpressionAttributeNames: { '#status': 'status' },
  ExpressionAttributeValues: valuesOf({
    ':running': JobStatus.RUNNING,
    ':one': 1,
    ':owner': owner,
    ':until': nowMs + leaseMs,
    ':updatedAt': isoTime(nowMs),
    ...dueValues(jobId, JobStatus.RUNNING, nowMs + leaseMs),
    ...values,
  }),
});

/** That a lease has ended with the job still running, and the sweeper is not to give the job up. */
const TAKE_OVER = '#status = :running AND leaseUntil < :now AND (attribute_not_exists(abandoned) OR abandoned < :most)';

/**
 * Takes the lease of a job that nobody has, by the rule that `refusalOf` states, in the table's own terms. One whose
 * owner lives, and could not give it back, is nobody's when it has ended.
 */
export const leaseUpdate = (request: LeaseRequest): JobUpdate => {
  const { redriven, livingOwner, nowMs } = request;
  const conditions = ['#status = :queued'];
  if (redriven) conditions.push('(#status = :deadLettered AND attribute_not_exists(abandoned))');
  if (livingOwner) conditions.push(`(${TAKE_OVER} AND leaseOwner = :living)`);
  return leasing(request, {
    condition: conditions.join(' OR '),
    values: {
      ':queued': JobStatus.QUEUED,
      ':deadLettered': redriven ? JobStatus.DEAD_LETTERED : undefined,
      ...(livingOwner && { ':living': livingOwner, ':now': nowMs, ':most': MOST_ABANDONED }),
    },
  });
};

const COUNT_ABANDONED = ', abandoned = if_not_exists(abandoned, :zero) + :one';

/** Takes a lease over that has ended with the job still running: its worker counts as one that died over it. */
export const takeOverUpdate = (request: LeaseRequest): JobUpdate =>
  leasing(request, {
    condition: TAKE_OVER,
    set: COUNT_ABANDONED,
    values: { ':now': request.nowMs, ':zero': 0, ':most': MOST_ABANDONED },
  });

/** An update that only the holder of the lease can make. */
export const heldLease = (
  { fence }: Lease,
  expression: string,
  names: Record<string, string>,
  values: Record<string, unknown>,
): JobUpdate => ({
  UpdateExpression: expression,
  ConditionExpression: 'fence = :fence AND #status = :running',
  ExpressionAttributeNames: { '#status': 'status', ...names },
  ExpressionAttributeValues: valuesOf({ ':fence': fence, ':running': JobStatus.RUNNING, ...values }),
});

export const upstreamCallUpdate = (lease: Lease): JobUpdate =>
  heldLease(lease, 'SET upstreamCalls = upstreamCalls + :one', {}, { ':one': 1 });

/** What leaves the row when a job ends: the lease, the streak of failures, the entry in the index of due jobs. */
const BURIED = 'leaseOwner, leaseUntil, failedSince, outage, resent, dueBucket, dueAt';
const ENDED = `${BURIED}, abandoned`;

export interface End {
  readonly status: JobStatusValue;
  readonly nowMs: number;
  readonly usage?: Usage;
  readonly failure?: Failure;
}

/** Ends the job; an earlier receive's failure does not stay on a job that succeeded. */
export const endUpdate = (lease: Lease, { status, nowMs, usage, failure }: End): JobUpdate => {
  const outcome = usage ? '#usage = :usage' : '#failure = :failure';
  return heldLease(
    lease,
    `SET #status = :status, completedAt = :now, updatedAt = :now, ${outcome} REMOVE ${ENDED}${usage ? ', #failure' : ''}`,
    { ...(usage ? { '#usage': 'usage' } : {}), '#failure': 'failure' },
    { ':status': status, ':now': isoTime(nowMs), ':usage': usage, ':failure': failure },
  );
};

/** How a job goes back to the queue. */
export interface Release {
  readonly nowMs: number;
  /** What went wrong this time. @default - nothing: it was not tried; what was wrong before stays */
  readonly failure?: Failure;
  /** Since when it has failed by an outage's failures. @default - the streak is forgotten */
  readonly failedSince?: number;
  /** How it fared with the outage. @default - as the row says */
  readonly outage?: OutageRecord;
  /** Milliseconds before its message is received again: until then it does not wait for a worker. @default 0 */
  readonly delayMs?: number;
}

/** Gives the job back. A worker that could say what went wrong has outlived it, so the count of its dead starts anew. */
export const releaseUpdate = (
  lease: Lease,
  { nowMs, failure, failedSince, outage, delayMs = 0 }: Release,
): JobUpdate => {
  const sets = ['#status = :queued', 'updatedAt = :now', DUE];
  const removes = ['leaseOwner', 'leaseUntil'];
  if (failure) {
    sets.push('#failure = :failure');
    removes.push('abandoned');
  }
  if (outage) sets.push('outage = :outage');
  if (failedSince === undefined) removes.push('failedSince');
  else sets.push('failedSince = :failedSince');
  return heldLease(
    lease,
    `SET ${sets.join(', ')} REMOVE ${removes.join(', ')}`,
    failure ? { '#failure': 'failure' } : {},
    {
      ':queued': JobStatus.QUEUED,
      ':now': isoTime(nowMs),
      ':failure': failure,
      ':failedSince': failedSince,
      ':outage': outage,
      ...dueValues(lease.jobId, JobStatus.QUEUED, nowMs + delayMs),
    },
  );
};

/** An update of a job that is still as the index showed it; a running one's lease has ended by then. */
const stillDue = ({ jobId, status, dueAt }: DueJob, expression: string, values: Record<string, unknown>) => ({
  UpdateExpression: expression,
  ConditionExpression: '#status = :seenStatus AND dueAt = :seenDueAt AND dueBucket = :seenBucket',
  ExpressionAttributeValues: valuesOf({
    ':seenStatus': status,
    ':seenDueAt': dueAt,
    ':seenBucket': dueEntry(jobId, status, dueAt).dueBucket,
    ...values,
  }),
});

const COUNT_RESENT = ', resent = if_not_exists(resent, :zero) + :one';

/** Puts a due job back into the queue for one sweep, so that it waits anew, and counts why: abandoned, or never run. */
export const claimUpdate = (job: DueJob, nowMs: number): JobUpdate => {
  const counts = job.status === JobStatus.RUNNING ? COUNT_ABANDONED : COUNT_RESENT;
  return {
    ...stillDue(job, `SET #status = :queued, ${DUE}${counts} REMOVE leaseOwner, leaseUntil`, {
      ':queued': JobStatus.QUEUED,
      ...dueValues(job.jobId, JobStatus.QUEUED, nowMs),
      ':zero': 0,
      ':one': 1,
    }),
    ExpressionAttributeNames: { '#status': 'status' },
  };
};

/**
 * Ends a job that is sent again and again in vain. A count of workers that abandoned it stays on the row, and keeps
 * every copy of its message that is still about from running it once more: only `bulwark jobs retry` clears it.
 */
export const buryUpdate = (job: DueJob, failure: Failure, nowMs: number): JobUpdate => ({
  ...stillDue(
    job,
    `SET #status = :deadLettered, completedAt = :now, updatedAt = :now, #failure = :failure REMOVE ${BURIED}`,
    { ':deadLettered': JobStatus.DEAD_LETTERED, ':now': isoTime(nowMs), ':failure': failure },
  ),
  ExpressionAttributeNames: { '#status': 'status', '#failure': 'failure' },
});
