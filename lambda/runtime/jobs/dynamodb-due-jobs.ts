import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { JobsTable } from '../../../lib/contract/tables';
import type { DueStatus } from './due-entry';
import type { Claimed, DueJob, IDueJobs } from './due-jobs';
import type { Failure, Job } from './job';
import { buryUpdate, claimUpdate, type JobUpdate } from './job-updates';

/** The jobs table's sparse index: one keyed query a partition, and never a scan. */
export class DynamoDbDueJobs implements IDueJobs {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async list(bucket: string, before: number, limit: number): Promise<readonly DueJob[]> {
    const { Items } = await this.#client.send(
      new QueryCommand({
        TableName: this.#table,
        IndexName: JobsTable.DUE_INDEX,
        KeyConditionExpression: 'dueBucket = :bucket AND dueAt < :before',
        ExpressionAttributeValues: marshall({ ':bucket': bucket, ':before': before }),
        Limit: limit,
      }),
    );
    return (Items ?? []).map((item) => {
      const { jobId, clientId, correlationId, dueAt, dueBucket } = unmarshall(item);
      const status = String(dueBucket).split('#')[0] as DueStatus;
      return { jobId, clientId, correlationId, status, dueAt };
    });
  }

  async claim(job: DueJob, nowMs: number): Promise<Claimed | undefined> {
    const row = await this.#update(job, claimUpdate(job, nowMs));
    return row && { abandoned: row.abandoned ?? 0, resent: row.resent ?? 0 };
  }

  async bury(job: DueJob, failure: Failure, nowMs: number): Promise<boolean> {
    return (await this.#update(job, buryUpdate(job, failure, nowMs))) !== undefined;
  }

  /** The row after the update, or undefined where the job has moved on. */
  async #update({ jobId }: DueJob, update: JobUpdate): Promise<Partial<Job> | undefined> {
    try {
      const { Attributes } = await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: marshall({ [JobsTable.PARTITION_KEY]: jobId, [JobsTable.SORT_KEY]: JobsTable.JOB_PART }),
          ReturnValues: 'ALL_NEW',
          ...update,
        }),
      );
      return unmarshall(Attributes ?? {}) as Partial<Job>;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return undefined;
      throw error;
    }
  }
}
