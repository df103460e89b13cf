import { ConditionalCheckFailedException, type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { ControlTable, spendWarningRowName } from '../../lib/contract/control';
import type { ISpendWarnings, SpendWarning } from './spend-warnings';

/** Seconds that a row outlives its window: the clocks of a fleet differ. */
const KEPT_SECONDS = 86_400;

/** One row of the control table for each cap of a window; needs `dynamodb:UpdateItem` on it. */
export class DynamoDbSpendWarnings implements ISpendWarnings {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async claim({ window, cap, level, resetsAt }: SpendWarning): Promise<boolean> {
    try {
      await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: marshall({ [ControlTable.PARTITION_KEY]: spendWarningRowName(window, cap) }),
          UpdateExpression: 'SET warned = :warned, #expiry = :expiry',
          ConditionExpression: 'attribute_not_exists(warned) OR warned < :warned',
          ExpressionAttributeNames: { '#expiry': ControlTable.TIME_TO_LIVE },
          ExpressionAttributeValues: marshall({
            ':warned': level,
            ':expiry': Math.ceil(resetsAt / 1_000) + KEPT_SECONDS,
          }),
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }
}
