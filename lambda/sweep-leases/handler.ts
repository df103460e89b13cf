import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import type { ScheduledEvent } from 'aws-lambda';
import { EnvironmentKey } from '../../lib/contract/environment-keys';
import { metricsFlush } from '../middleware/metrics-flush';
import { awsClientOptions } from '../runtime/aws-clients/client-options';
import { DynamoDbBreakerStore } from '../runtime/breaker/dynamodb-breaker-store';
import { systemClock } from '../runtime/clock/clock';
import { DynamoDbConsumerHold } from '../runtime/consumer-control/dynamodb-consumer-hold';
import { LambdaConsumer } from '../runtime/consumer-control/lambda-consumer';
import { SqsControlQueue } from '../runtime/consumer-control/sqs-control-queue';
import { integer, readEnvironment, text, url } from '../runtime/environment/read-environment';
import { DynamoDbDueJobs } from '../runtime/jobs/dynamodb-due-jobs';
import { DynamoDbJobStore } from '../runtime/jobs/dynamodb-job-store';
import { childLogger, count, gaugeSeconds, metrics } from '../runtime/observability/observability';
import { DynamoDbLedgerStore } from '../runtime/spend/dynamodb-ledger-store';
import { isJobAlive, JOB_LEASE_MS } from '../runtime/spend/job-leases';
import { ledgerFields } from '../runtime/spend/spend-environment';
import { SpendLedger } from '../runtime/spend/spend-ledger';
import { SqsWorkQueue } from '../runtime/work-queue/sqs-work-queue';
import { sweep } from './sweep';
import type { SweepResult } from './sweep-jobs';

const DAY_MS = 86_400_000;

const environment = readEnvironment({
  ...ledgerFields,
  jobsTable: text(EnvironmentKey.JOBS_TABLE),
  controlTable: text(EnvironmentKey.CONTROL_TABLE),
  controlQueueUrl: url(EnvironmentKey.CONTROL_QUEUE_URL),
  queueUrl: url(EnvironmentKey.QUEUE_URL),
  deadLetterQueueUrl: url(EnvironmentKey.DEAD_LETTER_QUEUE_URL),
  mapping: text(EnvironmentKey.CONSUMER_MAPPING_ID),
  maxConcurrency: integer(EnvironmentKey.CONSUMER_MAX_CONCURRENCY, { min: 2, max: 1_000 }),
  stepSeconds: integer(EnvironmentKey.RESUME_STEP_SECONDS, { min: 1, max: 900 }),
  stuckAfterMs: integer(EnvironmentKey.STUCK_AFTER_MS, { min: 60_000, max: 14 * DAY_MS }),
  queueRetentionMs: integer(EnvironmentKey.QUEUE_RETENTION_MS, { min: 60_000, max: 14 * DAY_MS }),
});

const dynamodb = new DynamoDBClient(awsClientOptions);
const sqs = new SQSClient(awsClientOptions);

const dependencies = {
  store: new DynamoDbBreakerStore(dynamodb, environment.controlTable),
  ledger: new SpendLedger(new DynamoDbLedgerStore(dynamodb, environment.ledgerTable), {
    shards: environment.ledgerShards,
    leaseMs: JOB_LEASE_MS,
  }),
  isJobAlive: isJobAlive(new DynamoDbJobStore(dynamodb, environment.jobsTable)),
  dueJobs: new DynamoDbDueJobs(dynamodb, environment.jobsTable),
  workQueue: new SqsWorkQueue(sqs, environment.queueUrl),
  deadLetterQueue: new SqsWorkQueue(sqs, environment.deadLetterQueueUrl),
  consumer: new LambdaConsumer(new LambdaClient(awsClientOptions), environment.mapping, environment.maxConcurrency),
  hold: new DynamoDbConsumerHold(dynamodb, environment.controlTable),
  controlQueue: new SqsControlQueue(sqs, environment.controlQueueUrl),
  count,
  gaugeSeconds,
  now: systemClock,
  stuckAfterMs: environment.stuckAfterMs,
  queueRetentionMs: environment.queueRetentionMs,
  maxConcurrency: environment.maxConcurrency,
  stepSeconds: environment.stepSeconds,
};

/** Runs every minute: sends stuck jobs again, and reminds the breaker's controller of what it has lost. */
export const handler = middy<ScheduledEvent, SweepResult>()
  .use(metricsFlush({ metrics }))
  .handler(async (_event, { awsRequestId }) =>
    sweep({ ...dependencies, log: childLogger({ requestId: awsRequestId }) }),
  );
