import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { CONSUMER_HOLD, type HoldRow, holdRowName } from '../../lib/contract/consumer-hold';
import { ControlTable } from '../../lib/contract/control';
import type { Operator } from '../command';

/** What keeps the consumer paused on purpose, by a consistent read; undefined where it was never held. */
export async function readHold({ access, deployment }: Operator): Promise<HoldRow | undefined> {
  const { Item } = await DynamoDBDocumentClient.from(new DynamoDBClient({ ...access })).send(
    new GetCommand({
      TableName: deployment.controlTable,
      Key: { [ControlTable.PARTITION_KEY]: holdRowName(CONSUMER_HOLD) },
      ConsistentRead: true,
    }),
  );
  return Item as HoldRow | undefined;
}
