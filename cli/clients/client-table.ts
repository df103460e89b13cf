import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import type { ClientRow } from '../../lib/contract/client-rows';
import { ClientStatus, ClientsTable } from '../../lib/contract/tables';
import type { AwsAccess, Deployment } from '../deployment';
import { CommandRefusal } from '../failure';

/** Whose clients are meant, and how they are reached. */
export interface Place {
  readonly deployment: Deployment;
  readonly access: AwsAccess;
}

/** Attributes that a change may set. */
export type ClientChange = Partial<Omit<ClientRow, 'clientId' | 'createdAt'>>;

/** The clients table as an operator changes it: each change is conditional on what was seen. */
export class ClientTable {
  readonly #tables: DynamoDBDocumentClient;

  constructor(readonly place: Place) {
    this.#tables = DynamoDBDocumentClient.from(new DynamoDBClient({ ...place.access }), {
      marshallOptions: { removeUndefinedValues: true },
    });
  }

  /** A client's row as of the last write; undefined where there is none. */
  async find(clientId: string): Promise<ClientRow | undefined> {
    const { Item } = await this.#tables.send(
      new GetCommand({ TableName: this.#name, Key: keyOf(clientId), ConsistentRead: true }),
    );
    return Item as ClientRow | undefined;
  }

  /** @throws CommandRefusal where there is no such client, or it is revoked */
  async findActive(clientId: string): Promise<ClientRow> {
    const row = await this.find(clientId);
    if (!row) throw new CommandRefusal(`there is no client ${clientId} in ${this.place.deployment.environment}`);
    if (row.status !== ClientStatus.ACTIVE) throw new CommandRefusal(`client ${clientId} is ${row.status} for good`);
    return row;
  }

  /** Writes a client that is new. */
  async put(row: ClientRow): Promise<void> {
    await this.#tables.send(
      new PutCommand({
        TableName: this.#name,
        Item: row,
        ConditionExpression: 'attribute_not_exists(#id)',
        ExpressionAttributeNames: { '#id': ClientsTable.PARTITION_KEY },
      }),
    );
  }

  /**
   * Changes a row where it is still as it was seen: its state, its keys and its usage key.
   * @throws CommandRefusal where it is not
   */
  async change(seen: ClientRow, change: ClientChange): Promise<void> {
    const entries = Object.entries(change);
    const isDone = await this.#update(seen.clientId, {
      UpdateExpression: `SET ${entries.map(([name]) => `#${name} = :${name}`).join(', ')}`,
      ConditionExpression: '#status = :seenStatus AND #keys = :seenKeys AND #usage = :seenUsage',
      ExpressionAttributeNames: {
        '#status': 'status',
        '#keys': 'keys',
        '#usage': 'usageIdentifierKey',
        ...Object.fromEntries(entries.map(([name]) => [`#${name}`, name])),
      },
      ExpressionAttributeValues: {
        ':seenStatus': seen.status,
        ':seenKeys': seen.keys,
        ':seenUsage': seen.usageIdentifierKey,
        ...Object.fromEntries(entries.map(([name, value]) => [`:${name}`, value])),
      },
    });
    if (!isDone) throw new CommandRefusal(`client ${seen.clientId} changed under this command: look, and try again`);
  }

  /** Revokes a client, however it is and whoever else changes it; answers whether there is one. */
  async revoke(clientId: string, revokedAt: string): Promise<boolean> {
    return this.#update(clientId, {
      UpdateExpression: 'SET #status = :revoked, revokedAt = if_not_exists(revokedAt, :now)',
      ConditionExpression: 'attribute_exists(#id)',
      ExpressionAttributeNames: { '#status': 'status', '#id': ClientsTable.PARTITION_KEY },
      ExpressionAttributeValues: { ':revoked': ClientStatus.REVOKED, ':now': revokedAt },
    });
  }

  /** Answers whether the condition held. */
  async #update(clientId: string, update: Omit<UpdateCommandInput, 'TableName' | 'Key'>): Promise<boolean> {
    try {
      await this.#tables.send(new UpdateCommand({ TableName: this.#name, Key: keyOf(clientId), ...update }));
      return true;
    } catch (error) {
      if ((error as Error).name !== 'ConditionalCheckFailedException') throw error;
      return false;
    }
  }

  get #name(): string {
    return this.place.deployment.clientsTable;
  }
}

const keyOf = (clientId: string) => ({ [ClientsTable.PARTITION_KEY]: clientId });
