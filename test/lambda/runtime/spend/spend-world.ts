import { DynamoDBClient, type TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { DynamoDbLedgerStore } from '../../../../lambda/runtime/spend/dynamodb-ledger-store';
import type { ReserveRequest } from '../../../../lambda/runtime/spend/ledger';
import type { SpendLedgerOptions } from '../../../../lambda/runtime/spend/ledger-options';
import type { CommitResult, ILedgerStore, LedgerRow, RowWrite } from '../../../../lambda/runtime/spend/ledger-store';
import { MemoryLedgerStore, type MemoryWrite } from '../../../../lambda/runtime/spend/memory-ledger-store';
import type { Part } from '../../../../lambda/runtime/spend/parts';
import type { ReservationRow } from '../../../../lambda/runtime/spend/reservation';
import { SpendControl } from '../../../../lambda/runtime/spend/spend-control';
import { SpendLedger } from '../../../../lambda/runtime/spend/spend-ledger';
import type { GlobalCaps } from '../../../../lib/contract/ledger';
import { DynamoDbDouble, type Perform } from '../../doubles/dynamodb';

export const NOON = Date.parse('2026-11-27T12:00:00Z');
export const DAY_ENDS = Date.parse('2026-11-28T00:00:00Z');
export const MONTH_ENDS = Date.parse('2026-12-01T00:00:00Z');
export const KEEP_UNTIL = NOON / 1_000 + 30 * 86_400;
export const LEASE_MS = 600_000;

/** A commit of the caller's own, in either store's terms. */
export interface World<Alongside = unknown> {
  readonly store: ILedgerStore<Alongside>;
  readonly ledger: SpendLedger<Alongside>;
  readonly control: SpendControl<Alongside>;
  /** Milliseconds of each wait for others. */
  readonly sleeps: number[];
  rows(): ReadonlyMap<string, LedgerRow>;
  /** A write alongside that makes a thing of this name, if there is none yet. */
  making(name: string): Alongside;
  /** Whether it was made. */
  isMade(name: string): boolean;
}

export interface WorldOptions extends SpendLedgerOptions {
  readonly random?: () => number;
  /** Puts something between the ledger and its store. */
  readonly through?: <Alongside>(store: ILedgerStore<Alongside>) => ILedgerStore<Alongside>;
}

const parts = <Alongside>(own: ILedgerStore<Alongside>, { random = () => 0, through, ...options }: WorldOptions) => {
  const store = through ? through(own) : own;
  const sleeps: number[] = [];
  const sleep = async (ms: number) => void sleeps.push(ms);
  const settings = { shards: 4, leaseMs: LEASE_MS, ...options };
  return {
    store,
    sleeps,
    ledger: new SpendLedger(store, settings, { random, sleep }),
    control: new SpendControl(store, settings, { random, sleep }),
  };
};

export const memoryWorld = (options: WorldOptions = {}): World<MemoryWrite> => {
  const store = new MemoryLedgerStore();
  const made = new Set<string>();
  return {
    ...parts<MemoryWrite>(store, options),
    rows: () => store.rows,
    making: (name) => ({ check: () => !made.has(name), apply: () => void made.add(name) }),
    isMade: (name) => made.has(name),
  };
};

const TABLE = 'ledger';
const THINGS = 'things';
const atOnce: Perform = async (_name, work) => work();

export const dynamoDbWorld = (options: WorldOptions = {}): World<TransactWriteItem> => {
  const double = new DynamoDbDouble({ [TABLE]: ['key'], [THINGS]: ['name'] }, atOnce);
  return {
    ...parts<TransactWriteItem>(new DynamoDbLedgerStore(new DynamoDBClient({ region: 'us-east-1' }), TABLE), options),
    rows: () => double.rows(TABLE),
    making: (name) => ({
      Put: {
        TableName: THINGS,
        Item: { name: { S: name } },
        ConditionExpression: 'attribute_not_exists(#name)',
        ExpressionAttributeNames: { '#name': 'name' },
      },
    }),
    isMade: (name) => double.row(THINGS, name) !== undefined,
  };
};

/** Both stores: what holds over one has to hold over the other. */
export const WORLDS = [
  ['MemoryLedgerStore', memoryWorld as (options?: WorldOptions) => World],
  ['DynamoDbLedgerStore', dynamoDbWorld as (options?: WorldOptions) => World],
] as const;

/** A world whose caps are deployed. */
export const opened = async <W extends World>(world: W, caps: GlobalCaps = {}): Promise<W> => {
  await world.control.syncDeployedCaps(caps, NOON);
  return world;
};

export const request = (id: string, change: Partial<ReserveRequest<never>> = {}): ReserveRequest<never> => ({
  id,
  clientId: 'acme',
  clientCaps: {},
  estimate: 100,
  nowMs: NOON,
  keepUntil: KEEP_UNTIL,
  ...change,
});

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** Every figure of the windows' rows by what the reservations say, as a list of those that disagree. */
export const disagreements = (rows: ReadonlyMap<string, LedgerRow>): readonly string[] => {
  const wanted = new Map<string, number>();
  const add = (key: string, attribute: string, amount: number) =>
    wanted.set(`${key} ${attribute}`, (wanted.get(`${key} ${attribute}`) ?? 0) + amount);
  const addPart = (clientId: string, amount: 'committed' | 'spent', part: Part) => {
    for (const key of [`client#${clientId}#${part.day.slice(0, 7)}`, `global#${part.day.slice(0, 7)}#${part.shard}`]) {
      add(key, amount, part.amount);
      add(key, `${amount.charAt(0)}${part.day.slice(-2)}`, part.amount);
    }
  };
  for (const [key, row] of rows) {
    if (!key.startsWith('reservation#')) continue;
    const { clientId, holds, calls, used } = row as unknown as ReservationRow;
    for (const part of [...holds, ...calls.flatMap((call) => call.parts), ...used])
      addPart(clientId, 'committed', part);
    for (const part of [...used, ...calls.flatMap((call) => (call.assumed ? call.parts : []))]) {
      addPart(clientId, 'spent', part);
    }
  }
  const found = new Map<string, number>();
  for (const [key, row] of rows) {
    if (!/^(client#.*|global#[^#]+#\d+)$/.test(key)) continue;
    for (const [attribute, value] of Object.entries(row)) {
      if (/^(committed|spent|[cs]\d\d)$/.test(attribute)) found.set(`${key} ${attribute}`, Number(value));
    }
  }
  return [
    ...[...new Set([...wanted.keys(), ...found.keys()])]
      .filter((name) => (wanted.get(name) ?? 0) !== (found.get(name) ?? 0))
      .map((name) => `${name}: ${found.get(name) ?? 0} instead of ${wanted.get(name) ?? 0}`),
    ...capDisagreements(rows),
  ];
};

/** What of a global cap is neither with the master nor with a shard, nor committed; and what a shard has below 0. */
const capDisagreements = (rows: ReadonlyMap<string, LedgerRow>): readonly string[] =>
  [...rows].flatMap(([key, row]) => {
    if (/^global#[^#]+#\d+$/.test(key)) {
      return Object.entries(row)
        .filter(([name, value]) => /^(available|a\d\d)$/.test(name) && Number(value) < 0)
        .map(([name, value]) => `${key} ${name}: ${value}`);
    }
    if (!/^global#[^#]+$/.test(key)) return [];
    return Object.keys(row)
      .filter((name) => /^(limit|l\d\d)$/.test(name))
      .flatMap((limit) => {
        const nameOf = (amount: string) => (limit === 'limit' ? amount : `${amount.charAt(0)}${limit.slice(1)}`);
        const inShards = (amount: string) =>
          sumOf(
            [...rows]
              .filter(([other]) => other.startsWith(`${key}#`))
              .map(([, shard]) => Number(shard[nameOf(amount)] ?? 0)),
          );
        const rest =
          Number(row[limit]) - Number(row[nameOf('unleased')]) - inShards('available') - inShards('committed');
        return rest === 0 ? [] : [`${key} ${limit}: ${rest} is nowhere`];
      });
  });

/** Lets a test step in before, or after, the n-th commit or read of a store. */
export class Interrupted<Alongside> implements ILedgerStore<Alongside> {
  /** Told of each step before it is taken: may throw, or do something in between. */
  before: (step: string, keys: readonly string[]) => Promise<void> | void = () => undefined;
  /** Told of each step once it is taken: may throw, so that its answer is lost. */
  after: (step: string) => Promise<void> | void = () => undefined;

  constructor(readonly store: ILedgerStore<Alongside>) {}

  read(keys: readonly string[]) {
    return this.#take('read', keys, () => this.store.read(keys));
  }

  snapshot(keys: readonly string[]) {
    return this.#take('snapshot', keys, () => this.store.snapshot(keys));
  }

  commit(writes: readonly RowWrite[], alongside?: readonly Alongside[]): Promise<CommitResult> {
    const keys = writes.map(({ key }) => key);
    return this.#take('commit', keys, () => this.store.commit(writes, alongside));
  }

  listEnded(bucket: string, before: number, limit: number) {
    return this.#take('list', [bucket], () => this.store.listEnded(bucket, before, limit));
  }

  async #take<T>(step: string, keys: readonly string[], work: () => Promise<T>): Promise<T> {
    await this.before(step, keys);
    const answer = await work();
    await this.after(step);
    return answer;
  }
}
