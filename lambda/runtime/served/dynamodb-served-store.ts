import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { ControlTable, type ServedRow, servedRowName } from '../../../lib/contract/control';
import type { IServedStore } from './served-store';

const keyOf = (upstream: string) => marshall({ [ControlTable.PARTITION_KEY]: servedRowName(upstream) });

/** One row of the control table for each upstream; needs `dynamodb:GetItem` and `dynamodb:UpdateItem` on it. */
export class DynamoDbServedStore implements IServedStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async read(upstream: string): Promise<number | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: keyOf(upstream), ConsistentRead: true }),
    );
    return Item && (unmarshall(Item) as ServedRow).servedAt;
  }

  async advance(upstream: string, servedAt: number): Promise<void> {
    try {
      await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: keyOf(upstream),
          UpdateExpression: 'SET servedAt = :servedAt',
          ConditionExpression: 'attribute_not_exists(servedAt) OR servedAt < :servedAt',
          ExpressionAttributeValues: marshall({ ':servedAt': servedAt }),
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }
}
