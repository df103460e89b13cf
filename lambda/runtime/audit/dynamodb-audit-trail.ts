import { ConditionalCheckFailedException, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { type AuditRecord, AuditTable } from '../../../lib/contract/control';
import type { IAuditTrail, OwnAct } from './audit-trail';

/** The audit table; needs `dynamodb:PutItem` on it. */
export class DynamoDbAuditTrail implements IAuditTrail {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async record({ atMs, ...act }: OwnAct): Promise<void> {
    const time = new Date(atMs).toISOString();
    const name = `${act.who}/${act.what}/${time}`;
    const record: AuditRecord = { day: time.slice(0, 10), at: `${time}#${act.what}`, act: name, ...act };
    try {
      await this.#client.send(
        new PutItemCommand({
          TableName: this.#table,
          Item: marshall(record),
          ConditionExpression: 'attribute_not_exists(#day)',
          ExpressionAttributeNames: { '#day': AuditTable.PARTITION_KEY },
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }
}
