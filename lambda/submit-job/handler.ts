import { randomBytes } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import middy from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { EnvironmentKey } from '../../lib/contract/environment-keys';
import {
  DEFAULT_JOB_RETENTION_DAYS,
  DEFAULT_MAX_BODY_BYTES,
  MAX_BODY_DEPTH,
  MAX_BODY_ITEMS,
  MAX_BODY_PROPERTIES,
} from '../../lib/contract/limits';
import { jsonBody, type WithJsonBody } from '../middleware/json-body';
import { metricsFlush } from '../middleware/metrics-flush';
import { problemDetails } from '../middleware/problem-details';
import { rateLimit, type WithLimitHeaders } from '../middleware/rate-limit';
import { requestLog, type WithCorrelationId } from '../middleware/request-log';
import { responseHeaders } from '../middleware/response-headers';
import { awsClientOptions } from '../runtime/aws-clients/client-options';
import { authorizedClientId, authorizedPlan } from '../runtime/clients/authorized-client';
import { systemClock } from '../runtime/clock/clock';
import { integer, readEnvironment, text } from '../runtime/environment/read-environment';
import { DynamoDbJobStore } from '../runtime/jobs/dynamodb-job-store';
import { count, countBy, logger, metrics } from '../runtime/observability/observability';
import { DynamoDbRateLimitStore } from '../runtime/rate-limit/dynamodb-rate-limit-store';
import type { LimitedClient } from '../runtime/rate-limit/limited-client';
import { RateLimiter } from '../runtime/rate-limit/rate-limiter';
import { KmsDataKeys } from '../runtime/sealing/kms-data-keys';
import { DynamoDbLedgerStore } from '../runtime/spend/dynamodb-ledger-store';
import { JOB_LEASE_MS } from '../runtime/spend/job-leases';
import { spendFields } from '../runtime/spend/spend-environment';
import { SpendLedger } from '../runtime/spend/spend-ledger';
import { readIdempotencyKey } from './idempotency-key';
import { SUBMISSION_NAMES } from './request-faults';
import { type Accepted, submitJob } from './submit-job';

const environment = readEnvironment({
  ...spendFields,
  jobsTable: text(EnvironmentKey.JOBS_TABLE),
  limitsTable: text(EnvironmentKey.LIMITS_TABLE),
  dataKeyArn: text(EnvironmentKey.DATA_KEY_ARN),
  // A table item holds 400 KB, and a request that does not deflate is stored at its full size.
  maxBodyBytes: integer(EnvironmentKey.MAX_BODY_BYTES, { min: 1, max: 380 * 1024, fallback: DEFAULT_MAX_BODY_BYTES }),
  retentionDays: integer(EnvironmentKey.JOB_RETENTION_DAYS, {
    min: 1,
    max: 3650,
    fallback: DEFAULT_JOB_RETENTION_DAYS,
  }),
});

const dynamodb = new DynamoDBClient(awsClientOptions);

const limiter = new RateLimiter({ store: new DynamoDbRateLimitStore(dynamodb, environment.limitsTable) });

const dependencies = {
  store: new DynamoDbJobStore(dynamodb, environment.jobsTable),
  ledger: new SpendLedger(new DynamoDbLedgerStore(dynamodb, environment.ledgerTable), {
    shards: environment.ledgerShards,
    leaseMs: JOB_LEASE_MS,
  }),
  prices: environment.prices,
  dataKeys: new KmsDataKeys(new KMSClient(awsClientOptions), environment.dataKeyArn),
  count,
  countBy,
  now: systemClock,
  randomBytes,
  retentionDays: environment.retentionDays,
};

/** Relative to the request's own URL: which stage or base path lies before it, a handler cannot know. */
const locationOf = (id: string, path: string): string => (path.endsWith('/') ? id : `jobs/${id}`);

const toResponse = ({ id, status, replayed }: Accepted, path: string): APIGatewayProxyResult => ({
  statusCode: 202,
  headers: {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    location: locationOf(id, path),
    'retry-after': '1',
    ...(replayed ? { 'idempotency-replayed': 'true' } : {}),
  },
  body: JSON.stringify({ id, status }),
});

/** Who asks, and what it may do, as the authorizer says. */
const clientOf = (event: APIGatewayProxyEvent): LimitedClient => ({
  clientId: authorizedClientId(event),
  terms: authorizedPlan(event),
});

/** `POST /v1/jobs` */
export const handler = middy<WithCorrelationId & WithLimitHeaders & WithJsonBody, APIGatewayProxyResult>()
  .use(metricsFlush({ metrics }))
  .use(requestLog({ logger, now: systemClock }))
  .use(responseHeaders())
  .use(rateLimit({ limiter, clientOf, log: logger, count }))
  .use(problemDetails({ log: logger, count }))
  .use(
    jsonBody({
      maxBytes: environment.maxBodyBytes,
      maxDepth: MAX_BODY_DEPTH,
      maxProperties: MAX_BODY_PROPERTIES,
      maxItems: MAX_BODY_ITEMS,
      propertyNames: SUBMISSION_NAMES,
    }),
  )
  .handler(async (event) => {
    const accepted = await submitJob(
      {
        clientId: authorizedClientId(event),
        terms: authorizedPlan(event),
        correlationId: event.correlationId,
        idempotencyKey: readIdempotencyKey(event),
        body: event.jsonBody,
      },
      dependencies,
    );
    const { id, labels } = accepted;
    logger.appendKeys({ jobId: id, ...(labels.length > 0 && { labels }) });
    return toResponse(accepted, event.path);
  });
