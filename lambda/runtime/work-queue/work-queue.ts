import type { JobMessage } from '../../../lib/contract/messages';

/** A message to send, and the tenant whose share of the queue it takes. */
export interface Outgoing {
  readonly message: JobMessage;
  readonly clientId: string;
  /** Seconds before anybody receives it, 0 to `MAX_DELAY_SECONDS`. @default 0 */
  readonly delaySeconds?: number;
  /** Milliseconds since the epoch at which the job was first sent, where this is a copy. @default - it is the first */
  readonly firstQueuedAt?: number;
  /** Owner of the job's lease who lives, and could not write the job's row. @default - none */
  readonly livingOwner?: string;
}

/** A message as the queue hands it to whoever asks. */
export interface Received {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  /** The queue's own attributes, such as `ApproximateReceiveCount`. */
  readonly attributes: Readonly<Record<string, string>>;
  /** The sender's attributes. */
  readonly messageAttributes: Readonly<Record<string, { readonly dataType: string; readonly stringValue?: string }>>;
}

/** The queue that jobs wait in. */
export interface IWorkQueue {
  /** Sends at most `MAX_BATCH` messages; answers the positions of those that were not taken. */
  send(messages: readonly Outgoing[]): Promise<readonly number[]>;
  /** Lets a received message be received again after `seconds`, 0 to 43200. */
  returnAfter(receiptHandle: string, seconds: number): Promise<void>;
  /** Receives one message, which burns one of its receives; undefined where none is waiting. */
  receiveOne(): Promise<Received | undefined>;
  /** Deletes a received message. */
  delete(receiptHandle: string): Promise<void>;
  /** About how many messages wait to be received, those included that are delayed. */
  depth(): Promise<number>;
}

/** Most messages that one send takes; a quota of SQS. */
export const MAX_BATCH = 10;

/** Longest delay of a message, in seconds; a quota of SQS. */
export const MAX_DELAY_SECONDS = 900;

const isText = (value: unknown): value is string => typeof value === 'string' && value.length > 0;

/** The message that a body holds, or undefined where it holds none. */
export const parseJobMessage = (body: string): JobMessage | undefined => {
  try {
    const { jobId, correlationId } = JSON.parse(body) ?? {};
    return isText(jobId) && isText(correlationId) ? { jobId, correlationId } : undefined;
  } catch {
    return undefined;
  }
};
