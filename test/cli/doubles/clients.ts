import {
  APIGatewayClient,
  CreateApiKeyCommand,
  CreateUsagePlanKeyCommand,
  DeleteApiKeyCommand,
  GetApiKeyCommand,
  GetApiKeysCommand,
} from '@aws-sdk/client-api-gateway';
import {
  GetCommand,
  PutCommand,
  QueryCommand,
  type QueryCommandInput,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { type AwsStub, mockClient } from 'aws-sdk-client-mock';
import type { ClientRow } from '../../../lib/contract/client-rows';
import { ClientsTable } from '../../../lib/contract/tables';
import { checkExpressions, type Expressions, holds, meetsKeyCondition, update } from '../../lambda/doubles/expressions';
import { deployment } from './deployment';

interface StoredKey {
  readonly id: string;
  readonly name: string;
  readonly value: string;
  readonly createdDate: Date;
}

const named = (name: string) => Object.assign(new Error(name), { name });

/** The clients table and API Gateway's usage keys in memory, under a process that can die after any step. */
export class ClientsDouble {
  readonly gateway = mockClient(APIGatewayClient);
  readonly rows = new Map<string, ClientRow>();
  readonly usageKeys = new Map<string, StoredKey>();
  /** Usage plan of each key that is in one. */
  readonly members = new Map<string, string>();
  /** Steps that had their effect, in order. */
  readonly steps: string[] = [];
  /** Keys that the account may have. */
  room = 10_000;
  /** Rows on one page of a query. */
  pageSize = 100;
  isDead = false;
  /** Runs after each step has had its effect; a test may look, or let the process die. */
  afterStep: (step: string) => void = () => undefined;
  /** Runs before each step; a test may let another do something, or throw. */
  beforeStep: (step: string) => void = () => undefined;
  #ids = 0;

  constructor(
    // biome-ignore lint/suspicious/noExplicitAny: the library's own type of a mock
    readonly tables: AwsStub<any, any, any>,
    readonly now: () => number,
  ) {
    for (const { sharedKeyId: id } of Object.values(deployment.clientPlans)) {
      this.usageKeys.set(id, { id, name: id, value: `value of ${id}`, createdDate: new Date(0) });
      this.members.set(id, `plan of ${id}`);
    }
  }

  /** Takes its commands over from the mocks. */
  start(): void {
    const { tables, gateway } = this;
    const TableName = deployment.clientsTable;
    tables
      .on(GetCommand, { TableName })
      .callsFake(({ Key }) => this.#step('read row', () => ({ Item: this.rows.get(Key.clientId) })));
    tables.on(PutCommand, { TableName }).callsFake((input) => this.#step('put row', () => this.#put(input)));
    tables.on(UpdateCommand, { TableName }).callsFake((input) => this.#step('update row', () => this.#update(input)));
    tables.on(QueryCommand, { TableName }).callsFake((input) => this.#step('query', () => this.#query(input)));
    gateway.on(CreateApiKeyCommand).callsFake((input) => this.#step('create key', () => this.#createKey(input)));
    gateway.on(CreateUsagePlanKeyCommand).callsFake(({ keyId, usagePlanId }) =>
      this.#step('join plan', () => {
        this.members.set(keyId, usagePlanId);
        return {};
      }),
    );
    gateway.on(DeleteApiKeyCommand).callsFake(({ apiKey }) => this.#step('delete key', () => this.#deleteKey(apiKey)));
    gateway
      .on(GetApiKeyCommand)
      .callsFake(({ apiKey }) => this.#step('read key', () => this.usageKeys.get(apiKey) ?? {}));
    gateway.on(GetApiKeysCommand).callsFake(({ nameQuery, includeValues }) =>
      this.#step('list keys', () => ({
        items: [...this.usageKeys.values()]
          .filter(({ name }) => name.startsWith(nameQuery))
          .map(({ value, ...key }) => ({ ...key, ...(includeValues && { value }) })),
      })),
    );
  }

  /** A client with a key of its own in its plan's usage plan. */
  client(clientId: string, row: Partial<ClientRow> = {}, createdMs = this.now() - 86_400_000): ClientRow {
    const usageIdentifierKey = row.usageIdentifierKey ?? `usage of ${clientId}`;
    const { id } = this.#addKey(`bulwark-dev-${clientId}`, usageIdentifierKey, createdMs);
    this.members.set(id, deployment.clientPlans[row.plan ?? 'standard']?.usagePlanId ?? '');
    const client: ClientRow = {
      clientId,
      name: `name of ${clientId}`,
      status: 'active',
      usageIdentifierKey,
      keys: [{ hash: 'h1', createdAt: new Date(createdMs).toISOString() }],
      createdAt: new Date(createdMs).toISOString(),
      ...row,
    };
    this.rows.set(clientId, client);
    return client;
  }

  /** A usage key that a command which was cut off has left. */
  leftover(clientId: string, createdMs: number): string {
    return this.#addKey(`bulwark-dev-${clientId}`, `leftover ${this.#ids}`, createdMs).id;
  }

  /** The usage plan of the key with that value; undefined where API Gateway would refuse the request. */
  planOfValue(value: string): string | undefined {
    const key = [...this.usageKeys.values()].find((candidate) => candidate.value === value);
    return key && this.members.get(key.id);
  }

  /** Names of the usage keys of a client's own. */
  ownKeys(clientId: string): StoredKey[] {
    return [...this.usageKeys.values()].filter(({ name }) => name === `bulwark-dev-${clientId}`);
  }

  async #step<T>(step: string, effect: () => T): Promise<T> {
    if (this.isDead) throw new Error('the process died');
    this.beforeStep(step);
    const answer = effect();
    this.steps.push(step);
    this.afterStep(step);
    if (this.isDead) throw new Error('the process died');
    return answer;
  }

  #addKey(name: string, value: string, createdMs: number): StoredKey {
    this.#ids += 1;
    const key = { id: `key${this.#ids}`, name, value, createdDate: new Date(createdMs) };
    this.usageKeys.set(key.id, key);
    return key;
  }

  #createKey({ name = '', value = '' }: { name?: string; value?: string }) {
    if (this.usageKeys.size >= this.room) throw named('LimitExceededException');
    return this.#addKey(name, value, this.now());
  }

  #deleteKey(id: string) {
    if (!this.usageKeys.delete(id)) throw named('NotFoundException');
    this.members.delete(id);
    return {};
  }

  #put({ Item, ...rest }: Record<string, unknown>) {
    const item = Item as ClientRow;
    this.#check(rest as Expressions, this.rows.get(item.clientId));
    this.rows.set(item.clientId, item);
    return {};
  }

  #update(input: UpdateCommandInput) {
    const before = this.rows.get(input.Key?.clientId);
    const expressions = this.#check(input as unknown as Expressions, before);
    const after = update(expressions, marshall({ ...input.Key, ...before }, { removeUndefinedValues: true }));
    this.rows.set(input.Key?.clientId, unmarshall(after) as ClientRow);
    return {};
  }

  /** @throws ConditionalCheckFailedException */
  #check(input: Expressions, before: ClientRow | undefined): Expressions {
    const expressions = marshalled(input);
    checkExpressions(expressions);
    const item = marshall(before ?? {}, { removeUndefinedValues: true });
    if (!holds(expressions, item)) throw named('ConditionalCheckFailedException');
    return expressions;
  }

  /** The index by status, with what it projects and no more. */
  #query(input: QueryCommandInput) {
    if (input.IndexName !== ClientsTable.STATUS_INDEX) throw new Error(`no such index: ${input.IndexName}`);
    const { PARTITION_KEY, STATUS, CREATED_AT, LISTED_ATTRIBUTES } = ClientsTable;
    const projected: readonly string[] = [PARTITION_KEY, STATUS, CREATED_AT, ...LISTED_ATTRIBUTES];
    const expressions = marshalled(input as unknown as Expressions);
    checkExpressions(expressions);
    const found = [...this.rows.values()]
      .filter((row) => meetsKeyCondition(expressions, marshall(row, { removeUndefinedValues: true })))
      .sort((a, b) => a.createdAt.localeCompare(b.createdAt) || a.clientId.localeCompare(b.clientId))
      .map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => projected.includes(name))));
    const from = input.ExclusiveStartKey
      ? found.findIndex((row) => row.clientId === input.ExclusiveStartKey?.clientId) + 1
      : 0;
    const Items = found.slice(from, from + this.pageSize);
    const last = Items.at(-1);
    const hasMore = from + this.pageSize < found.length;
    return {
      Items,
      ...(hasMore && {
        LastEvaluatedKey: { clientId: last?.clientId, status: last?.status, createdAt: last?.createdAt },
      }),
    };
  }
}

const marshalled = (input: Expressions): Expressions => ({
  ...input,
  ExpressionAttributeValues: marshall(input.ExpressionAttributeValues ?? {}, { removeUndefinedValues: true }),
});
