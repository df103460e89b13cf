import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { FIRST_QUEUED_AT } from '../../lib/contract/messages';
import type { Operator } from '../command';
import { readJobRows } from '../job-rows';
import { type DeadLetter, letterOf } from './dead-letter';

/** Most messages of one batch; a quota of SQS. */
export const BATCH = 10;

/** Messages of a queue, as near as SQS tells. */
export interface Depth {
  readonly waiting: number;
  readonly inFlight: number;
  readonly delayed: number;
}

const DEPTH = {
  waiting: 'ApproximateNumberOfMessages',
  inFlight: 'ApproximateNumberOfMessagesNotVisible',
  delayed: 'ApproximateNumberOfMessagesDelayed',
} as const;

/** The dead-letter queue of the work queue, and the way from one to the other. */
export class DeadLetterQueue {
  readonly #sqs: SQSClient;
  readonly #tables: DynamoDBDocumentClient;
  readonly #url: string;
  readonly #workQueueUrl: string;
  readonly #jobsTable: string;

  constructor({ access, deployment }: Pick<Operator, 'access' | 'deployment'>) {
    this.#sqs = new SQSClient({ ...access });
    this.#tables = DynamoDBDocumentClient.from(new DynamoDBClient({ ...access }));
    this.#url = deployment.deadLetterQueueUrl;
    this.#workQueueUrl = deployment.queueUrl;
    this.#jobsTable = deployment.jobsTable;
  }

  /** What the console calls it. */
  get name(): string {
    return this.#url.split('/').at(-1) ?? this.#url;
  }

  async depth(): Promise<Depth> {
    return depthOf(this.#sqs, this.#url);
  }

  /** ARNs of this queue and of the work queue. */
  async arns(): Promise<{ readonly from: string; readonly to: string }> {
    const [from, to] = await Promise.all([this.#url, this.#workQueueUrl].map((url) => this.#arnOf(url)));
    return { from: from ?? '', to: to ?? '' };
  }

  async #arnOf(QueueUrl: string): Promise<string | undefined> {
    const input = { QueueUrl, AttributeNames: ['QueueArn' as const] };
    return (await this.#sqs.send(new GetQueueAttributesCommand(input))).Attributes?.QueueArn;
  }

  /** Up to ten messages with their jobs' rows; nobody else receives them for `holdSeconds`. */
  async receive(holdSeconds: number): Promise<DeadLetter[]> {
    const { Messages = [] } = await this.#sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: this.#url,
        MaxNumberOfMessages: BATCH,
        VisibilityTimeout: holdSeconds,
        // A long poll asks every server of the queue, so that an empty answer means something.
        WaitTimeSeconds: 1,
        MessageSystemAttributeNames: ['SentTimestamp', 'ApproximateReceiveCount', 'MessageGroupId'],
        MessageAttributeNames: [FIRST_QUEUED_AT],
      }),
    );
    return this.#withRows(Messages.map(letterOf));
  }

  async #withRows(letters: readonly DeadLetter[]): Promise<DeadLetter[]> {
    const jobIds = letters.flatMap(({ jobId }) => jobId ?? []);
    try {
      const rows = await readJobRows(this.#tables, this.#jobsTable, jobIds);
      return letters.map((letter) => {
        const row = letter.jobId === undefined ? undefined : rows.get(letter.jobId);
        return row ? { ...letter, row } : letter;
      });
    } catch (error) {
      await this.giveBack(letters);
      throw error;
    }
  }

  /** Lets others receive the letters at once; those for which it fails come back by themselves. */
  async giveBack(letters: readonly DeadLetter[]): Promise<void> {
    for (const batch of batchesOf(letters)) {
      const Entries = batch.map(({ receiptHandle }, position) => ({
        Id: String(position),
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: 0,
      }));
      await this.#sqs
        .send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: this.#url, Entries }))
        .catch(() => undefined);
    }
  }

  /** Sends up to ten letters to the work queue; answers those that it took. Their copies here are still there. */
  async send(letters: readonly DeadLetter[]): Promise<DeadLetter[]> {
    const { Failed = [] } = await this.#sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: this.#workQueueUrl,
        Entries: letters.map(({ body, group, row }, position) => ({
          Id: String(position),
          MessageBody: body,
          MessageGroupId: group ?? row?.clientId,
        })),
      }),
    );
    const failed = new Set(Failed.map(({ Id }) => Id));
    return letters.filter((_, position) => !failed.has(String(position)));
  }

  /** Deletes up to ten letters here; answers how many it could not. */
  async delete(letters: readonly DeadLetter[]): Promise<number> {
    const Entries = letters.map(({ receiptHandle }, position) => ({
      Id: String(position),
      ReceiptHandle: receiptHandle,
    }));
    const { Failed = [] } = await this.#sqs.send(new DeleteMessageBatchCommand({ QueueUrl: this.#url, Entries }));
    return Failed.length;
  }

  /** Deletes everything; SQS takes up to a minute, and one purge a minute. */
  async purge(): Promise<void> {
    await this.#sqs.send(new PurgeQueueCommand({ QueueUrl: this.#url }));
  }
}

/** How many messages a queue has. */
export async function depthOf(sqs: SQSClient, QueueUrl: string, abortSignal?: AbortSignal): Promise<Depth> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: Object.values(DEPTH) }),
    { abortSignal },
  );
  const count = (name: keyof typeof DEPTH): number => Number(Attributes[DEPTH[name]] ?? 0);
  return { waiting: count('waiting'), inFlight: count('inFlight'), delayed: count('delayed') };
}

function batchesOf<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / BATCH) }, (_, index) =>
    items.slice(index * BATCH, (index + 1) * BATCH),
  );
}
