import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactGetItemsCommand,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { LedgerTable, reservationIdOf } from '../../../lib/contract/ledger';
import { keyOf, rowRequest } from './dynamodb-row-writes';
import type { CommitResult, ILedgerStore, LedgerRow, RowWrite } from './ledger-store';

type Item = NonNullable<Parameters<typeof unmarshall>[0]>;

/** Errors by which DynamoDB says that the same may go well a moment later, and that nothing was written. */
const PASSING = new Set([
  'TransactionConflictException',
  'TransactionInProgressException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
]);

/** The same as reasons of a cancelled transaction. */
const PASSING_REASONS = new Set([
  'TransactionConflict',
  'ProvisionedThroughputExceeded',
  'ThrottlingError',
  'RequestLimitExceeded',
]);

const CONDITION_FAILED = 'ConditionalCheckFailed';

/** Rows that one BatchGetItem reads at most. */
const BATCH_SIZE = 100;
/** Times that the rest of a batch is asked for which DynamoDB left out. */
const BATCH_ATTEMPTS = 5;

const isPassing = (error: unknown): boolean =>
  error instanceof TransactionCanceledException
    ? (error.CancellationReasons ?? []).some(({ Code = '' }) => PASSING_REASONS.has(Code))
    : error instanceof Error && PASSING.has(error.name);

const rowOf = (item: Item | undefined): LedgerRow | undefined => item && unmarshall(item);

const byKey = (items: readonly (Item | undefined)[]): ReadonlyMap<string, LedgerRow> =>
  new Map(
    items.flatMap((item) => {
      const row = rowOf(item);
      return row ? [[String(row[LedgerTable.PARTITION_KEY]), row] as const] : [];
    }),
  );

/** What the conditions have to say, where a transaction was cancelled by one. */
const refusalOf = (error: unknown, writes: readonly RowWrite[]): CommitResult | undefined => {
  if (!(error instanceof TransactionCanceledException)) return undefined;
  const reasons = error.CancellationReasons ?? [];
  const failed = reasons.flatMap(({ Code, Item }, index) => (Code === CONDITION_FAILED ? [{ index, Item }] : []));
  if (failed.length === 0) return undefined;
  const rows = failed.flatMap(({ index, Item }) => {
    const write = writes[index];
    return write ? [[write.key, rowOf(Item)] as const] : [];
  });
  return { kind: 'refused', rows: new Map(rows), alongside: failed.some(({ index }) => index >= writes.length) };
};

/**
 * A ledger in a table of DynamoDB; what is written alongside are items of the same transaction. Needs
 * `dynamodb:GetItem`, `BatchGetItem`, `PutItem`, `UpdateItem` and `ConditionCheckItem` on the table, and `Query` on its
 * index of leases for whoever expires reservations.
 */
export class DynamoDbLedgerStore implements ILedgerStore<TransactWriteItem> {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async read(keys: readonly string[]): Promise<ReadonlyMap<string, LedgerRow>> {
    const [only, ...others] = keys;
    if (only !== undefined && others.length === 0) return byKey([await this.#get(only)]);
    const items: Item[] = [];
    for (let from = 0; from < keys.length; from += BATCH_SIZE) {
      items.push(...(await this.#getBatch(keys.slice(from, from + BATCH_SIZE))));
    }
    return byKey(items);
  }

  async snapshot(keys: readonly string[]): Promise<ReadonlyMap<string, LedgerRow> | 'conflict'> {
    const gets = keys.map((key) => ({ Get: { TableName: this.#table, Key: keyOf(key) } }));
    try {
      const { Responses } = await this.#client.send(new TransactGetItemsCommand({ TransactItems: gets }));
      return byKey((Responses ?? []).map(({ Item }) => Item));
    } catch (error) {
      if (isPassing(error)) return 'conflict';
      throw error;
    }
  }

  async commit(writes: readonly RowWrite[], alongside: readonly TransactWriteItem[] = []): Promise<CommitResult> {
    const [only, ...others] = writes;
    if (only && others.length === 0 && alongside.length === 0) return this.#commitOne(only);
    const items = writes.map((write) => this.#itemOf(write));
    try {
      await this.#client.send(new TransactWriteItemsCommand({ TransactItems: [...items, ...alongside] }));
      return { kind: 'committed' };
    } catch (error) {
      const refusal = refusalOf(error, writes);
      if (refusal) return refusal;
      if (isPassing(error)) return { kind: 'conflict', cause: error };
      throw error;
    }
  }

  async listEnded(bucket: string, before: number, limit: number): Promise<readonly string[]> {
    const { LEASES_INDEX, LEASE_BUCKET, LEASE_UNTIL, PARTITION_KEY } = LedgerTable;
    const { Items } = await this.#client.send(
      new QueryCommand({
        TableName: this.#table,
        IndexName: LEASES_INDEX,
        KeyConditionExpression: `${LEASE_BUCKET} = :bucket AND ${LEASE_UNTIL} < :before`,
        ExpressionAttributeValues: marshall({ ':bucket': bucket, ':before': before }),
        Limit: limit,
      }),
    );
    return (Items ?? []).map((item) => reservationIdOf(String(unmarshall(item)[PARTITION_KEY])));
  }

  async #get(key: string): Promise<Item | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: keyOf(key), ConsistentRead: true }),
    );
    return Item;
  }

  /** @throws Error where DynamoDB leaves rows out again and again, as it does where it is throttled. */
  async #getBatch(keys: readonly string[]): Promise<readonly Item[]> {
    const items: Item[] = [];
    let wanted = keys.map(keyOf);
    for (let attempt = 1; attempt <= BATCH_ATTEMPTS; attempt += 1) {
      const request = { [this.#table]: { Keys: wanted, ConsistentRead: true } };
      const { Responses, UnprocessedKeys } = await this.#client.send(
        new BatchGetItemCommand({ RequestItems: request }),
      );
      items.push(...(Responses?.[this.#table] ?? []));
      wanted = UnprocessedKeys?.[this.#table]?.Keys ?? [];
      if (wanted.length === 0) return items;
    }
    throw new Error(`${wanted.length} rows were not read after ${BATCH_ATTEMPTS} attempts.`);
  }

  #itemOf(write: RowWrite): TransactWriteItem {
    const request = { ...rowRequest(this.#table, write), ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const };
    const { Item, Key, UpdateExpression, ConditionExpression } = request;
    if (Item) return { Put: { ...request, Item } };
    if (UpdateExpression !== undefined) return { Update: { ...request, Key, UpdateExpression } };
    return { ConditionCheck: { ...request, Key, ConditionExpression } };
  }

  /** Half the price of a transaction over one row. */
  async #commitOne(write: RowWrite): Promise<CommitResult> {
    const request = { ...rowRequest(this.#table, write), ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const };
    const { Item, Key } = request;
    try {
      if (Item) await this.#client.send(new PutItemCommand({ ...request, Item }));
      else await this.#client.send(new UpdateItemCommand({ ...request, Key }));
      return { kind: 'committed' };
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) {
        return { kind: 'refused', rows: new Map([[write.key, rowOf(error.Item)]]), alongside: false };
      }
      if (isPassing(error)) return { kind: 'conflict', cause: error };
      throw error;
    }
  }
}
