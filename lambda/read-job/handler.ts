import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import middy from '@middy/core';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { EnvironmentKey } from '../../lib/contract/environment-keys';
import { metricsFlush } from '../middleware/metrics-flush';
import { problemDetails } from '../middleware/problem-details';
import { requestLog, type WithCorrelationId } from '../middleware/request-log';
import { responseHeaders } from '../middleware/response-headers';
import { awsClientOptions } from '../runtime/aws-clients/client-options';
import { authorizedClientId } from '../runtime/clients/authorized-client';
import { systemClock } from '../runtime/clock/clock';
import { readEnvironment, text } from '../runtime/environment/read-environment';
import { DynamoDbJobStore } from '../runtime/jobs/dynamodb-job-store';
import { count, logger, metrics } from '../runtime/observability/observability';
import { KmsDataKeys } from '../runtime/sealing/kms-data-keys';
import { readJob } from './read-job';

const environment = readEnvironment({
  jobsTable: text(EnvironmentKey.JOBS_TABLE),
  dataKeyArn: text(EnvironmentKey.DATA_KEY_ARN),
});

const dependencies = {
  store: new DynamoDbJobStore(new DynamoDBClient(awsClientOptions), environment.jobsTable),
  dataKeys: new KmsDataKeys(new KMSClient(awsClientOptions), environment.dataKeyArn),
  now: systemClock,
};

/** `GET /v1/jobs/{id}` */
export const handler = middy<WithCorrelationId, APIGatewayProxyResult>()
  .use(metricsFlush({ metrics }))
  .use(requestLog({ logger, now: systemClock }))
  .use(responseHeaders())
  .use(problemDetails({ log: logger, count }))
  .handler(async (event) => ({
    statusCode: 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: JSON.stringify(await readJob(event.pathParameters?.id ?? '', authorizedClientId(event), dependencies)),
  }));
