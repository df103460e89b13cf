import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  type PutItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { type BreakerRow, breakerRowName, ControlTable } from '../../../lib/contract/control';
import { CompareAndSetBreakerStore } from './compare-and-set-store';
import type { MaybeRow } from './transitions';

/**
 * Whether the row is still the one that was seen. Within an epoch a row changes by its probe alone, and each holder's
 * name is new, so that these three say it whole; a writer of another kind only has to give a new epoch.
 */
const unchanged = (seen: MaybeRow): Partial<PutItemCommandInput> =>
  seen
    ? {
        ConditionExpression: `#epoch = :epoch AND #successes = :successes AND ${seen.probeOwner === undefined ? 'attribute_not_exists(#probeOwner)' : '#probeOwner = :probeOwner'}`,
        ExpressionAttributeNames: { '#epoch': 'epoch', '#successes': 'successes', '#probeOwner': 'probeOwner' },
        ExpressionAttributeValues: marshall(
          { ':epoch': seen.epoch, ':successes': seen.successes, ':probeOwner': seen.probeOwner },
          { removeUndefinedValues: true },
        ),
      }
    : {
        ConditionExpression: 'attribute_not_exists(#name)',
        ExpressionAttributeNames: { '#name': ControlTable.PARTITION_KEY },
      };

/** Breakers in the control table, one row each; needs `dynamodb:GetItem` and `dynamodb:PutItem` on it. */
export class DynamoDbBreakerStore extends CompareAndSetBreakerStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    super();
    this.#client = client;
    this.#table = table;
  }

  async read(name: string): Promise<MaybeRow> {
    const { Item } = await this.#client.send(
      new GetItemCommand({
        TableName: this.#table,
        Key: marshall({ [ControlTable.PARTITION_KEY]: breakerRowName(name) }),
        ConsistentRead: true,
      }),
    );
    return Item && (unmarshall(Item) as BreakerRow);
  }

  protected async swap(_name: string, seen: MaybeRow, next: BreakerRow): Promise<boolean> {
    const put = { TableName: this.#table, Item: marshall(next), ...unchanged(seen) };
    try {
      await this.#client.send(new PutItemCommand(put));
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }
}
