import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { DEFAULT_PLAN } from '../../lib/contract/client-plan';
import {
  type ClientKeyRow,
  type ClientRow,
  UsageKeyKind,
  type UsageKeyKindValue,
} from '../../lib/contract/client-rows';
import { type ClientStatusValue, ClientsTable } from '../../lib/contract/tables';
import type { Place } from './client-table';

/** A client as a list has it. */
export interface ListedClient extends Pick<ClientRow, 'clientId' | 'name' | 'status' | 'createdAt'> {
  readonly plan: string;
  readonly usageKey: UsageKeyKindValue;
  /** When its keys were made and when they expire; no hash of them. */
  readonly keys: readonly Pick<ClientKeyRow, 'createdAt' | 'expiresAt'>[];
}

/** Which clients are listed. */
export interface ClientFilter {
  readonly statuses: readonly ClientStatusValue[];
  /** @default - whatever their plan */
  readonly plan?: string;
  /** Most clients. */
  readonly max: number;
}

/** Some clients, the older first within each status, and whether there are more. */
export interface ClientList {
  readonly clients: readonly ListedClient[];
  readonly more: boolean;
}

/** Lists clients by the index of their status, page by page and never by a scan: as of a moment ago. */
export async function listClients(place: Place, { statuses, plan, max }: ClientFilter): Promise<ClientList> {
  const clients: ListedClient[] = [];
  for (const status of statuses) {
    for await (const row of rowsOf(place, status)) {
      const client = listed(row);
      if (plan !== undefined && client.plan !== plan) continue;
      if (clients.length >= max) return { clients, more: true };
      clients.push(client);
    }
  }
  return { clients, more: false };
}

async function* rowsOf({ deployment, access }: Place, status: ClientStatusValue): AsyncGenerator<ClientRow> {
  const tables = DynamoDBDocumentClient.from(new DynamoDBClient({ ...access }));
  let ExclusiveStartKey: Record<string, unknown> | undefined;
  do {
    const { Items = [], LastEvaluatedKey } = await tables.send(
      new QueryCommand({
        TableName: deployment.clientsTable,
        IndexName: ClientsTable.STATUS_INDEX,
        KeyConditionExpression: '#status = :status',
        ExpressionAttributeNames: { '#status': ClientsTable.STATUS },
        ExpressionAttributeValues: { ':status': status },
        ExclusiveStartKey,
      }),
    );
    yield* Items as ClientRow[];
    ExclusiveStartKey = LastEvaluatedKey;
  } while (ExclusiveStartKey);
}

function listed({ clientId, name, status, createdAt, plan, usageKey, keys }: ClientRow): ListedClient {
  return {
    clientId,
    name,
    status,
    createdAt,
    plan: plan ?? DEFAULT_PLAN,
    usageKey: usageKey ?? UsageKeyKind.CLIENT,
    keys: keys.map((key) => ({ createdAt: key.createdAt, ...(key.expiresAt && { expiresAt: key.expiresAt }) })),
  };
}
