import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { EnvironmentKey } from '../../lib/contract/environment-keys';
import { metricsFlush } from '../middleware/metrics-flush';
import { problemDetails } from '../middleware/problem-details';
import { requestLog, type WithCorrelationId } from '../middleware/request-log';
import { responseHeaders } from '../middleware/response-headers';
import { awsClientOptions } from '../runtime/aws-clients/client-options';
import { authorizedClientId, authorizedPlan } from '../runtime/clients/authorized-client';
import { systemClock } from '../runtime/clock/clock';
import { readEnvironment, text } from '../runtime/environment/read-environment';
import { count, logger, metrics } from '../runtime/observability/observability';
import { DynamoDbRateLimitStore } from '../runtime/rate-limit/dynamodb-rate-limit-store';
import { RateLimiter } from '../runtime/rate-limit/rate-limiter';
import { DynamoDbLedgerStore } from '../runtime/spend/dynamodb-ledger-store';
import { ledgerFields } from '../runtime/spend/spend-environment';
import { SpendLedger } from '../runtime/spend/spend-ledger';
import { LedgerSpendReader } from './ledger-spend-reader';
import { type ReadUsageDependencies, readUsage } from './read-usage';

const environment = readEnvironment({ ...ledgerFields, limitsTable: text(EnvironmentKey.LIMITS_TABLE) });

const dynamodb = new DynamoDBClient(awsClientOptions);

const dependencies: ReadUsageDependencies = {
  limiter: new RateLimiter({
    store: new DynamoDbRateLimitStore(dynamodb, environment.limitsTable),
  }),
  spend: new LedgerSpendReader(
    new SpendLedger(new DynamoDbLedgerStore(dynamodb, environment.ledgerTable)),
    systemClock,
  ),
  log: logger,
};

/** `GET /v1/usage` */
export const handler = middy<WithCorrelationId, APIGatewayProxyResult>()
  .use(metricsFlush({ metrics }))
  .use(requestLog({ logger, now: systemClock }))
  .use(responseHeaders())
  .use(problemDetails({ log: logger, count }))
  .handler(async (event) => ({
    statusCode: 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: JSON.stringify(await readUsage(authorizedClientId(event), authorizedPlan(event), dependencies)),
  }));
