import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { type UploadRefusalValue, UploadStatus, UploadsTable } from '../../../lib/contract/uploads';
import type { Upload } from './upload';
import type { IUploadStore, UploadVersion } from './upload-store';

/** A change of a row: what it sets, and the condition on what was there. */
interface Change {
  readonly set: Readonly<Record<string, unknown>>;
  readonly condition: string;
}

const OF_THIS_VERSION = '#status = :inspecting AND versionId = :versionId';
const UNDECIDED = `${OF_THIS_VERSION} AND attribute_not_exists(verdict)`;

/** Uploads in DynamoDB, one row an upload. */
export class DynamoDbUploadStore implements IUploadStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async create(upload: Upload): Promise<void> {
    await this.#client.send(
      new PutItemCommand({
        TableName: this.#table,
        Item: marshall(upload, { removeUndefinedValues: true }),
        ConditionExpression: `attribute_not_exists(${UploadsTable.PARTITION_KEY})`,
      }),
    );
  }

  async read(uploadId: string): Promise<Upload | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: this.#key(uploadId), ConsistentRead: true }),
    );
    return Item && (unmarshall(Item) as Upload);
  }

  bind(version: UploadVersion, nowMs: number): Promise<Upload | undefined> {
    return this.#change(version, nowMs, {
      set: { status: UploadStatus.INSPECTING, versionId: version.versionId },
      condition: `#status = :awaiting OR (${OF_THIS_VERSION})`,
    });
  }

  noteInspected(version: UploadVersion, sha256: string, nowMs: number): Promise<Upload | undefined> {
    return this.#change(version, nowMs, { set: { sha256 }, condition: UNDECIDED });
  }

  decideClean(version: UploadVersion, sha256: string, nowMs: number): Promise<Upload | undefined> {
    return this.#change(version, nowMs, { set: { sha256, verdict: 'clean' }, condition: UNDECIDED });
  }

  decideRefused(version: UploadVersion, reasons: readonly UploadRefusalValue[], nowMs: number) {
    return this.#change(version, nowMs, {
      set: { status: UploadStatus.REFUSED, reasons, decidedAt: new Date(nowMs).toISOString() },
      condition: UNDECIDED,
    });
  }

  finish(version: UploadVersion, nowMs: number): Promise<Upload | undefined> {
    return this.#change(version, nowMs, {
      set: { status: UploadStatus.CLEAN, decidedAt: new Date(nowMs).toISOString() },
      condition: `${OF_THIS_VERSION} AND attribute_exists(verdict)`,
    });
  }

  async #change({ uploadId, versionId }: UploadVersion, nowMs: number, { set, condition }: Change) {
    const values: Record<string, unknown> = { ...set, updatedAt: new Date(nowMs).toISOString() };
    const names = Object.keys(values);
    try {
      const { Attributes } = await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: this.#key(uploadId),
          UpdateExpression: `SET ${names.map((name) => `#${name} = :new_${name}`).join(', ')}`,
          ConditionExpression: condition,
          ExpressionAttributeNames: Object.fromEntries([...names, 'status'].map((name) => [`#${name}`, name])),
          ExpressionAttributeValues: marshall({
            ...Object.fromEntries(names.map((name) => [`:new_${name}`, values[name]])),
            ':inspecting': UploadStatus.INSPECTING,
            ':versionId': versionId,
            ...(condition.includes(':awaiting') && { ':awaiting': UploadStatus.AWAITING }),
          }),
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return Attributes && (unmarshall(Attributes) as Upload);
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return error.Item && (unmarshall(error.Item) as Upload);
    }
  }

  #key(uploadId: string) {
    return marshall({ [UploadsTable.PARTITION_KEY]: uploadId });
  }
}
