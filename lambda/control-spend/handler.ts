import { APIGatewayClient } from '@aws-sdk/client-api-gateway';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import { EnvironmentKey } from '../../lib/contract/environment-keys';
import { MAX_GLOBAL_SHARDS, UNCAPPED } from '../../lib/contract/ledger';
import type { SpendAnswer } from '../../lib/contract/spend-control';
import { metricsFlush } from '../middleware/metrics-flush';
import { DynamoDbAuditTrail } from '../runtime/audit/dynamodb-audit-trail';
import { awsClientOptions } from '../runtime/aws-clients/client-options';
import { DynamoDbBreakerStore } from '../runtime/breaker/dynamodb-breaker-store';
import { systemClock } from '../runtime/clock/clock';
import { DynamoDbConsumerHold } from '../runtime/consumer-control/dynamodb-consumer-hold';
import { LambdaConsumer } from '../runtime/consumer-control/lambda-consumer';
import { SqsControlQueue } from '../runtime/consumer-control/sqs-control-queue';
import { integer, readEnvironment, text, url } from '../runtime/environment/read-environment';
import { childLogger, count, gaugePercent, metrics } from '../runtime/observability/observability';
import { priceBook } from '../runtime/prices/price-book-field';
import { DynamoDbLedgerStore } from '../runtime/spend/dynamodb-ledger-store';
import { SpendControl } from '../runtime/spend/spend-control';
import { SpendLedger } from '../runtime/spend/spend-ledger';
import { ApiGatewayUsagePlans } from '../runtime/usage-plans/api-gateway-usage-plans';
import { controlSpend } from './control-spend';
import { DynamoDbSpendWarnings } from './dynamodb-spend-warnings';
import { usagePlans } from './usage-plans-field';
import type { Watched } from './watch-spending';

const environment = readEnvironment({
  ledgerTable: text(EnvironmentKey.LEDGER_TABLE),
  shards: integer(EnvironmentKey.LEDGER_SHARDS, { min: 1, max: MAX_GLOBAL_SHARDS }),
  globalDay: integer(EnvironmentKey.GLOBAL_CAP_DAY, { min: 1, max: UNCAPPED }),
  globalMonth: integer(EnvironmentKey.GLOBAL_CAP_MONTH, { min: 1, max: UNCAPPED }),
  prices: priceBook(EnvironmentKey.PRICE_BOOK),
  usagePlans: usagePlans(EnvironmentKey.USAGE_PLANS),
  controlTable: text(EnvironmentKey.CONTROL_TABLE),
  controlQueueUrl: url(EnvironmentKey.CONTROL_QUEUE_URL),
  auditTable: text(EnvironmentKey.AUDIT_TABLE),
  mapping: text(EnvironmentKey.CONSUMER_MAPPING_ID),
  maxConcurrency: integer(EnvironmentKey.CONSUMER_MAX_CONCURRENCY, { min: 2, max: 1_000 }),
});

const dynamodb = new DynamoDBClient(awsClientOptions);
const ledgerStore = new DynamoDbLedgerStore(dynamodb, environment.ledgerTable);
const { shards } = environment;

const dependencies = {
  ledger: new SpendControl(ledgerStore, { shards }),
  clients: new SpendLedger(ledgerStore, { shards }),
  hold: new DynamoDbConsumerHold(dynamodb, environment.controlTable),
  consumer: new LambdaConsumer(new LambdaClient(awsClientOptions), environment.mapping, environment.maxConcurrency),
  breaker: new DynamoDbBreakerStore(dynamodb, environment.controlTable),
  controlQueue: new SqsControlQueue(new SQSClient(awsClientOptions), environment.controlQueueUrl),
  usagePlans: new ApiGatewayUsagePlans(new APIGatewayClient(awsClientOptions)),
  warnings: new DynamoDbSpendWarnings(dynamodb, environment.controlTable),
  audit: new DynamoDbAuditTrail(dynamodb, environment.auditTable),
  prices: environment.prices,
  deployedCaps: { globalDay: environment.globalDay, globalMonth: environment.globalMonth },
  deployedThrottles: environment.usagePlans,
  count,
  gaugePercent,
  now: systemClock,
};

/**
 * Runs every minute with `{"action": "run"}`: warns, cuts off at a cap that is used up, and lets everything else follow
 * the ledger. Operators invoke it with another action of `SpendRequest`.
 */
export const handler = middy<unknown, SpendAnswer | Watched>()
  .use(metricsFlush({ metrics }))
  .handler(async (event, { awsRequestId }) =>
    controlSpend(event, { ...dependencies, log: childLogger({ requestId: awsRequestId }) }),
  );
