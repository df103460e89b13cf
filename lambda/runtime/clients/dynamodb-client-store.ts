import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { ClientsTable } from '../../../lib/contract/tables';
import type { Client, IClientStore } from './client';

/** Clients in DynamoDB, one row a client. */
export class DynamoDbClientStore implements IClientStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  /** Reads consistently: a key that was just revoked must not pass because a replica lags. */
  async read(clientId: string): Promise<Client | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({
        TableName: this.#table,
        Key: { [ClientsTable.PARTITION_KEY]: { S: clientId } },
        ConsistentRead: true,
        ProjectionExpression: 'clientId, #status, #plan, usageIdentifierKey, #keys',
        ExpressionAttributeNames: { '#status': 'status', '#plan': 'plan', '#keys': 'keys' },
      }),
    );
    return Item && (unmarshall(Item) as Client);
  }
}
