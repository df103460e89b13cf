import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import type { ClientSpendCaps } from '../../lib/contract/spend-control';
import { ClientsTable } from '../../lib/contract/tables';
import type { Operator } from '../command';
import { CommandFailure } from '../failure';

/** Plan of a client whose row names none. */
const DEFAULT_PLAN = 'standard';

/** What a client may spend, by its plan. @throws CommandFailure where there is no such client */
export async function clientCapsOf({ access, deployment }: Operator, clientId: string): Promise<ClientSpendCaps> {
  const { Item } = await DynamoDBDocumentClient.from(new DynamoDBClient({ ...access })).send(
    new GetCommand({
      TableName: deployment.clientsTable,
      Key: { [ClientsTable.PARTITION_KEY]: clientId },
      ProjectionExpression: '#id, #plan',
      ExpressionAttributeNames: { '#id': ClientsTable.PARTITION_KEY, '#plan': 'plan' },
    }),
  );
  if (!Item) throw new CommandFailure(`there is no client ${clientId} in ${deployment.environment}`);
  const [perDay, perMonth] = deployment.spend.clientCaps[Item.plan ?? DEFAULT_PLAN] ?? [];
  return { ...(perDay && { perDay }), ...(perMonth && { perMonth }) };
}
