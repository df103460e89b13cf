import { createHash } from 'node:crypto';
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  type Put,
  PutItemCommand,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { JobStatus, JobsTable } from '../../../lib/contract/tables';
import { LeaseLostError } from './errors';
import type { Failure, Job, JobResult, JobState } from './job';
import type { IJobCreation, IJobStore, Success } from './job-store';
import {
  endUpdate,
  type JobUpdate,
  leaseUpdate,
  type Release,
  releaseUpdate,
  takeOverUpdate,
  upstreamCallUpdate,
} from './job-updates';
import { type Lease, type LeaseOutcome, type LeaseRequest, refusalOf } from './lease';

const { JOB_PART, RESULT_PART } = JobsTable;

/** All of a job's row but its sealed request, which can be a quarter of a megabyte. */
const STATE_ATTRIBUTES = [
  'jobId clientId status requestHash model labels reservation correlationId createdAt updatedAt completedAt',
  'expiresAt fence leaseOwner leaseUntil upstreamCalls usage failure failedSince outage abandoned resent',
].flatMap((names) => names.split(' '));

const stateProjection = {
  ProjectionExpression: STATE_ATTRIBUTES.map((name) => `#${name}`).join(', '),
  ExpressionAttributeNames: Object.fromEntries(STATE_ATTRIBUTES.map((name) => [`#${name}`, name])),
};

const keyOf = (jobId: string, part: string) =>
  marshall({ [JobsTable.PARTITION_KEY]: jobId, [JobsTable.SORT_KEY]: part });

const itemOf = (part: string, row: object) =>
  marshall({ ...row, [JobsTable.SORT_KEY]: part }, { removeUndefinedValues: true });

/** Whether a transaction was refused by one of its conditions, rather than by a conflict or a throttle. */
const isRefusedByCondition = (error: unknown): boolean =>
  error instanceof TransactionCanceledException &&
  (error.CancellationReasons ?? []).some(({ Code }) => Code === 'ConditionalCheckFailed');

/**
 * The same for every try to settle under one lease, so that a repetition of a write whose answer was lost succeeds
 * (DynamoDB remembers a token of at most 36 characters for 10 minutes).
 */
const settlementToken = ({ jobId, fence }: Lease): string =>
  createHash('sha256').update(`${jobId}#${fence}`).digest('hex').slice(0, 36);

/** Jobs in DynamoDB, one item collection a job. */
export class DynamoDbJobStore implements IJobStore, IJobCreation<TransactWriteItem> {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async create(job: Job): Promise<boolean> {
    try {
      await this.#client.send(new PutItemCommand(this.#newJob(job)));
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  creation(job: Job): TransactWriteItem {
    return { Put: this.#newJob(job) };
  }

  #newJob(job: Job): Put {
    return {
      TableName: this.#table,
      Item: itemOf(JOB_PART, job),
      ConditionExpression: 'attribute_not_exists(jobId)',
    };
  }

  async readState(jobId: string): Promise<JobState | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({
        TableName: this.#table,
        Key: keyOf(jobId, JOB_PART),
        ConsistentRead: true,
        ...stateProjection,
      }),
    );
    return Item && (unmarshall(Item) as JobState);
  }

  async readResult(jobId: string): Promise<JobResult | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: keyOf(jobId, RESULT_PART), ConsistentRead: true }),
    );
    return Item && (unmarshall(Item) as JobResult);
  }

  async removeExpired({ jobId, expiresAt }: Pick<JobState, 'jobId' | 'expiresAt'>): Promise<boolean> {
    const row = {
      TableName: this.#table,
      Key: keyOf(jobId, JOB_PART),
      ConditionExpression: 'expiresAt = :expiresAt',
      ExpressionAttributeValues: marshall({ ':expiresAt': expiresAt }),
    };
    const result = { TableName: this.#table, Key: keyOf(jobId, RESULT_PART) };
    try {
      await this.#transact([{ Delete: row }, { Delete: result }]);
      return true;
    } catch (error) {
      if (isRefusedByCondition(error)) return false;
      throw error;
    }
  }

  async lease(request: LeaseRequest): Promise<LeaseOutcome> {
    const outcome = await this.#take(request, leaseUpdate(request));
    // Undefined twice: between the two updates somebody else has moved it.
    return outcome ?? (await this.#take(request, takeOverUpdate(request))) ?? { kind: 'held', untilMs: request.nowMs };
  }

  /** Answers undefined where the rule allows the lease, but not by this update. */
  async #take(request: LeaseRequest, update: JobUpdate): Promise<LeaseOutcome | undefined> {
    try {
      const { Attributes } = await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: keyOf(request.jobId, JOB_PART),
          ...update,
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return { kind: 'leased', job: unmarshall(Attributes ?? {}) as Job };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      const found = error.Item && (unmarshall(error.Item) as Job);
      // The SDK sent the update again after its answer was lost: the lease that is in the way is this request's own.
      const isOwn = found?.leaseOwner === request.owner && (found?.leaseUntil ?? 0) >= request.nowMs;
      return found && isOwn ? { kind: 'leased', job: found } : refusalOf(found, request);
    }
  }

  async countUpstreamCall(lease: Lease): Promise<void> {
    await this.#updateUnder(lease, upstreamCallUpdate(lease));
  }

  async succeed(lease: Lease, { usage, sealedCompletion, expiresAt, nowMs }: Success): Promise<void> {
    const result: JobResult = { jobId: lease.jobId, sealedCompletion, fence: lease.fence, expiresAt };
    try {
      const items: TransactWriteItem[] = [
        {
          Update: {
            TableName: this.#table,
            Key: keyOf(lease.jobId, JOB_PART),
            ...endUpdate(lease, { status: JobStatus.SUCCEEDED, nowMs, usage }),
          },
        },
        {
          Put: {
            TableName: this.#table,
            Item: itemOf(RESULT_PART, result),
            ConditionExpression: 'attribute_not_exists(jobId)',
          },
        },
      ];
      await this.#transact(items, settlementToken(lease));
    } catch (error) {
      throw isRefusedByCondition(error) ? new LeaseLostError(lease.jobId, error) : error;
    }
  }

  async fail(lease: Lease, failure: Failure, nowMs: number): Promise<void> {
    await this.#updateUnder(lease, endUpdate(lease, { status: JobStatus.FAILED, nowMs, failure }));
  }

  async release(lease: Lease, release: Release): Promise<void> {
    await this.#updateUnder(lease, releaseUpdate(lease, release));
  }

  async deadLetter(lease: Lease, failure: Failure, nowMs: number): Promise<void> {
    await this.#updateUnder(lease, endUpdate(lease, { status: JobStatus.DEAD_LETTERED, nowMs, failure }));
  }

  async #updateUnder(lease: Lease, update: JobUpdate): Promise<void> {
    try {
      await this.#client.send(
        new UpdateItemCommand({ TableName: this.#table, Key: keyOf(lease.jobId, JOB_PART), ...update }),
      );
    } catch (error) {
      throw error instanceof ConditionalCheckFailedException ? new LeaseLostError(lease.jobId, error) : error;
    }
  }

  async #transact(items: TransactWriteItem[], token?: string): Promise<void> {
    await this.#client.send(new TransactWriteItemsCommand({ TransactItems: items, ClientRequestToken: token }));
  }
}
