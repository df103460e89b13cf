import { setTimeout as sleep } from 'node:timers/promises';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DeleteMessageCommand, type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { AwsAccess } from '../../../cli/deployment';

export interface QueueConsumersOptions {
  readonly access: AwsAccess;
  readonly queueUrl: string;
  /** Name or ARN of the function that processes the messages. */
  readonly processor: string;
  /** How many messages are processed at once. */
  readonly parallel: number;
}

const PAUSE_MS = 100;

/**
 * Hands messages of the work queue to the processor beside the emulator's own poller, which is one for all queues: so
 * that as many of the processor's processes live at once, as they do behind a real one.
 */
export class QueueConsumers {
  readonly #queue: SQSClient;
  readonly #lambda: LambdaClient;
  readonly #ended = new AbortController();
  readonly #running: Promise<void>[];
  processed = 0;

  constructor(readonly options: QueueConsumersOptions) {
    this.#queue = new SQSClient({ ...options.access });
    this.#lambda = new LambdaClient({ ...options.access });
    this.#running = Array.from({ length: options.parallel }, () => this.#run());
    // Whoever waits for `end` learns of it.
    for (const running of this.#running) running.catch(() => undefined);
  }

  /** Ends them after the message that each has. */
  async end(): Promise<void> {
    this.#ended.abort();
    await Promise.all(this.#running);
  }

  async #run(): Promise<void> {
    const { queueUrl: QueueUrl } = this.options;
    while (!this.#ended.signal.aborted) {
      const { Messages = [] } = await this.#queue.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 1,
          MessageSystemAttributeNames: ['All'],
          MessageAttributeNames: ['All'],
        }),
      );
      for (const message of Messages) await this.#process(message);
      if (Messages.length === 0) await sleep(PAUSE_MS);
    }
  }

  /** As Lambda's poller does: what the function does not name as failed is deleted. */
  async #process(message: Message): Promise<void> {
    const { queueUrl: QueueUrl, processor: FunctionName } = this.options;
    const Payload = Buffer.from(JSON.stringify({ Records: [recordOf(message)] }));
    const answer = await this.#lambda.send(new InvokeCommand({ FunctionName, Payload }));
    const { batchItemFailures = [] } = JSON.parse(Buffer.from(answer.Payload ?? []).toString() || '{}') ?? {};
    if (answer.FunctionError || batchItemFailures.length > 0) return;
    this.processed += 1;
    await this.#queue.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
  }
}

const recordOf = ({ MessageId, ReceiptHandle, Body, Attributes, MessageAttributes = {} }: Message) => ({
  messageId: MessageId,
  receiptHandle: ReceiptHandle,
  body: Body,
  attributes: Attributes,
  messageAttributes: Object.fromEntries(
    Object.entries(MessageAttributes).map(([name, { DataType, StringValue }]) => [
      name,
      { dataType: DataType, stringValue: StringValue },
    ]),
  ),
  eventSource: 'aws:sqs',
});
