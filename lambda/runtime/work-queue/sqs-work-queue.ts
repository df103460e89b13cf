import { ChangeMessageVisibilityCommand, SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { IWorkQueue, Outgoing } from './work-queue';

/** The work queue in SQS: a standard queue, fair between clients by their message groups. */
export class SqsWorkQueue implements IWorkQueue {
  readonly #client: SQSClient;
  readonly #queueUrl: string;

  constructor(client: SQSClient, queueUrl: string) {
    this.#client = client;
    this.#queueUrl = queueUrl;
  }

  async send(messages: readonly Outgoing[]): Promise<readonly number[]> {
    const { Failed } = await this.#client.send(
      new SendMessageBatchCommand({
        QueueUrl: this.#queueUrl,
        Entries: messages.map(({ message, clientId }, position) => ({
          Id: String(position),
          MessageBody: JSON.stringify(message),
          MessageGroupId: clientId,
        })),
      }),
    );
    return (Failed ?? []).map(({ Id }) => Number(Id));
  }

  async returnAfter(receiptHandle: string, seconds: number): Promise<void> {
    await this.#client.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: this.#queueUrl,
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: seconds,
      }),
    );
  }
}
