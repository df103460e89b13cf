import type { SQSRecord } from 'aws-lambda';
import { FIRST_QUEUED_AT, LIVING_OWNER } from '../../lib/contract/messages';
import type { Job } from '../runtime/jobs/job';
import { type IWorkQueue, MAX_DELAY_SECONDS, type Outgoing } from '../runtime/work-queue/work-queue';

/** When the job was first sent, in milliseconds since the epoch: what an earlier copy says, or this message's date. */
export const firstQueuedAt = ({ attributes, messageAttributes }: SQSRecord): number | undefined => {
  const ms = Number(messageAttributes?.[FIRST_QUEUED_AT]?.stringValue ?? attributes.SentTimestamp);
  return Number.isSafeInteger(ms) ? ms : undefined;
};

/** The worker of an earlier message that could not write the job's row, and lives. */
export const livingOwner = ({ messageAttributes }: SQSRecord): string | undefined =>
  messageAttributes?.[LIVING_OWNER]?.stringValue;

/** Whole seconds that a copy can be delayed by, for a wait in milliseconds. */
export const delayOf = (waitMs: number): number => Math.min(Math.max(1, Math.floor(waitMs / 1_000)), MAX_DELAY_SECONDS);

/** Sends a copy of the record's message, with the date of the first. @throws where the queue does not take it */
export const sendCopy = async (
  queue: Pick<IWorkQueue, 'send'>,
  record: SQSRecord,
  { jobId, correlationId, clientId }: Pick<Job, 'jobId' | 'correlationId' | 'clientId'>,
  others: Pick<Outgoing, 'delaySeconds' | 'livingOwner'> = {},
): Promise<void> => {
  const message = { jobId, correlationId };
  const refused = await queue.send([{ message, clientId, firstQueuedAt: firstQueuedAt(record), ...others }]);
  if (refused.length > 0) throw new Error('The queue did not take the copy of the message.');
};
