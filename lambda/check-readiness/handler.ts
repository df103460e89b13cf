import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { ControlTable, UPSTREAM_BREAKER } from '../../lib/contract/control';
import { EnvironmentKey } from '../../lib/contract/environment-keys';
import { LimitsTable } from '../../lib/contract/limits-table';
import { JobsTable } from '../../lib/contract/tables';
import { metricsFlush } from '../middleware/metrics-flush';
import { problemDetails } from '../middleware/problem-details';
import { requestLog, type WithCorrelationId } from '../middleware/request-log';
import { awsClientOptions } from '../runtime/aws-clients/client-options';
import { sleep, systemClock } from '../runtime/clock/clock';
import { readEnvironment, text, url } from '../runtime/environment/read-environment';
import { credentialFields, upstreamCredential } from '../runtime/federation/upstream-credential';
import { breakerCheck, queueCheck, tableCheck } from '../runtime/health/aws-checks';
import { credentialCheck } from '../runtime/health/credential-check';
import { diskCheck, diskOf, memoryCheck, processMemory } from '../runtime/health/process-checks';
import { SystemHealthChecker } from '../runtime/health/system-health-checker';
import { upstreamCheck } from '../runtime/health/upstream-check';
import { count, logger, metrics } from '../runtime/observability/observability';
import { readiness } from './readiness';

const environment = readEnvironment({
  jobsTable: text(EnvironmentKey.JOBS_TABLE),
  limitsTable: text(EnvironmentKey.LIMITS_TABLE),
  controlTable: text(EnvironmentKey.CONTROL_TABLE),
  queueUrl: url(EnvironmentKey.QUEUE_URL),
  upstreamUrl: url(EnvironmentKey.UPSTREAM_URL),
  ...credentialFields,
  version: text(EnvironmentKey.VERSION),
});

/** One try inside the deadline of a check: the next asker is the retry. */
const options = { ...awsClientOptions, maxAttempts: 1 };
const dynamodb = new DynamoDBClient(options);

/** Milliseconds that a read of the secret is good for: the route is public, and every read is charged for. */
const SECRET_GOOD_FOR_MS = 60_000;

const credential = upstreamCredential(
  { ...environment, secretCacheMs: Math.min(environment.secretCacheMs, SECRET_GOOD_FOR_MS) },
  { clientOptions: options, count, log: logger },
);

const ABSENT = 'readiness';

const checker = new SystemHealthChecker({
  checks: [
    tableCheck(dynamodb, {
      name: 'jobs-table',
      isCritical: true,
      table: environment.jobsTable,
      key: { [JobsTable.PARTITION_KEY]: ABSENT, [JobsTable.SORT_KEY]: ABSENT },
    }),
    // Without it every submission is refused.
    tableCheck(dynamodb, {
      name: 'limits-table',
      isCritical: true,
      table: environment.limitsTable,
      key: { [LimitsTable.PARTITION_KEY]: ABSENT },
    }),
    queueCheck(new SQSClient(options), environment.queueUrl),
    tableCheck(dynamodb, {
      name: 'control-table',
      isCritical: false,
      table: environment.controlTable,
      key: { [ControlTable.PARTITION_KEY]: ABSENT },
    }),
    breakerCheck(dynamodb, environment.controlTable, UPSTREAM_BREAKER),
    credentialCheck({ credential, now: systemClock, sleep }),
    upstreamCheck(environment.upstreamUrl),
    memoryCheck(processMemory(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE)),
    diskCheck(diskOf('/tmp')),
  ],
  now: systemClock,
  sleep,
});

/**
 * `GET /ready`, public: 200 where the service works, 503 where it cannot take or run jobs. Makes no paid call.
 *
 * Environment: `JOBS_TABLE`, `LIMITS_TABLE`, `CONTROL_TABLE`, `QUEUE_URL`, `UPSTREAM_URL`, `UPSTREAM_SECRET` or `FEDERATION`,
 * `VERSION`.
 * Rights: `dynamodb:GetItem` on the tables of jobs, limits and control and `kms:Decrypt`, `kms:DescribeKey` on their key
 * through DynamoDB; `sqs:GetQueueAttributes` on the work queue; `secretsmanager:GetSecretValue` on the upstream's secret and
 * `kms:Decrypt` on its key through Secrets Manager, or `sts:GetWebIdentityToken`. The route may be asked by anybody: give the function a small reserved
 * concurrency, and no authorizer.
 */
export const handler = middy<WithCorrelationId, APIGatewayProxyResult>()
  .use(metricsFlush({ metrics }))
  .use(requestLog({ logger, now: systemClock }))
  .use(problemDetails({ log: logger, count }))
  .handler(async () => readiness({ checker, version: environment.version }));
