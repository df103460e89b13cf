import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBBatchResponse, DynamoDBRecord } from 'aws-lambda';
import { MetricName } from '../../lib/contract/metrics';
import { JobStatus, JobsTable } from '../../lib/contract/tables';
import type { Count, Log } from '../runtime/observability/observability';
import { type IWorkQueue, MAX_BATCH, type Outgoing } from '../runtime/work-queue/work-queue';

export interface RelayDependencies {
  readonly queue: Pick<IWorkQueue, 'send'>;
  readonly count: Count;
  readonly log: Log;
}

interface Relayed {
  readonly sequenceNumber: string;
  readonly outgoing: Outgoing;
}

/** The message that a stream record asks for; undefined for one that is no new job. */
const toRelayed = ({ eventName, dynamodb }: DynamoDBRecord): Relayed | undefined => {
  if (eventName !== 'INSERT' || !dynamodb?.NewImage) return undefined;
  const image = dynamodb.NewImage as Parameters<typeof unmarshall>[0];
  const { jobId, part, status, clientId, correlationId } = unmarshall(image);
  if (part !== JobsTable.JOB_PART || status !== JobStatus.QUEUED) return undefined;
  return {
    sequenceNumber: dynamodb.SequenceNumber ?? '',
    outgoing: { message: { jobId, correlationId }, clientId },
  };
};

const chunksOf = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));

/** Sends one chunk; answers the first record of it that was not sent. */
const sendChunk = async (chunk: readonly Relayed[], { queue, count, log }: RelayDependencies) => {
  try {
    const failed = await queue.send(chunk.map(({ outgoing }) => outgoing));
    if (failed.length < chunk.length) count(MetricName.JOBS_RELAYED, chunk.length - failed.length);
    return failed.length > 0 ? chunk[Math.min(...failed)] : undefined;
  } catch (error) {
    log.error('A batch was not sent.', error as Error);
    return chunk[0];
  }
};

/**
 * Sends a message for each new job of the table's stream. Answers the first record that was not sent: the stream
 * comes again from there, so a later one may be sent twice, which its lease makes harmless.
 */
export const relayOutbox = async (
  records: readonly DynamoDBRecord[],
  dependencies: RelayDependencies,
): Promise<DynamoDBBatchResponse> => {
  const relayed = records.map(toRelayed).filter((entry) => entry !== undefined);
  for (const chunk of chunksOf(relayed, MAX_BATCH)) {
    const unsent = await sendChunk(chunk, dependencies);
    if (unsent) return { batchItemFailures: [{ itemIdentifier: unsent.sequenceNumber }] };
  }
  return { batchItemFailures: [] };
};
