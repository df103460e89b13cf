import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { CONSUMER_HOLD, type HoldRow, holdRowName } from '../../../lib/contract/consumer-hold';
import { ControlTable } from '../../../lib/contract/control';
import { HoldChangedError, type IConsumerHold } from './consumer-hold';

/** The hold in the control table; needs `dynamodb:GetItem` on it, and to write `dynamodb:PutItem`. */
export class DynamoDbConsumerHold implements IConsumerHold {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async read(): Promise<HoldRow | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({
        TableName: this.#table,
        Key: marshall({ [ControlTable.PARTITION_KEY]: holdRowName(CONSUMER_HOLD) }),
        ConsistentRead: true,
      }),
    );
    return Item && (unmarshall(Item) as HoldRow);
  }

  async replace(seen: HoldRow | undefined, next: HoldRow): Promise<void> {
    const unchanged = seen
      ? {
          ConditionExpression: 'revision = :revision',
          ExpressionAttributeValues: marshall({ ':revision': seen.revision }),
        }
      : {
          ConditionExpression: 'attribute_not_exists(#name)',
          ExpressionAttributeNames: { '#name': ControlTable.PARTITION_KEY },
        };
    const Item = marshall(next, { removeUndefinedValues: true });
    try {
      await this.#client.send(new PutItemCommand({ TableName: this.#table, Item, ...unchanged }));
    } catch (error) {
      throw error instanceof ConditionalCheckFailedException ? new HoldChangedError({ cause: error }) : error;
    }
  }
}
