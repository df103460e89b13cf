import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import type { Log } from '../runtime/observability/observability';
import { parseJobMessage } from '../runtime/work-queue/work-queue';
import type { Invocation, ProcessDependencies } from './dependencies';
import { processRecord } from './process-record';
import { Turns } from './turns';

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

/**
 * Processes a batch of messages in parallel, but for the jobs that workers have died over, which have turns; answers
 * the messages that the queue is to keep.
 */
export const processBatch = async (
  records: readonly SQSRecord[],
  dependencies: ProcessDependencies,
  { requestId, logOf, deadline, signal }: BatchInvocation,
): Promise<SQSBatchResponse> => {
  const turns = new Turns(records.length, dependencies.random);
  const outcomes = await Promise.all(
    records.map((record) => {
      const owner = `${requestId}:${record.messageId}`;
      const log = logOf(keysOf(record, requestId));
      return processRecord(record, dependencies, { owner, deadline, signal, turns, log }).finally(() => turns.leave());
    }),
  );
  const batchItemFailures = records
    .filter((_, position) => outcomes[position] === 'returned')
    .map(({ messageId }) => ({ itemIdentifier: messageId }));
  return { batchItemFailures };
};
