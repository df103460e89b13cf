import type { SQSRecord } from 'aws-lambda';
import type { Received } from '../../../lambda/runtime/work-queue/work-queue';
import type { QueuedMessage } from './queue-model';

/** A message of the model as Lambda's poller hands it to a function. */
export const recordOf = ({ body, receives, receipt, sentAtMs, attributes }: QueuedMessage): SQSRecord & Received => {
  const messageAttributes = Object.fromEntries(
    Object.entries(attributes).map(([name, stringValue]) => [name, { dataType: 'Number' as const, stringValue }]),
  );
  const id = `${body} ${sentAtMs}`;
  return {
    messageId: id,
    receiptHandle: `${id} ${receipt}`,
    body,
    attributes: { ApproximateReceiveCount: String(receives), SentTimestamp: String(sentAtMs) },
    messageAttributes,
  } as unknown as SQSRecord & Received;
};
