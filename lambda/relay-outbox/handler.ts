import { SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';
import { EnvironmentKey } from '../../lib/contract/environment-keys';
import { metricsFlush } from '../middleware/metrics-flush';
import { awsClientOptions } from '../runtime/aws-clients/client-options';
import { readEnvironment, url } from '../runtime/environment/read-environment';
import { childLogger, count, metrics } from '../runtime/observability/observability';
import { SqsWorkQueue } from '../runtime/work-queue/sqs-work-queue';
import { relayOutbox } from './relay-outbox';

const { queueUrl } = readEnvironment({ queueUrl: url(EnvironmentKey.QUEUE_URL) });

const queue = new SqsWorkQueue(new SQSClient(awsClientOptions), queueUrl);

/** Consumes the jobs table's stream. */
export const handler = middy<DynamoDBStreamEvent, DynamoDBBatchResponse>()
  .use(metricsFlush({ metrics }))
  .handler(async ({ Records }, { awsRequestId }) =>
    relayOutbox(Records, { queue, count, log: childLogger({ requestId: awsRequestId }) }),
  );
