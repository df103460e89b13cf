import { BatchGetCommand, type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import type { FailureReasonValue } from '../lib/contract/failures';
import type { PromptLabelValue } from '../lib/contract/prompt-labels';
import { type JobStatusValue, JobsTable } from '../lib/contract/tables';

/** What an operator may see of a job: identifiers, states, numbers; nothing that is sealed. */
export interface JobRow {
  readonly jobId: string;
  readonly clientId: string;
  readonly status: JobStatusValue;
  readonly model: string;
  /** What is suspicious about its prompt. */
  readonly labels?: readonly PromptLabelValue[];
  readonly correlationId: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly completedAt?: string;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
  readonly fence: number;
  readonly leaseOwner?: string;
  /** Milliseconds since the epoch. */
  readonly leaseUntil?: number;
  readonly upstreamCalls: number;
  /** Worst case in tokens: the size of the request and of its answer. */
  readonly reservation?: { readonly inputTokens: number; readonly outputTokens: number };
  readonly usage?: Readonly<Record<string, number>>;
  readonly failure?: { readonly reason: FailureReasonValue; readonly detail?: string };
}

const ATTRIBUTES = [
  'jobId clientId status model labels correlationId createdAt updatedAt completedAt expiresAt fence',
  'leaseOwner leaseUntil upstreamCalls reservation usage failure',
].flatMap((names) => names.split(' '));

const PROJECTION = {
  ProjectionExpression: ATTRIBUTES.map((name) => `#${name}`).join(', '),
  ExpressionAttributeNames: Object.fromEntries(ATTRIBUTES.map((name) => [`#${name}`, name])),
};

export const keyOfJob = (jobId: string) => ({
  [JobsTable.PARTITION_KEY]: jobId,
  [JobsTable.SORT_KEY]: JobsTable.JOB_PART,
});

/** A job's row as of the last write. */
export async function readJobRow(
  tables: DynamoDBDocumentClient,
  table: string,
  jobId: string,
): Promise<JobRow | undefined> {
  const { Item } = await tables.send(
    new GetCommand({ TableName: table, Key: keyOfJob(jobId), ConsistentRead: true, ...PROJECTION }),
  );
  return Item as JobRow | undefined;
}

/** Reads of one batch, where the table throttles. */
const BATCH_ATTEMPTS = 5;

/** Rows of up to 100 jobs, by id; those that are not there are not in it. */
export async function readJobRows(
  tables: DynamoDBDocumentClient,
  table: string,
  jobIds: readonly string[],
): Promise<ReadonlyMap<string, JobRow>> {
  const rows = new Map<string, JobRow>();
  let keys: Record<string, unknown>[] = [...new Set(jobIds)].map(keyOfJob);
  for (let attempt = 1; keys.length > 0; attempt++) {
    if (attempt > BATCH_ATTEMPTS) throw new Error(`the rows of ${keys.length} jobs could not be read`);
    const { Responses, UnprocessedKeys } = await tables.send(
      new BatchGetCommand({ RequestItems: { [table]: { Keys: keys, ConsistentRead: true, ...PROJECTION } } }),
    );
    for (const item of Responses?.[table] ?? []) rows.set(item.jobId, item as JobRow);
    keys = UnprocessedKeys?.[table]?.Keys ?? [];
  }
  return rows;
}

/** What is printed in place of something that nobody is to see. */
export const MASK = '***MASKED***';

/** Codes and numbers, as a failure's detail is meant to be. */
const HARMLESS_DETAIL = /^[\w .:-]{1,120}$/;

/** A failure for people: its detail only where it cannot be text of a request or an answer. */
export function describeFailure(failure: JobRow['failure']): string {
  if (!failure) return '-';
  if (failure.detail === undefined || failure.detail === failure.reason) return failure.reason;
  return `${failure.reason} (${HARMLESS_DETAIL.test(failure.detail) ? failure.detail : MASK})`;
}
