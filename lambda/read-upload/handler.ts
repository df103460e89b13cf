import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
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
import { count, logger, metrics } from '../runtime/observability/observability';
import { DynamoDbUploadStore } from '../runtime/uploads/dynamodb-upload-store';
import { readUpload } from './read-upload';

const { uploadsTable } = readEnvironment({ uploadsTable: text(EnvironmentKey.UPLOADS_TABLE) });

const dependencies = {
  store: new DynamoDbUploadStore(new DynamoDBClient(awsClientOptions), uploadsTable),
  now: systemClock,
};

/** `GET /v1/uploads/{id}` */
export const handler = middy<WithCorrelationId, APIGatewayProxyResult>()
  .use(metricsFlush({ metrics }))
  .use(requestLog({ logger, now: systemClock }))
  .use(responseHeaders())
  .use(problemDetails({ log: logger, count }))
  .handler(async (event) => ({
    statusCode: 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: JSON.stringify(await readUpload(event.pathParameters?.id ?? '', authorizedClientId(event), dependencies)),
  }));
