import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import type { Log } from '../runtime/observability/observability';
import { parseJobMessage } from '../runtime/work-queue/work-queue';
import type { Invocation, ProcessDependencies } from './dependencies';
import { processRecord } from './process-record';

export interface BatchInvocation extends Pick<Invocation, 'deadline' | 'signal'> {
  readonly requestId: string;
  /** Makes the logger of one record. */
  readonly logOf: (keys: Readonly<Record<string, string>>) => Log;
}

const keysOf = ({ messageId, body }: SQSRecord, requestId: string): Record<string, string> => ({
  requestId,
  messageId,
  ...parseJobMessage(body),
});

/** Processes a batch of messages in parallel; answers those that the queue is to keep. */
export const processBatch = async (
  records: readonly SQSRecord[],
  dependencies: ProcessDependencies,
  { requestId, logOf, deadline, signal }: BatchInvocation,
): Promise<SQSBatchResponse> => {
  const outcomes = await Promise.all(
    records.map((record) => {
      const owner = `${requestId}:${record.messageId}`;
      return processRecord(record, dependencies, { owner, deadline, signal, log: logOf(keysOf(record, requestId)) });
    }),
  );
  const batchItemFailures = records
    .filter((_, position) => outcomes[position] === 'returned')
    .map(({ messageId }) => ({ itemIdentifier: messageId }));
  return { batchItemFailures };
};
