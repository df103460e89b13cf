import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { FailureReason } from '../lib/contract/failures';
import type { JobMessage } from '../lib/contract/messages';
import { dueBucketOf, dueShardOf, JobStatus } from '../lib/contract/tables';
import type { Operator } from './command';
import { CommandRefusal } from './failure';
import { type JobRow, keyOfJob, readJobRow } from './job-rows';

/** The jobs of one deployment, as an operator changes them: each change is conditional on the state that it needs. */
export class OperatedJobs {
  readonly #tables: DynamoDBDocumentClient;

  constructor(readonly operator: Operator) {
    this.#tables = DynamoDBDocumentClient.from(new DynamoDBClient({ ...operator.access }));
  }

  /** @throws CommandRefusal where there is no such job */
  async show(jobId: string): Promise<JobRow> {
    const { deployment } = this.operator;
    const row = await readJobRow(this.#tables, deployment.jobsTable, jobId);
    if (!row) throw new CommandRefusal(`there is no job ${jobId} in ${deployment.environment}`);
    return row;
  }

  /**
   * Lets a failed or dead-lettered job run again: its row first, its message second. Where the message is not sent, the
   * sweeper finds a queued job that nobody runs. A job that is queued gets another message, which is harmless.
   *
   * @throws CommandRefusal where the job runs, has succeeded or is past its retention
   */
  async retry(jobId: string): Promise<JobRow> {
    const seen = await this.show(jobId);
    const nowMs = this.operator.now();
    if (seen.expiresAt * 1000 <= nowMs) throw new CommandRefusal(`${jobId} is past its retention`);
    if (seen.status !== JobStatus.QUEUED) await this.#change(seen, 'retried', requeued(jobId, nowMs));
    await this.#sendMessage(seen);
    return { ...seen, status: JobStatus.QUEUED };
  }

  /**
   * Ends a job that is still queued: `failed`, with the reason `cancelled`. Its message finds it ended. To cancel it
   * again changes nothing.
   *
   * @throws CommandRefusal where it runs or has ended otherwise
   */
  async cancel(jobId: string): Promise<JobRow> {
    const seen = await this.show(jobId);
    if (seen.failure?.reason !== FailureReason.CANCELLED || seen.status !== JobStatus.FAILED) {
      await this.#change(seen, 'cancelled', cancelled(this.operator.now()));
    }
    return { ...seen, status: JobStatus.FAILED, failure: { reason: FailureReason.CANCELLED } };
  }

  async #change(seen: JobRow, done: string, update: Omit<UpdateCommandInput, 'TableName' | 'Key'>): Promise<void> {
    try {
      await this.#tables.send(
        new UpdateCommand({ TableName: this.operator.deployment.jobsTable, Key: keyOfJob(seen.jobId), ...update }),
      );
    } catch (error) {
      if ((error as Error).name !== 'ConditionalCheckFailedException') throw error;
      // Read anew: the row may have changed since it was seen.
      throw new CommandRefusal(`${seen.jobId} ${stateOf(await this.show(seen.jobId))}: it cannot be ${done}`);
    }
  }

  async #sendMessage({ jobId, correlationId, clientId }: JobRow): Promise<void> {
    const { access, deployment } = this.operator;
    const message: JobMessage = { jobId, correlationId };
    await new SQSClient({ ...access }).send(
      new SendMessageCommand({
        QueueUrl: deployment.queueUrl,
        MessageBody: JSON.stringify(message),
        MessageGroupId: clientId,
      }),
    );
  }
}

const isoTime = (ms: number): string => new Date(ms).toISOString();

/** Back to the queue, with no streak of failures behind it; the last failure stays until the job ends anew. */
const requeued = (jobId: string, nowMs: number) => ({
  UpdateExpression:
    'SET #status = :queued, updatedAt = :now, dueBucket = :bucket, dueAt = :due REMOVE completedAt, leaseOwner, leaseUntil, failedSince, outage, abandoned, resent',
  ConditionExpression: '#status = :failed OR #status = :deadLettered',
  ExpressionAttributeNames: { '#status': 'status' },
  ExpressionAttributeValues: {
    ':queued': JobStatus.QUEUED,
    ':failed': JobStatus.FAILED,
    ':deadLettered': JobStatus.DEAD_LETTERED,
    ':now': isoTime(nowMs),
    ':bucket': dueBucketOf(JobStatus.QUEUED, dueShardOf(jobId)),
    ':due': nowMs,
  },
});

const cancelled = (nowMs: number) => ({
  UpdateExpression:
    'SET #status = :failed, #failure = :failure, completedAt = :now, updatedAt = :now REMOVE failedSince, outage, abandoned, resent, dueBucket, dueAt',
  ConditionExpression: '#status = :queued',
  ExpressionAttributeNames: { '#status': 'status', '#failure': 'failure' },
  ExpressionAttributeValues: {
    ':failed': JobStatus.FAILED,
    ':queued': JobStatus.QUEUED,
    ':failure': { reason: FailureReason.CANCELLED },
    ':now': isoTime(nowMs),
  },
});

const stateOf = ({ status, leaseUntil }: JobRow): string =>
  status === JobStatus.RUNNING ? `runs, under a lease until ${isoTime(leaseUntil ?? 0)}` : `is ${status}`;
