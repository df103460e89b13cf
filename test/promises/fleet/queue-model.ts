import type { VirtualTime } from './virtual-time';

/** A message of the model: one object from its sending to its end, so that a receive allocates nothing. */
export interface QueuedMessage {
  readonly body: string;
  /** Message attributes as they were sent. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly group: string;
  readonly sentAtMs: number;
  receives: number;
  /** Receive whose delay or delete counts; an older receipt does nothing. */
  receipt: number;
  state: 'delayed' | 'ready' | 'in-flight' | 'deleted' | 'dead';
}

export interface SendOptions {
  readonly delaySeconds?: number;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly group?: string;
}

export interface QueueModelOptions {
  readonly visibilityMs: number;
  readonly maxReceiveCount: number;
}

/**
 * A standard queue of SQS in virtual time: a delay on sending, a visibility timeout on receiving, at least one
 * delivery, and a redrive policy by which a message that was received `maxReceiveCount` times and not deleted is
 * moved when it would be received again.
 */
export class QueueModel {
  readonly deadLetters: QueuedMessage[] = [];
  sent = 0;
  received = 0;
  deleted = 0;
  /** Told when a message becomes ready. */
  onReady: () => void = () => undefined;
  #ready: QueuedMessage[] = [];
  #head = 0;
  #delayed = 0;
  #inFlight = 0;

  constructor(
    readonly time: VirtualTime,
    readonly options: QueueModelOptions,
  ) {}

  get readyCount(): number {
    return this.#ready.length - this.#head;
  }

  /** Messages that are neither deleted nor dead. */
  get depth(): number {
    return this.readyCount + this.#delayed + this.#inFlight;
  }

  /** When the oldest ready message was sent; undefined for none. */
  get oldestReadyAtMs(): number | undefined {
    return this.#ready[this.#head]?.sentAtMs;
  }

  send(body: string, { delaySeconds = 0, attributes = {}, group = '' }: SendOptions = {}): void {
    const sentAtMs = this.time.now();
    const message: QueuedMessage = { body, attributes, group, sentAtMs, receives: 0, receipt: 0, state: 'delayed' };
    this.sent += 1;
    this.#delayed += 1;
    if (delaySeconds > 0) this.time.after(delaySeconds * 1000, () => this.#arrive(message));
    else this.#arrive(message);
  }

  /** Takes a message that its consumer sends to the dead-letter queue itself. */
  bury(body: string): void {
    const sentAtMs = this.time.now();
    this.deadLetters.push({ body, attributes: {}, group: '', sentAtMs, receives: 0, receipt: 0, state: 'dead' });
  }

  /** Hands a ready message over and hides it; undefined where there is none. */
  receive(): QueuedMessage | undefined {
    const message = this.#ready[this.#head];
    if (message === undefined) return undefined;
    this.#head += 1;
    if (this.#head > 4_096 && this.#head * 2 > this.#ready.length) {
      this.#ready = this.#ready.slice(this.#head);
      this.#head = 0;
    }
    this.received += 1;
    this.#inFlight += 1;
    message.receives += 1;
    message.receipt += 1;
    message.state = 'in-flight';
    return message;
  }

  /** Hides the message until its visibility timeout runs out; the consumer that crashes does no more than this. */
  leave(message: QueuedMessage): void {
    this.returnAfter(message, message.receipt, this.options.visibilityMs);
  }

  /** Lets the message be received again in `ms` milliseconds, unless another receive has it by now. */
  returnAfter(message: QueuedMessage, receipt: number, ms: number): void {
    if (message.receipt !== receipt || message.state !== 'in-flight') return;
    const shown = () => {
      if (message.receipt !== receipt || message.state !== 'in-flight') return;
      this.#inFlight -= 1;
      this.#show(message);
    };
    if (ms > 0) this.time.after(ms, shown);
    else shown();
  }

  delete(message: QueuedMessage): void {
    if (message.state === 'deleted' || message.state === 'dead') return;
    if (message.state === 'in-flight') this.#inFlight -= 1;
    // A ready one that is deleted by an old receipt is rare: at-least-once delivery, and the lease makes it harmless.
    if (message.state !== 'in-flight') return;
    message.state = 'deleted';
    this.deleted += 1;
  }

  #arrive(message: QueuedMessage): void {
    this.#delayed -= 1;
    this.#show(message);
  }

  #show(message: QueuedMessage): void {
    if (message.receives >= this.options.maxReceiveCount) {
      message.state = 'dead';
      this.deadLetters.push(message);
      return;
    }
    message.state = 'ready';
    this.#ready.push(message);
    this.onReady();
  }
}
