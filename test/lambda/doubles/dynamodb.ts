import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  type GetItemCommandInput,
  PutItemCommand,
  type PutItemCommandInput,
  QueryCommand,
  type QueryCommandInput,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  type TransactWriteItemsCommandInput,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { JobsTable } from '../../../lib/contract/tables';
import {
  checkExpressions,
  type Expressions,
  holds,
  type Item,
  meetsKeyCondition,
  project,
  update,
} from './expressions';

/** Runs one step of the outside world; a test may let it crash. */
export type Perform = <T>(name: string, work: () => T) => Promise<T>;

interface Write extends Expressions {
  readonly TableName?: string;
  readonly Key?: Item;
  readonly Item?: Item;
}

const MAX_ITEM_BYTES = 400 * 1024;

const failedCondition = (item: Item | undefined) =>
  new ConditionalCheckFailedException({ message: 'The conditional request failed', $metadata: {}, Item: item });

/** DynamoDB in memory, behind the SDK's client: evaluates the very expressions that are sent. */
export class DynamoDbDouble {
  readonly items = new Map<string, Item>();
  /** Runs before each transaction; a test may let it throw. */
  beforeTransaction: () => void = () => undefined;
  /** Runs before each update of an item; a test may let it throw. */
  beforeUpdate: () => void = () => undefined;
  /** Runs before each read of an item; a test may let it throw. */
  beforeRead: () => void = () => undefined;
  readonly #keys: Record<string, readonly string[]>;
  /** What each transaction's token was used for: a repetition changes nothing. */
  readonly #transactions = new Map<string, string>();

  constructor(keys: Record<string, readonly string[]>, perform: Perform) {
    this.#keys = keys;
    const mock = mockClient(DynamoDBClient);
    mock.on(GetItemCommand).callsFake((input) => perform('GetItem', () => this.#get(input)));
    mock.on(PutItemCommand).callsFake((input) => perform('PutItem', () => this.#put(input)));
    mock.on(UpdateItemCommand).callsFake((input) => perform('UpdateItem', () => this.#update(input)));
    mock.on(QueryCommand).callsFake((input) => perform('Query', () => this.#query(input)));
    mock.on(TransactWriteItemsCommand).callsFake((input) => perform('TransactWriteItems', () => this.#transact(input)));
  }

  /** The row as the application sees it. */
  row(table: string, ...key: string[]): Record<string, unknown> | undefined {
    const item = this.items.get([table, ...key].join('|'));
    return item && unmarshall(item);
  }

  put(table: string, row: Record<string, unknown>): void {
    const item = marshall(row, { removeUndefinedValues: true });
    this.items.set(this.#idOf(table, item), item);
  }

  delete(table: string, ...key: string[]): void {
    this.items.delete([table, ...key].join('|'));
  }

  #idOf(table: string | undefined, key: Item): string {
    const names = this.#keys[table ?? ''];
    if (!names) throw new Error(`ResourceNotFoundException: ${table}`);
    return [table, ...names.map((name) => key[name]?.S)].join('|');
  }

  #get(input: GetItemCommandInput) {
    this.beforeRead();
    checkExpressions(input);
    const item = this.items.get(this.#idOf(input.TableName, input.Key ?? {}));
    return { Item: item && project(input, item) };
  }

  /** The sparse index of due jobs: those that have both of its keys, in the order of the second. */
  #query(input: QueryCommandInput) {
    checkExpressions(input);
    if (input.IndexName !== JobsTable.DUE_INDEX) throw new Error(`no such index: ${input.IndexName}`);
    const { DUE_BUCKET, DUE_AT, DUE_ATTRIBUTES, PARTITION_KEY, SORT_KEY } = JobsTable;
    const projected: readonly string[] = [DUE_BUCKET, DUE_AT, PARTITION_KEY, SORT_KEY, ...DUE_ATTRIBUTES];
    const found = [...this.items]
      .filter(([id, item]) => id.startsWith(`${input.TableName}|`) && item[DUE_BUCKET] && item[DUE_AT])
      .map(([, item]) => item)
      .filter((item) => meetsKeyCondition(input, item))
      .sort((a, b) => Number(a[DUE_AT]?.N) - Number(b[DUE_AT]?.N))
      .map((item) => Object.fromEntries(Object.entries(item).filter(([name]) => projected.includes(name))));
    return { Items: found.slice(0, input.Limit) };
  }

  #put(input: PutItemCommandInput) {
    const { found, apply } = this.#prepare({ ...input, Item: input.Item as Item });
    if (found === 'refused') throw failedCondition(undefined);
    apply();
    return {};
  }

  #update(input: UpdateItemCommandInput) {
    this.beforeUpdate();
    const { found, apply, before } = this.#prepare(input as Write);
    if (found === 'refused') throw failedCondition(input.ReturnValuesOnConditionCheckFailure ? before : undefined);
    return { Attributes: apply() };
  }

  #transact({ TransactItems, ClientRequestToken = '' }: TransactWriteItemsCommandInput) {
    this.beforeTransaction();
    const content = JSON.stringify(TransactItems);
    const repeated = this.#transactions.get(ClientRequestToken);
    if (repeated === content) return {};
    if (repeated !== undefined) throw new Error('IdempotentParameterMismatchException');
    const writes = (TransactItems ?? []).map(({ Put, Update, Delete }) =>
      this.#prepare((Put ?? Update ?? Delete) as Write),
    );
    if (writes.some(({ found }) => found === 'refused')) {
      throw new TransactionCanceledException({
        message: 'Transaction cancelled',
        $metadata: {},
        CancellationReasons: writes.map(({ found }) => ({
          Code: found === 'refused' ? 'ConditionalCheckFailed' : 'None',
        })),
      });
    }
    for (const { apply } of writes) apply();
    if (ClientRequestToken) this.#transactions.set(ClientRequestToken, content);
    return {};
  }

  #prepare(write: Write) {
    checkExpressions(write);
    const id = this.#idOf(write.TableName, write.Key ?? write.Item ?? {});
    const before = this.items.get(id);
    const apply = (): Item => {
      const after = write.Item ?? (write.UpdateExpression ? update(write, { ...write.Key, ...before }) : undefined);
      if (after && JSON.stringify(unmarshall(after)).length / 4 > MAX_ITEM_BYTES)
        throw new Error('ValidationException: item size');
      if (after) this.items.set(id, after);
      else this.items.delete(id);
      return after ?? {};
    };
    return { found: holds(write, before ?? {}) ? 'accepted' : 'refused', before, apply };
  }
}
