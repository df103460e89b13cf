import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBRecord, SQSRecord } from 'aws-lambda';
import { type BreakerRow, breakerRowName } from '../../lib/contract/control';
import { type IControlQueue, parseControlMessage } from '../runtime/consumer-control/control-queue';
import { onBreakerChange, onControlMessage } from './control-breaker';
import type { ControlDependencies } from './dependencies';

export type ControlRecord = SQSRecord | DynamoDBRecord;

export interface ControlEvent {
  readonly Records: readonly ControlRecord[];
}

/** What following a batch needs beside what its steps need. */
export interface ControlBatchDependencies extends ControlDependencies {
  readonly controlQueue: IControlQueue;
}

/** As SQS and streams both want it. */
export interface ControlBatchResponse {
  readonly batchItemFailures: { readonly itemIdentifier: string }[];
}

/**
 * Seconds before a message is received again whose step failed on the given receive, the first of which is 1; five are
 * spent in half a minute.
 */
export const againSeconds = (receives: number): number => 2 ** (Math.min(receives, MOST_BACKED_OFF) - 1);

/** Receives after which the seconds grow no more: those of a queue that has more than the default of 5. */
const MOST_BACKED_OFF = 5;

const isMessage = (record: ControlRecord): record is SQSRecord => 'messageId' in record;

const BREAKER_PREFIX = breakerRowName('');

/** The breaker's row in a stream record; undefined for one that is no news of a breaker. */
const changeOf = ({ dynamodb }: DynamoDBRecord): BreakerRow | undefined => {
  if (!dynamodb?.NewImage) return undefined;
  const row = unmarshall(dynamodb.NewImage as Parameters<typeof unmarshall>[0]) as BreakerRow;
  return row.name?.startsWith(BREAKER_PREFIX) ? row : undefined;
};

const followRecord = async (record: ControlRecord, dependencies: ControlDependencies): Promise<void> => {
  if (!isMessage(record)) {
    const change = changeOf(record);
    if (change) await onBreakerChange(change, change.name.slice(BREAKER_PREFIX.length), dependencies);
    return;
  }
  const message = parseControlMessage(record.body);
  if (message) await onControlMessage(message, dependencies);
  else dependencies.log.error('The control message is malformed.', { messageId: record.messageId });
};

/** Lets the messages come again soon: left alone, they would after six times the longest run of the processor. */
const returnSoon = async (
  records: readonly ControlRecord[],
  { controlQueue, log }: ControlBatchDependencies,
): Promise<void> => {
  const returns = records
    .filter(isMessage)
    .map(({ receiptHandle, attributes }) =>
      controlQueue.returnAfter(receiptHandle, againSeconds(Number(attributes?.ApproximateReceiveCount ?? 1))),
    );
  for (const outcome of await Promise.allSettled(returns)) {
    if (outcome.status === 'rejected') log.warn('The delay of a control message could not be set.', outcome.reason);
  }
};

/**
 * Follows the records of one batch in their order; answers the first that failed and, as each stands on the ones
 * before it, all that come after.
 */
export const controlBatch = async (
  records: readonly ControlRecord[],
  dependencies: ControlBatchDependencies,
): Promise<ControlBatchResponse> => {
  for (const [position, record] of records.entries()) {
    try {
      await followRecord(record, dependencies);
    } catch (error) {
      dependencies.log.error('A step of the breaker’s controller failed.', error as Error);
      const failed = records.slice(position);
      await returnSoon(failed, dependencies);
      return {
        batchItemFailures: failed.map((each) => ({
          itemIdentifier: isMessage(each) ? each.messageId : (each.dynamodb?.SequenceNumber ?? ''),
        })),
      };
    }
  }
  return { batchItemFailures: [] };
};
