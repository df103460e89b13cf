import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { FIRST_QUEUED_AT, LIVING_OWNER } from '../../../lib/contract/messages';
import type { IWorkQueue, Outgoing, Received } from './work-queue';

/** Seconds that a receive waits for a message: without any, a queue that is nearly empty may answer none. */
const RECEIVE_WAIT_SECONDS = 1;

/** The messages that wait: a delayed one does before it can be received, one that is in flight is somebody's. */
const WAITING = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesDelayed'] as const;

const entryOf = (
  { message, clientId, delaySeconds, firstQueuedAt, livingOwner }: Outgoing,
  position: number,
): SendMessageBatchRequestEntry => ({
  Id: String(position),
  MessageBody: JSON.stringify(message),
  MessageGroupId: clientId,
  ...(delaySeconds ? { DelaySeconds: delaySeconds } : {}),
  ...(firstQueuedAt === undefined && livingOwner === undefined
    ? {}
    : { MessageAttributes: attributesOf({ firstQueuedAt, livingOwner }) }),
});

const attributesOf = ({ firstQueuedAt, livingOwner }: Pick<Outgoing, 'firstQueuedAt' | 'livingOwner'>) => ({
  ...(firstQueuedAt !== undefined && {
    [FIRST_QUEUED_AT]: { DataType: 'Number', StringValue: String(firstQueuedAt) },
  }),
  ...(livingOwner !== undefined && { [LIVING_OWNER]: { DataType: 'String', StringValue: livingOwner } }),
});

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
      new SendMessageBatchCommand({ QueueUrl: this.#queueUrl, Entries: messages.map(entryOf) }),
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

  async receiveOne(): Promise<Received | undefined> {
    const { Messages } = await this.#client.send(
      new ReceiveMessageCommand({
        QueueUrl: this.#queueUrl,
        MaxNumberOfMessages: 1,
        WaitTimeSeconds: RECEIVE_WAIT_SECONDS,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      }),
    );
    const message = Messages?.[0];
    if (!message?.ReceiptHandle) return undefined;
    const attributes = Object.entries(message.MessageAttributes ?? {}).map(([name, { DataType, StringValue }]) => [
      name,
      { dataType: DataType ?? 'String', stringValue: StringValue },
    ]);
    return {
      messageId: message.MessageId ?? '',
      receiptHandle: message.ReceiptHandle,
      body: message.Body ?? '',
      attributes: { ...message.Attributes },
      messageAttributes: Object.fromEntries(attributes),
    };
  }

  async delete(receiptHandle: string): Promise<void> {
    await this.#client.send(new DeleteMessageCommand({ QueueUrl: this.#queueUrl, ReceiptHandle: receiptHandle }));
  }

  async depth(): Promise<number> {
    const { Attributes } = await this.#client.send(
      new GetQueueAttributesCommand({ QueueUrl: this.#queueUrl, AttributeNames: [...WAITING] }),
    );
    return WAITING.reduce((total, name) => total + Number(Attributes?.[name] ?? 0), 0);
  }
}
