import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { UPSTREAM_BREAKER } from '../../lib/contract/control';
import { EnvironmentKey } from '../../lib/contract/environment-keys';
import { metricsFlush } from '../middleware/metrics-flush';
import { awsClientOptions } from '../runtime/aws-clients/client-options';
import { CircuitBreaker } from '../runtime/breaker/circuit-breaker';
import { DynamoDbBreakerStore } from '../runtime/breaker/dynamodb-breaker-store';
import { systemClock } from '../runtime/clock/clock';
import { integer, readEnvironment, text, url } from '../runtime/environment/read-environment';
import { credentialFields, upstreamCredential } from '../runtime/federation/upstream-credential';
import { DynamoDbJobStore } from '../runtime/jobs/dynamodb-job-store';
import { childLogger, count, logger, metrics } from '../runtime/observability/observability';
import { RetryBudget } from '../runtime/retry/retry-budget';
import { KmsDataKeys } from '../runtime/sealing/kms-data-keys';
import { DynamoDbServedStore } from '../runtime/served/dynamodb-served-store';
import { Witness } from '../runtime/served/witness';
import { DynamoDbLedgerStore } from '../runtime/spend/dynamodb-ledger-store';
import { JOB_LEASE_MS } from '../runtime/spend/job-leases';
import { spendFields } from '../runtime/spend/spend-environment';
import { SpendLedger } from '../runtime/spend/spend-ledger';
import { SqsWorkQueue } from '../runtime/work-queue/sqs-work-queue';
import { AnthropicMessages } from '../upstream/anthropic-messages';
import { PooledHttp } from '../upstream/pooled-http';
import { breakerObserver } from './breaker-observer';
import type { ProcessDependencies } from './dependencies';
import { JobSpending } from './job-spending';
import { processBatch } from './process-batch';
import { settleRetries, upstreamRetries } from './retry-policies';
import { ServedModels } from './served-models';
import { SlowFailures } from './slow-failures';

const DAY_MS = 86_400_000;

const environment = readEnvironment({
  jobsTable: text(EnvironmentKey.JOBS_TABLE),
  dataKeyArn: text(EnvironmentKey.DATA_KEY_ARN),
  queueUrl: url(EnvironmentKey.QUEUE_URL),
  upstreamUrl: url(EnvironmentKey.UPSTREAM_URL),
  ...credentialFields,
  ...spendFields,
  processBudgetMs: integer(EnvironmentKey.PROCESS_BUDGET_MS, { min: 1_000, max: DAY_MS }),
  leaseMs: integer(EnvironmentKey.LEASE_MS, { min: 1_000, max: DAY_MS }),
  maxReceiveCount: integer(EnvironmentKey.MAX_RECEIVE_COUNT, { min: 2, max: 1_000 }),
  deadLetterQueueUrl: url(EnvironmentKey.DEAD_LETTER_QUEUE_URL),
  patienceMs: integer(EnvironmentKey.OUTAGE_PATIENCE_MS, { min: 1_000, max: 14 * DAY_MS }),
  controlTable: text(EnvironmentKey.CONTROL_TABLE),
  breakerFailures: integer(EnvironmentKey.BREAKER_FAILURES, { min: 1, max: 10_000 }),
  breakerFailurePercent: integer(EnvironmentKey.BREAKER_FAILURE_PERCENT, { min: 1, max: 100 }),
  slowCallMs: integer(EnvironmentKey.BREAKER_SLOW_CALL_MS, { min: 0, max: DAY_MS }),
  openForMs: integer(EnvironmentKey.BREAKER_OPEN_FOR_MS, { min: 1_000, max: DAY_MS }),
  maxOpenForMs: integer(EnvironmentKey.BREAKER_MAX_OPEN_FOR_MS, { min: 1_000, max: DAY_MS }),
  successesToClose: integer(EnvironmentKey.BREAKER_SUCCESSES_TO_CLOSE, { min: 1, max: 100 }),
});

/** Milliseconds of an invocation that are kept for writing down what happened in the rest of it. */
const RESERVE_MS = 2_000;

/** Milliseconds by which the right to probe outlives the call that it is for. */
const PROBE_MARGIN_MS = 5_000;

const dynamodb = new DynamoDBClient(awsClientOptions);
const sqs = new SQSClient(awsClientOptions);
const breakerStore = new DynamoDbBreakerStore(dynamodb, environment.controlTable);

const dependencies: ProcessDependencies = {
  store: new DynamoDbJobStore(dynamodb, environment.jobsTable),
  breaker: new CircuitBreaker({
    name: UPSTREAM_BREAKER,
    failures: environment.breakerFailures,
    failureRate: environment.breakerFailurePercent / 100,
    slowCallMs: environment.slowCallMs || undefined,
    openForMs: environment.openForMs,
    maxOpenForMs: environment.maxOpenForMs,
    successesToClose: environment.successesToClose,
    probeLeaseMs: environment.processBudgetMs + PROBE_MARGIN_MS,
    store: breakerStore,
    observer: breakerObserver({ count, log: logger }),
  }),
  breakerStore,
  dataKeys: new KmsDataKeys(new KMSClient(awsClientOptions), environment.dataKeyArn),
  queue: new SqsWorkQueue(sqs, environment.queueUrl),
  deadLetterQueue: new SqsWorkQueue(sqs, environment.deadLetterQueueUrl),
  patienceMs: environment.patienceMs,
  openForMs: environment.openForMs,
  slowFailures: new SlowFailures(),
  servedModels: new ServedModels(),
  witness: new Witness({
    upstream: UPSTREAM_BREAKER,
    store: new DynamoDbServedStore(dynamodb, environment.controlTable),
    now: systemClock,
    onUnwritten: (error) => logger.warn('That the upstream serves could not be written down.', error as Error),
  }),
  // One budget for the process: of ten first calls one retry, so that retries make no outage worse.
  upstreamRetries: upstreamRetries(new RetryBudget()),
  settleRetries: settleRetries(),
  spending: new JobSpending({
    ledger: new SpendLedger(new DynamoDbLedgerStore(dynamodb, environment.ledgerTable), {
      shards: environment.ledgerShards,
      leaseMs: JOB_LEASE_MS,
    }),
    prices: environment.prices,
    retries: settleRetries(),
    count,
  }),
  upstream: new AnthropicMessages(new PooledHttp(), environment.upstreamUrl, systemClock),
  upstreamCredential: upstreamCredential(environment, { clientOptions: awsClientOptions, count, log: logger }),
  count,
  now: systemClock,
  random: Math.random,
  leaseMs: environment.leaseMs,
  maxReceiveCount: environment.maxReceiveCount,
};

/** Consumes the work queue. */
export const handler = middy<SQSEvent, SQSBatchResponse>()
  .use(metricsFlush({ metrics }))
  .handler(async ({ Records }, context, { signal }) => {
    const budgetMs = Math.min(context.getRemainingTimeInMillis() - RESERVE_MS, environment.processBudgetMs);
    return processBatch(Records, dependencies, {
      requestId: context.awsRequestId,
      logOf: childLogger,
      deadline: systemClock() + budgetMs,
      signal,
    });
  });
