import {
  BatchGetItemCommand,
  type BatchGetItemCommandInput,
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  type GetItemCommandInput,
  PutItemCommand,
  type PutItemCommandInput,
  QueryCommand,
  type QueryCommandInput,
  TransactGetItemsCommand,
  type TransactGetItemsCommandInput,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  type TransactWriteItemsCommandInput,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { LedgerTable } from '../../../lib/contract/ledger';
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
  readonly ReturnValuesOnConditionCheckFailure?: string;
}

const MAX_ITEM_BYTES = 400 * 1024;

/** Items of one transaction, and of one batch. */
const MAX_TOGETHER = 100;

/** The sparse indexes, with what of an item is in them. */
const INDEXES: Readonly<
  Record<string, { readonly keys: readonly [string, string]; readonly projected: readonly string[] }>
> = {
  [JobsTable.DUE_INDEX]: {
    keys: [JobsTable.DUE_BUCKET, JobsTable.DUE_AT],
    projected: [JobsTable.PARTITION_KEY, JobsTable.SORT_KEY, ...JobsTable.DUE_ATTRIBUTES],
  },
  [LedgerTable.LEASES_INDEX]: {
    keys: [LedgerTable.LEASE_BUCKET, LedgerTable.LEASE_UNTIL],
    projected: [LedgerTable.PARTITION_KEY],
  },
};

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
  /** Items that one batch answers. */
  batchSize = MAX_TOGETHER;
  /** Lets go of what the mock remembers of the calls so far. */
  readonly forgetCalls: () => void;
  readonly #keys: Record<string, readonly string[]>;
  /** What each transaction's token was used for: a repetition changes nothing. */
  readonly #transactions = new Map<string, string>();

  constructor(keys: Record<string, readonly string[]>, perform: Perform) {
    this.#keys = keys;
    const mock = mockClient(DynamoDBClient);
    this.forgetCalls = () => void mock.resetHistory();
    mock.on(GetItemCommand).callsFake((input) => perform('GetItem', () => this.#get(input)));
    mock.on(PutItemCommand).callsFake((input) => perform('PutItem', () => this.#put(input)));
    mock.on(UpdateItemCommand).callsFake((input) => perform('UpdateItem', () => this.#update(input)));
    mock.on(BatchGetItemCommand).callsFake((input) => perform('BatchGetItem', () => this.#getBatch(input)));
    mock.on(TransactGetItemsCommand).callsFake((input) => perform('TransactGetItems', () => this.#transactGet(input)));
    mock.on(QueryCommand).callsFake((input) => perform('Query', () => this.#query(input)));
    mock.on(TransactWriteItemsCommand).callsFake((input) => perform('TransactWriteItems', () => this.#transact(input)));
  }

  /** Rows of a table. */
  rowCount(table: string): number {
    return [...this.items.keys()].filter((id) => id.startsWith(`${table}|`)).length;
  }

  /** The row as the application sees it. */
  row(table: string, ...key: string[]): Record<string, unknown> | undefined {
    const item = this.items.get([table, ...key].join('|'));
    return item && unmarshall(item);
  }

  /** All rows of a table whose key is one attribute, by that. */
  rows(table: string): ReadonlyMap<string, Record<string, unknown>> {
    const prefix = `${table}|`;
    return new Map(
      [...this.items]
        .filter(([id]) => id.startsWith(prefix))
        .map(([id, item]) => [id.slice(prefix.length), unmarshall(item)]),
    );
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

  /** A sparse index: the items that have both of its keys, in the order of the second. */
  #query(input: QueryCommandInput) {
    checkExpressions(input);
    const index = INDEXES[input.IndexName ?? ''];
    if (!index) throw new Error(`no such index: ${input.IndexName}`);
    const [partition, sort] = index.keys;
    const projected = [...index.keys, ...index.projected];
    const found = [...this.items]
      .filter(([id, item]) => id.startsWith(`${input.TableName}|`) && item[partition] && item[sort])
      .map(([, item]) => item)
      .filter((item) => meetsKeyCondition(input, item))
      .sort((a, b) => Number(a[sort]?.N) - Number(b[sort]?.N))
      .map((item) => Object.fromEntries(Object.entries(item).filter(([name]) => projected.includes(name))));
    return { Items: found.slice(0, input.Limit) };
  }

  /** Answers no more than `batchSize` items; the rest is for another call, as where DynamoDB is throttled. */
  #getBatch({ RequestItems }: BatchGetItemCommandInput) {
    this.beforeRead();
    const [[table, wanted] = ['', undefined], ...others] = Object.entries(RequestItems ?? {});
    const keys = wanted?.Keys ?? [];
    if (others.length > 0) throw new Error('the double knows batches of one table only');
    if (keys.length === 0 || keys.length > MAX_TOGETHER) throw new Error('ValidationException: number of keys');
    const items = keys
      .slice(0, this.batchSize)
      .map((key) => this.items.get(this.#idOf(table, key)))
      .filter((item) => item !== undefined);
    const left = keys.slice(this.batchSize);
    return {
      Responses: { [table]: items },
      UnprocessedKeys: left.length > 0 ? { [table]: { ...wanted, Keys: left } } : {},
    };
  }

  #transactGet({ TransactItems = [] }: TransactGetItemsCommandInput) {
    this.beforeRead();
    if (TransactItems.length > MAX_TOGETHER) throw new Error('ValidationException: number of items');
    return {
      Responses: TransactItems.map(({ Get }) => ({ Item: this.items.get(this.#idOf(Get?.TableName, Get?.Key ?? {})) })),
    };
  }

  #put(input: PutItemCommandInput) {
    const { found, apply, before } = this.#prepare({ ...input, Item: input.Item as Item });
    if (found === 'refused') throw failedCondition(input.ReturnValuesOnConditionCheckFailure ? before : undefined);
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
    const writes = (TransactItems ?? []).map(({ Put, Update, Delete, ConditionCheck }) => {
      if (ConditionCheck && !ConditionCheck.ConditionExpression) throw new Error('ValidationException: no condition');
      return this.#prepare((Put ?? Update ?? Delete ?? ConditionCheck) as Write, ConditionCheck !== undefined);
    });
    if (writes.length > MAX_TOGETHER || new Set(writes.map(({ id }) => id)).size < writes.length) {
      throw new Error('ValidationException: too many items, or one of them twice');
    }
    if (writes.some(({ found }) => found === 'refused')) {
      throw new TransactionCanceledException({
        message: 'Transaction cancelled',
        $metadata: {},
        CancellationReasons: writes.map(({ found, before, showsItem }) => ({
          Code: found === 'refused' ? 'ConditionalCheckFailed' : 'None',
          ...(found === 'refused' && showsItem && before ? { Item: before } : {}),
        })),
      });
    }
    for (const { apply } of writes) apply();
    if (ClientRequestToken) this.#transactions.set(ClientRequestToken, content);
    return {};
  }

  #prepare(write: Write, isCheck = false) {
    checkExpressions(write);
    const id = this.#idOf(write.TableName, write.Key ?? write.Item ?? {});
    const before = this.items.get(id);
    const apply = (): Item => {
      if (isCheck) return before ?? {};
      const after = write.Item ?? (write.UpdateExpression ? update(write, { ...write.Key, ...before }) : undefined);
      if (after && JSON.stringify(unmarshall(after)).length / 4 > MAX_ITEM_BYTES)
        throw new Error('ValidationException: item size');
      if (after) this.items.set(id, after);
      else this.items.delete(id);
      return after ?? {};
    };
    const showsItem = write.ReturnValuesOnConditionCheckFailure !== undefined;
    return { id, found: holds(write, before ?? {}) ? 'accepted' : 'refused', before, showsItem, apply };
  }
}
