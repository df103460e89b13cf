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

/** What of a row changes within an epoch. */
const PROBING = ['successes', 'probeOwner', 'nextProbeAt'] as const;

/**
 * Whether the row is still the one that was seen. Within an epoch a row changes by its probe alone, each holder's name
 * is new, and each that gives the right back names a later time, so that these say it whole; a writer of another kind
 * only has to give a new epoch.
 */
const unchanged = (seen: MaybeRow): Partial<PutItemCommandInput> =>
  seen
    ? {
        ConditionExpression: [
          '#epoch = :epoch',
          ...PROBING.map((key) => (seen[key] === undefined ? `attribute_not_exists(#${key})` : `#${key} = :${key}`)),
        ].join(' AND '),
        ExpressionAttributeNames: Object.fromEntries(['epoch', ...PROBING].map((key) => [`#${key}`, key])),
        ExpressionAttributeValues: marshall(
          Object.fromEntries((['epoch', ...PROBING] as const).map((key) => [`:${key}`, seen[key]])),
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
