import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';

interface Stored {
  readonly id: string;
  readonly body: string;
  readonly group?: string;
  readonly sentAtMs: number;
  readonly firstQueuedAt?: number;
  receives: number;
  visibleAtMs: number;
}

interface Entry {
  readonly Id: string;
  readonly MessageBody: string;
  readonly MessageGroupId?: string;
  readonly ReceiptHandle: string;
  readonly VisibilityTimeout: number;
}

interface Batch {
  readonly QueueUrl: string;
  readonly Entries: readonly Entry[];
}

/** Queues in memory behind the SDK's client, with visibility timeouts on a virtual clock. */
export class SqsDouble {
  readonly mock = mockClient(SQSClient);
  /** Steps that had their effect, in order. */
  readonly steps: string[] = [];
  /** Whether the process has died: no step has an effect any more. */
  isDead = false;
  /** Runs after each step has had its effect; a test may let the process die here. */
  afterStep: (step: string) => void = () => undefined;
  /** Bodies that a send refuses. */
  refusedBodies: readonly string[] = [];
  readonly #queues = new Map<string, Stored[]>();
  #ids = 0;

  constructor(readonly now: () => number) {
    this.mock.on(ReceiveMessageCommand).callsFake((input) => this.#step('receive', () => this.#receive(input)));
    this.mock.on(SendMessageBatchCommand).callsFake((input) => this.#step('send', () => this.#sendBatch(input)));
    this.mock.on(SendMessageCommand).callsFake((input) => this.#step('send', () => this.#send(input)));
    this.mock.on(DeleteMessageBatchCommand).callsFake((input) => this.#step('delete', () => this.#delete(input)));
    this.mock
      .on(ChangeMessageVisibilityBatchCommand)
      .callsFake((input) => this.#step('give back', () => this.#giveBack(input)));
    this.mock.on(GetQueueAttributesCommand).callsFake((input) => this.#attributes(input));
    this.mock.on(PurgeQueueCommand).callsFake(({ QueueUrl }) =>
      this.#step('purge', () => {
        this.#queues.set(QueueUrl, []);
        return {};
      }),
    );
  }

  /** Puts a message into a queue. */
  put(url: string, body: unknown, { sentAtMs = this.now(), ...more }: Partial<Stored> = {}): void {
    this.#ids += 1;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    this.#queue(url).push({ id: `m${this.#ids}`, ...more, body: text, sentAtMs, receives: 0, visibleAtMs: 0 });
  }

  /** Every message of a queue, hidden ones too. */
  messages(url: string): readonly Stored[] {
    return this.#queue(url);
  }

  /** How many messages anybody could receive now. */
  visible(url: string): number {
    return this.#queue(url).filter(({ visibleAtMs }) => visibleAtMs <= this.now()).length;
  }

  #queue(url: string): Stored[] {
    const queue = this.#queues.get(url) ?? [];
    this.#queues.set(url, queue);
    return queue;
  }

  async #step<T>(step: string, effect: () => T): Promise<T> {
    if (this.isDead) throw new Error('the process died');
    const answer = effect();
    this.steps.push(step);
    this.afterStep(step);
    if (this.isDead) throw new Error('the process died');
    return answer;
  }

  #receive({ QueueUrl, MaxNumberOfMessages, VisibilityTimeout }: ReceiveMessageCommand['input']) {
    const found = this.#queue(QueueUrl ?? '').filter(({ visibleAtMs }) => visibleAtMs <= this.now());
    return {
      Messages: found.slice(0, MaxNumberOfMessages).map((message) => {
        message.receives += 1;
        message.visibleAtMs = this.now() + (VisibilityTimeout ?? 30) * 1000;
        return {
          MessageId: message.id,
          ReceiptHandle: `${message.id}/${message.receives}`,
          Body: message.body,
          Attributes: {
            SentTimestamp: String(message.sentAtMs),
            ApproximateReceiveCount: String(message.receives),
            ...(message.group && { MessageGroupId: message.group }),
          },
          ...(message.firstQueuedAt && {
            MessageAttributes: { firstQueuedAt: { DataType: 'Number', StringValue: String(message.firstQueuedAt) } },
          }),
        };
      }),
    };
  }

  #send({ QueueUrl, MessageBody, MessageGroupId }: SendMessageCommand['input']) {
    this.put(QueueUrl ?? '', MessageBody, { group: MessageGroupId });
    return {};
  }

  #sendBatch({ QueueUrl, Entries }: Batch) {
    const refused = Entries.filter(({ MessageBody }) => this.refusedBodies.includes(MessageBody));
    for (const { MessageBody, MessageGroupId } of Entries.filter((entry) => !refused.includes(entry))) {
      this.put(QueueUrl, MessageBody, { group: MessageGroupId });
    }
    return { Failed: refused.map(({ Id }) => ({ Id, Code: 'InternalError', SenderFault: false })) };
  }

  #delete({ QueueUrl, Entries }: Batch) {
    const ids = new Set(Entries.map(({ ReceiptHandle }) => ReceiptHandle.split('/')[0]));
    this.#queues.set(
      QueueUrl,
      this.#queue(QueueUrl).filter(({ id }) => !ids.has(id)),
    );
    return {};
  }

  #giveBack({ QueueUrl, Entries }: Batch) {
    for (const { ReceiptHandle, VisibilityTimeout } of Entries) {
      const message = this.#queue(QueueUrl).find(({ id }) => id === ReceiptHandle.split('/')[0]);
      if (message) message.visibleAtMs = this.now() + VisibilityTimeout * 1000;
    }
    return {};
  }

  #attributes({ QueueUrl = '' }: GetQueueAttributesCommand['input']) {
    const waiting = this.visible(QueueUrl);
    return {
      Attributes: {
        QueueArn: `arn:aws:sqs:eu-west-1:111122223333:${QueueUrl.split('/').at(-1)}`,
        ApproximateNumberOfMessages: String(waiting),
        ApproximateNumberOfMessagesNotVisible: String(this.#queue(QueueUrl).length - waiting),
        ApproximateNumberOfMessagesDelayed: '0',
      },
    };
  }
}
