import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { JobStatus, type JobStatusValue } from '../../../lib/contract/tables';
import type { Failure, Usage } from './job';
import type { Lease, LeaseRequest } from './lease';

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

/** Takes the lease by the rule that `refusalOf` states, in the table's own terms. */
export const leaseUpdate = ({ owner, nowMs, leaseMs, redriven }: LeaseRequest): JobUpdate => ({
  UpdateExpression:
    'SET #status = :running, fence = fence + :one, leaseOwner = :owner, leaseUntil = :until, updatedAt = :updatedAt REMOVE completedAt',
  ConditionExpression: `#status = :queued OR (#status = :running AND leaseUntil < :now)${redriven ? ' OR #status = :deadLettered' : ''}`,
  ExpressionAttributeNames: { '#status': 'status' },
  ExpressionAttributeValues: valuesOf({
    ':running': JobStatus.RUNNING,
    ':queued': JobStatus.QUEUED,
    ':deadLettered': redriven ? JobStatus.DEAD_LETTERED : undefined,
    ':one': 1,
    ':owner': owner,
    ':until': nowMs + leaseMs,
    ':now': nowMs,
    ':updatedAt': isoTime(nowMs),
  }),
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
    `SET #status = :status, completedAt = :now, updatedAt = :now, ${outcome} REMOVE leaseOwner, leaseUntil${usage ? ', #failure' : ''}`,
    { ...(usage ? { '#usage': 'usage' } : {}), '#failure': 'failure' },
    { ':status': status, ':now': isoTime(nowMs), ':usage': usage, ':failure': failure },
  );
};

/** Gives the job back, with what went wrong this time. */
export const releaseUpdate = (lease: Lease, failure: Failure, nowMs: number): JobUpdate =>
  heldLease(
    lease,
    'SET #status = :queued, updatedAt = :now, #failure = :failure REMOVE leaseOwner, leaseUntil',
    { '#failure': 'failure' },
    { ':queued': JobStatus.QUEUED, ':now': isoTime(nowMs), ':failure': failure },
  );
