import type { Message } from '@aws-sdk/client-sqs';
import { JOB_ID_PATTERN } from '../../lib/contract/job-ids';
import { FIRST_QUEUED_AT, type JobMessage } from '../../lib/contract/messages';
import type { JobRow } from '../job-rows';

/** A message of the dead-letter queue, and what is known of its job. */
export interface DeadLetter {
  readonly messageId: string;
  readonly receiptHandle: string;
  /** As it was received. It may hold anything where it is no job's message: never print it. */
  readonly body: string;
  /** Milliseconds since the epoch at which it first arrived in the work queue. */
  readonly sentAtMs: number;
  /** How often it was received, in both queues. */
  readonly receives: number;
  /** The client whose share of the queue it takes. */
  readonly group?: string;
  readonly jobId?: string;
  readonly correlationId?: string;
  readonly row?: JobRow;
}

/** Reason of a message that is no job's. */
export const MALFORMED = 'malformed-message';
/** Reason of a message whose job is not there, or not any more. */
export const NO_JOB = 'no-such-job';
/** Reason of a job whose row tells none: its worker died on the last receive. */
export const NO_REASON = 'none';

/** The letter that a received message is, without its job's row. */
export function letterOf(message: Message): DeadLetter {
  const { MessageId, ReceiptHandle, Body = '', Attributes = {} } = message;
  // A copy of an earlier message has a date of its own, and says when its job was first sent.
  const firstQueuedAt = message.MessageAttributes?.[FIRST_QUEUED_AT]?.StringValue;
  return {
    messageId: MessageId ?? '',
    receiptHandle: ReceiptHandle ?? '',
    body: Body,
    sentAtMs: Number(firstQueuedAt ?? Attributes.SentTimestamp) || 0,
    receives: Number(Attributes.ApproximateReceiveCount ?? 0),
    ...(Attributes.MessageGroupId && { group: Attributes.MessageGroupId }),
    ...jobOf(Body),
  };
}

function jobOf(body: string): Partial<JobMessage> {
  try {
    const { jobId, correlationId } = JSON.parse(body) ?? {};
    if (typeof jobId !== 'string' || !JOB_ID_PATTERN.test(jobId)) return {};
    return { jobId, ...(typeof correlationId === 'string' && { correlationId }) };
  } catch {
    return {};
  }
}

/** Why the letter is dead, as its job's row says. */
export function reasonOfLetter({ jobId, row }: Pick<DeadLetter, 'jobId' | 'row'>): string {
  if (jobId === undefined) return MALFORMED;
  if (row === undefined) return NO_JOB;
  return row.failure?.reason ?? NO_REASON;
}
