import type { JobMessage } from '../../../lib/contract/messages';

/** A message to send, and the tenant whose share of the queue it takes. */
export interface Outgoing {
  readonly message: JobMessage;
  readonly clientId: string;
}

/** The queue that jobs wait in. */
export interface IWorkQueue {
  /** Sends at most `MAX_BATCH` messages; answers the positions of those that were not taken. */
  send(messages: readonly Outgoing[]): Promise<readonly number[]>;
  /** Lets a received message be received again after `seconds`, 0 to 43200. */
  returnAfter(receiptHandle: string, seconds: number): Promise<void>;
}

/** Most messages that one send takes; a quota of SQS. */
export const MAX_BATCH = 10;

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
