import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import { EnvironmentKey } from '../../lib/contract/environment-keys';
import { metricsFlush } from '../middleware/metrics-flush';
import { awsClientOptions } from '../runtime/aws-clients/client-options';
import { DynamoDbBreakerStore } from '../runtime/breaker/dynamodb-breaker-store';
import { systemClock } from '../runtime/clock/clock';
import { DynamoDbConsumerHold } from '../runtime/consumer-control/dynamodb-consumer-hold';
import { LambdaConsumer } from '../runtime/consumer-control/lambda-consumer';
import { LambdaProcessor } from '../runtime/consumer-control/lambda-processor';
import { SqsControlQueue } from '../runtime/consumer-control/sqs-control-queue';
import { integer, readEnvironment, text, url } from '../runtime/environment/read-environment';
import { childLogger, count, metrics } from '../runtime/observability/observability';
import { SqsWorkQueue } from '../runtime/work-queue/sqs-work-queue';
import { type ControlBatchResponse, type ControlEvent, controlBatch } from './control-batch';

const environment = readEnvironment({
  controlTable: text(EnvironmentKey.CONTROL_TABLE),
  controlQueueUrl: url(EnvironmentKey.CONTROL_QUEUE_URL),
  queueUrl: url(EnvironmentKey.QUEUE_URL),
  mapping: text(EnvironmentKey.CONSUMER_MAPPING_ID),
  processor: text(EnvironmentKey.PROCESSOR_FUNCTION),
  maxConcurrency: integer(EnvironmentKey.CONSUMER_MAX_CONCURRENCY, { min: 2, max: 1_000 }),
  stepSeconds: integer(EnvironmentKey.RESUME_STEP_SECONDS, { min: 1, max: 900 }),
});

const sqs = new SQSClient(awsClientOptions);
const dynamodb = new DynamoDBClient(awsClientOptions);

/** An invocation answers when the job has ended: it is bounded by the processor's timeout, and never made twice. */
const invoker = new LambdaClient({
  maxAttempts: 1,
  requestHandler: { connectionTimeout: awsClientOptions.requestHandler.connectionTimeout, requestTimeout: 0 },
});

const dependencies = {
  store: new DynamoDbBreakerStore(dynamodb, environment.controlTable),
  consumer: new LambdaConsumer(new LambdaClient(awsClientOptions), environment.mapping, environment.maxConcurrency),
  hold: new DynamoDbConsumerHold(dynamodb, environment.controlTable),
  controlQueue: new SqsControlQueue(sqs, environment.controlQueueUrl),
  workQueue: new SqsWorkQueue(sqs, environment.queueUrl),
  processor: new LambdaProcessor(invoker, environment.processor),
  count,
  now: systemClock,
  maxConcurrency: environment.maxConcurrency,
  stepSeconds: environment.stepSeconds,
};

/** Follows the control table's stream and the control queue: pauses, probes and resumes by the breaker. */
export const handler = middy<ControlEvent, ControlBatchResponse>()
  .use(metricsFlush({ metrics }))
  .handler(async ({ Records }, { awsRequestId }) =>
    controlBatch(Records, { ...dependencies, log: childLogger({ requestId: awsRequestId }) }),
  );
