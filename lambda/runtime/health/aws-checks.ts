import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { type BreakerRow, BreakerStatus, breakerRowName, ControlTable } from '../../../lib/contract/control';
import { HealthStatus } from '../../../lib/contract/health';
import type { IHealthCheck } from './health-check';

export interface TableCheckOptions {
  readonly name: string;
  readonly isCritical: boolean;
  readonly table: string;
  /** A key that no row has: its read proves table, encryption key and rights, and brings no data. */
  readonly key: Readonly<Record<string, string>>;
}

/** Whether a table can be read. */
export const tableCheck = (
  client: DynamoDBClient,
  { name, isCritical, table, key }: TableCheckOptions,
): IHealthCheck => ({
  name,
  isCritical,
  run: async (abortSignal) => {
    await client.send(new GetItemCommand({ TableName: table, Key: marshall(key) }), { abortSignal });
    return { status: HealthStatus.OK };
  },
});

/** Whether the work queue answers. */
export const queueCheck = (client: SQSClient, queueUrl: string): IHealthCheck => ({
  name: 'queue',
  isCritical: true,
  run: async (abortSignal) => {
    const input = { QueueUrl: queueUrl, AttributeNames: ['ApproximateNumberOfMessages' as const] };
    await client.send(new GetQueueAttributesCommand(input), { abortSignal });
    return { status: HealthStatus.OK };
  },
});

/** The state that the fleet's breaker has in the control table: degraded while it is not closed. */
export const breakerCheck = (client: DynamoDBClient, table: string, breaker: string): IHealthCheck => ({
  name: 'breaker',
  isCritical: false,
  run: async (abortSignal) => {
    const Key = marshall({ [ControlTable.PARTITION_KEY]: breakerRowName(breaker) });
    const { Item } = await client.send(new GetItemCommand({ TableName: table, Key }), { abortSignal });
    const row = Item && (unmarshall(Item) as BreakerRow);
    const state = row?.status ?? BreakerStatus.CLOSED;
    return {
      status: state === BreakerStatus.CLOSED ? HealthStatus.OK : HealthStatus.DEGRADED,
      detail: { state, ...(row?.held && { held: true }) },
    };
  },
});
