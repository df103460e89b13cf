import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { MetricName } from '../../lib/contract/metrics';
import { uploadIdOfKey } from '../../lib/contract/uploads';
import type { Log } from '../runtime/observability/observability';
import type { InspectDependencies } from './dependencies';
import { inspectUpload, UndecidedError } from './inspect-upload';
import { parseUploadEvent } from './upload-event';

export interface BatchInvocation {
  readonly requestId: string;
  /** Makes the logger of one record. */
  readonly logOf: (keys: Readonly<Record<string, string>>) => Log;
}

/**
 * Handles the messages one after the other, as each may be as large as memory allows; answers those that decided nothing,
 * which the queue is to keep.
 */
export const inspectBatch = async (
  records: readonly SQSRecord[],
  dependencies: InspectDependencies,
  { requestId, logOf }: BatchInvocation,
): Promise<SQSBatchResponse> => {
  const batchItemFailures: SQSBatchResponse['batchItemFailures'] = [];
  for (const { messageId, body } of records) {
    const event = parseUploadEvent(body);
    const uploadId = event && uploadIdOfKey(event.key);
    const log = logOf({ requestId, messageId, ...(uploadId && { uploadId }) });
    try {
      // Whoever sent it meant something by it: it is for somebody to look at.
      if (!event) throw new UndecidedError('The message is about no object.');
      await inspectUpload(event, dependencies, { log });
    } catch (error) {
      dependencies.count(MetricName.UPLOADS_UNDECIDED);
      if (error instanceof UndecidedError) log.warn('The upload stays undecided.', { because: error.message });
      else log.error('The upload stays undecided.', error as Error);
      batchItemFailures.push({ itemIdentifier: messageId });
    }
  }
  return { batchItemFailures };
};
