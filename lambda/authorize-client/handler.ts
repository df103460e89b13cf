import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import type { APIGatewayAuthorizerResult, APIGatewayRequestAuthorizerEvent } from 'aws-lambda';
import { EnvironmentKey } from '../../lib/contract/environment-keys';
import { awsClientOptions } from '../runtime/aws-clients/client-options';
import { DynamoDbClientStore } from '../runtime/clients/dynamodb-client-store';
import { planTable } from '../runtime/clients/plan-table';
import { systemClock } from '../runtime/clock/clock';
import { readEnvironment, text } from '../runtime/environment/read-environment';
import { childLogger } from '../runtime/observability/observability';
import { authorizeClient } from './authorize-client';

const { clientsTable, plans } = readEnvironment({
  clientsTable: text(EnvironmentKey.CLIENTS_TABLE),
  plans: planTable(EnvironmentKey.CLIENT_PLANS),
});

const clients = new DynamoDbClientStore(new DynamoDBClient(awsClientOptions), clientsTable);

/** The authorizer of every route but `GET /health`. */
export const handler = middy<APIGatewayRequestAuthorizerEvent, APIGatewayAuthorizerResult>().handler(async (event) =>
  authorizeClient(event, {
    clients,
    plans,
    now: systemClock,
    log: childLogger({ requestId: event.requestContext.requestId }),
  }),
);
