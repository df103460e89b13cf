import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBRecord, SQSRecord } from 'aws-lambda';
import { type BreakerRow, breakerRowName } from '../../lib/contract/control';
import { parseControlMessage } from '../runtime/consumer-control/control-queue';
import { onBreakerChange, onControlMessage } from './control-breaker';
import type { ControlDependencies } from './dependencies';

export type ControlRecord = SQSRecord | DynamoDBRecord;

export interface ControlEvent {
  readonly Records: readonly ControlRecord[];
}

/** As SQS and streams both want it. */
export interface ControlBatchResponse {
  readonly batchItemFailures: { readonly itemIdentifier: string }[];
}

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

/**
 * Follows the records of one batch in their order; answers the first that failed and, as each stands on the ones
 * before it, all that come after.
 */
export const controlBatch = async (
  records: readonly ControlRecord[],
  dependencies: ControlDependencies,
): Promise<ControlBatchResponse> => {
  for (const [position, record] of records.entries()) {
    try {
      await followRecord(record, dependencies);
    } catch (error) {
      dependencies.log.error('A step of the breaker’s controller failed.', error as Error);
      const failed = records.slice(position);
      return {
        batchItemFailures: failed.map((each) => ({
          itemIdentifier: isMessage(each) ? each.messageId : (each.dynamodb?.SequenceNumber ?? ''),
        })),
      };
    }
  }
  return { batchItemFailures: [] };
};
