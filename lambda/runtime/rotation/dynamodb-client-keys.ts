import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { ClientKeyRow } from '../../../lib/contract/client-rows';
import { ClientsTable } from '../../../lib/contract/tables';
import type { IClientKeys } from './strategies/client-key';

/** The keys of clients in DynamoDB, one row a client. */
export class DynamoDbClientKeys implements IClientKeys {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async read(clientId: string): Promise<readonly ClientKeyRow[] | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({
        TableName: this.#table,
        Key: { [ClientsTable.PARTITION_KEY]: { S: clientId } },
        ConsistentRead: true,
        ProjectionExpression: '#keys',
        ExpressionAttributeNames: { '#keys': 'keys' },
      }),
    );
    return Item && ((unmarshall(Item).keys ?? []) as ClientKeyRow[]);
  }

  async exchange(clientId: string, seen: readonly ClientKeyRow[], next: readonly ClientKeyRow[]): Promise<boolean> {
    try {
      await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: { [ClientsTable.PARTITION_KEY]: { S: clientId } },
          UpdateExpression: 'SET #keys = :next',
          ConditionExpression: '#keys = :seen',
          ExpressionAttributeNames: { '#keys': 'keys' },
          ExpressionAttributeValues: marshall({ ':seen': seen, ':next': next }),
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }
}
