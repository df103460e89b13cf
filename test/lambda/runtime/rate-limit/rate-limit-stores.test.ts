import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import {
  type Admission,
  admissionHolds,
  applyAdmission,
  type BucketStep,
  type WindowStep,
} from '../../../../lambda/runtime/rate-limit/admission';
import { DynamoDbRateLimitStore } from '../../../../lambda/runtime/rate-limit/dynamodb-rate-limit-store';
import { MemoryRateLimitStore } from '../../../../lambda/runtime/rate-limit/memory-rate-limit-store';
import type { IRateLimitStore } from '../../../../lambda/runtime/rate-limit/rate-limit-store';
import { type LimitRow, LimitsTable } from '../../../../lib/contract/limits-table';
import { DynamoDbDouble } from '../../doubles/dynamodb';
import { CLIENT, NOON } from './limiter-world';

const TABLE = 'limits';
const NOW_US = NOON * 1_000;
const recent = Array.from({ length: 16 }, (_, index) => `old-${index}`);

const ROW: LimitRow = {
  clientId: CLIENT,
  fullAtUs: NOW_US + 500_000,
  intervalUs: 100_000,
  utcDay: '2026-11-27',
  dayCount: 7,
  monthCount: 70,
  recent,
  expiresAt: 1_900_000_000,
};

const drain: BucketStep = {
  kind: 'drain',
  sinceUs: NOW_US,
  latestUs: NOW_US + 1_900_000,
  costUs: 100_000,
  intervalUs: 100_000,
};
const sameDay: WindowStep = { kind: 'same-day', day: '2026-11-27', dayRoom: 9, monthRoom: 99 };
const update = (bucket: BucketStep, window: WindowStep, cost = 1): Admission => ({
  kind: 'update',
  clientId: CLIENT,
  token: 'new',
  cost,
  bucket,
  window,
});

const startDynamoDb = () => {
  const double = new DynamoDbDouble({ [TABLE]: [LimitsTable.PARTITION_KEY] }, async (_, work) => work());
  return { double, store: new DynamoDbRateLimitStore(new DynamoDBClient({ region: 'us-east-1' }), TABLE) };
};

const makers: Record<string, () => IRateLimitStore> = {
  MemoryRateLimitStore: () => new MemoryRateLimitStore(),
  DynamoDbRateLimitStore: () => startDynamoDb().store,
};

describe.each(Object.entries(makers))('%s', (_, make) => {
  test('has no row of a client that never came, and writes the first one once', async () => {
    const store = make();
    await expect(store.read(CLIENT)).resolves.toBeUndefined();
    await expect(store.admit(update(drain, sameDay))).resolves.toEqual({ done: false, row: undefined });
    await expect(store.admit({ kind: 'first', row: ROW })).resolves.toEqual({ done: true, row: ROW });
    await expect(store.admit({ kind: 'first', row: { ...ROW, dayCount: 1 } })).resolves.toEqual({
      done: false,
      row: ROW,
    });
    await expect(store.read(CLIENT)).resolves.toEqual(ROW);
    await expect(store.read('other')).resolves.toBeUndefined();
  });

  test('counts on, remembers the request, and does not count it again', async () => {
    const store = make();
    await store.admit({ kind: 'first', row: ROW });
    const after = {
      ...ROW,
      fullAtUs: NOW_US + 600_000,
      dayCount: 9,
      monthCount: 72,
      recent: [...recent.slice(1), 'new'],
    };
    await expect(store.admit(update(drain, sameDay, 2))).resolves.toEqual({ done: true, row: after });
    await expect(store.admit(update(drain, sameDay, 2))).resolves.toEqual({ done: false, row: after });
    await expect(store.read(CLIENT)).resolves.toEqual(after);
  });
});

const near = (value: number) => fc.constantFrom(value - 1, value, value + 1);
const days = fc.constantFrom('2026-10-31', '2026-11-01', '2026-11-26', '2026-11-27', '2026-12-01');
const room = fc.option(fc.constantFrom(-1, 0, 6, 7, 8, 69, 70, 71), { nil: undefined });

const bucketStep: fc.Arbitrary<BucketStep> = fc.oneof(
  fc.record({
    kind: fc.constant('drain' as const),
    sinceUs: near(ROW.fullAtUs),
    latestUs: near(ROW.fullAtUs),
    costUs: fc.integer({ min: 1, max: 1e9 }),
    intervalUs: fc.constantFrom(100_000, 99_999),
  }),
  fc.record({
    kind: fc.constant('full' as const),
    nowUs: near(ROW.fullAtUs),
    fullAtUs: fc.constant(NOW_US + 900_000),
    intervalUs: fc.constantFrom(100_000, 250_000),
  }),
  fc.record({
    kind: fc.constant('convert' as const),
    seenFullAtUs: near(ROW.fullAtUs),
    seenIntervalUs: fc.constantFrom(100_000, 99_999),
    fullAtUs: fc.constant(NOW_US + 900_000),
    intervalUs: fc.constant(250_000),
  }),
);

const windowStep: fc.Arbitrary<WindowStep> = fc.oneof(
  fc.record({ kind: fc.constant('same-day' as const), day: days, dayRoom: room, monthRoom: room }),
  fc.record({ kind: fc.constant('next-day' as const), day: days, firstOfMonth: days, monthRoom: room }),
  fc.record({ kind: fc.constant('next-month' as const), day: days, firstOfMonth: days, expiresAt: fc.constant(2e9) }),
);

const admission = fc.record({
  kind: fc.constant('update' as const),
  clientId: fc.constant(CLIENT),
  token: fc.constantFrom('new', 'new', 'new', 'old-0', 'old-15', '-'),
  cost: fc.integer({ min: 1, max: 50 }),
  bucket: bucketStep,
  window: windowStep,
});

test('DynamoDB does what the rules say, whatever is asked of which row', async () => {
  const { double, store } = startDynamoDb();
  let done = 0;
  await fc.assert(
    fc.asyncProperty(admission, days, async (asked, utcDay) => {
      const row = { ...ROW, utcDay };
      double.put(TABLE, { ...row });
      const holds = admissionHolds(asked, row);
      const after = holds ? applyAdmission(asked, row) : row;
      await expect(store.admit(asked)).resolves.toEqual({ done: holds, row: after });
      expect(double.row(TABLE, CLIENT)).toEqual(after);
      done += Number(holds);
    }),
    { numRuns: 1_000 },
  );
  expect(done).toBeGreaterThan(20);
}, 60_000);

describe('the rules', () => {
  const isAllowed = (bucket: BucketStep, window: WindowStep): boolean => admissionHolds(update(bucket, window), ROW);
  const full: BucketStep = { kind: 'full', nowUs: ROW.fullAtUs, fullAtUs: ROW.fullAtUs + 1, intervalUs: 5 };
  const convert: BucketStep = {
    kind: 'convert',
    seenFullAtUs: ROW.fullAtUs,
    seenIntervalUs: 100_000,
    fullAtUs: 1,
    intervalUs: 5,
  };
  const nextDay: WindowStep = { kind: 'next-day', day: '2026-11-28', firstOfMonth: '2026-11-01', monthRoom: 70 };
  const nextMonth: WindowStep = { kind: 'next-month', day: '2026-12-02', firstOfMonth: '2026-12-01', expiresAt: 5 };

  test.each<[string, BucketStep, boolean]>([
    ['drains what was not full when the request came', { ...drain, sinceUs: ROW.fullAtUs - 1 }, true],
    ['does not drain what was full', { ...drain, sinceUs: ROW.fullAtUs }, false],
    ['drains to the last token', { ...drain, latestUs: ROW.fullAtUs }, true],
    ['does not drain below it', { ...drain, latestUs: ROW.fullAtUs - 1 }, false],
    ['does not drain at another rate', { ...drain, intervalUs: 100_001 }, false],
    ['takes from a full bucket', full, true],
    [
      'does not take from one that fills in a microsecond as from a full one',
      { ...full, nowUs: ROW.fullAtUs - 1 },
      false,
    ],
    ['converts the row that was seen', convert, true],
    ['does not convert one that was drained meanwhile', { ...convert, seenFullAtUs: ROW.fullAtUs - 1 }, false],
    ['does not convert one that was converted meanwhile', { ...convert, seenIntervalUs: 5 }, false],
  ])('%s', (_, bucket, expected) => {
    expect(isAllowed(bucket, sameDay)).toBe(expected);
  });

  test.each<[string, WindowStep, boolean]>([
    ['counts to the last of the day', { ...sameDay, dayRoom: 7 }, true],
    ['does not count beyond the day', { ...sameDay, dayRoom: 6 }, false],
    ['counts to the last of the month', { ...sameDay, monthRoom: 70 }, true],
    ['does not count beyond the month', { ...sameDay, monthRoom: 69 }, false],
    ['counts without quotas', { kind: 'same-day', day: '2026-11-27' }, true],
    ['does not count in another day', { ...sameDay, day: '2026-11-28' }, false],
    ['begins a new day', nextDay, true],
    ['does not begin a day twice', { ...nextDay, day: '2026-11-27' }, false],
    ['does not begin a day beyond the month', { ...nextDay, monthRoom: 69 }, false],
    ['does not begin a day of the same month in a new one', { ...nextDay, firstOfMonth: '2026-11-28' }, false],
    ['begins a new month', nextMonth, true],
    ['does not begin a month twice', { ...nextMonth, firstOfMonth: '2026-11-27' }, false],
  ])('%s', (_, window, expected) => {
    expect(isAllowed(drain, window)).toBe(expected);
  });

  test('a new day begins at what the request costs, a new month too, and expires later', () => {
    expect(applyAdmission(update(full, nextDay, 3), ROW)).toEqual({
      ...ROW,
      fullAtUs: ROW.fullAtUs + 1,
      intervalUs: 5,
      utcDay: '2026-11-28',
      dayCount: 3,
      monthCount: 73,
      recent: [...recent.slice(1), 'new'],
    });
    expect(applyAdmission(update(convert, nextMonth, 3), ROW)).toEqual({
      ...ROW,
      fullAtUs: 1,
      intervalUs: 5,
      utcDay: '2026-12-02',
      dayCount: 3,
      monthCount: 3,
      recent: [...recent.slice(1), 'new'],
      expiresAt: 5,
    });
  });

  test('a client without a row has none to update', () => {
    expect(admissionHolds(update(drain, sameDay), undefined)).toBe(false);
    expect(admissionHolds({ kind: 'first', row: ROW }, ROW)).toBe(false);
  });
});

test('reads consistently, and asks for the row whether it writes or not', async () => {
  const sent: unknown[] = [];
  const client = {
    send: async (command: unknown) => {
      sent.push(command);
      return {};
    },
  } as never;
  const store = new DynamoDbRateLimitStore(client, TABLE);
  await store.read(CLIENT);
  await store.admit(update(drain, sameDay));
  const [read, write] = sent as [GetItemCommand, UpdateItemCommand];
  expect(read).toBeInstanceOf(GetItemCommand);
  expect(read.input).toEqual({ TableName: TABLE, Key: { clientId: { S: CLIENT } }, ConsistentRead: true });
  expect(write).toBeInstanceOf(UpdateItemCommand);
  expect(write.input).toMatchObject({ ReturnValues: 'ALL_NEW', ReturnValuesOnConditionCheckFailure: 'ALL_OLD' });
});

test('an error of DynamoDB that says nothing of the condition is passed on', async () => {
  const throttled = new Error('ThrottlingException');
  const client = { send: () => Promise.reject(throttled) } as never;
  const store = new DynamoDbRateLimitStore(client, TABLE);
  await expect(store.admit(update(drain, sameDay))).rejects.toBe(throttled);
  await expect(store.read(CLIENT)).rejects.toBe(throttled);
});

test('a row is small: it stays below the kilobyte that one write unit covers', async () => {
  const { double, store } = startDynamoDb();
  const names = Array.from({ length: 16 }, () => 'x'.repeat(16));
  await store.admit({ kind: 'first', row: { ...ROW, recent: names, monthCount: 999_999_999_999_999 } });
  const item = double.items.get(`${TABLE}|${CLIENT}`) ?? {};
  expect(JSON.stringify(item).length).toBeLessThan(1_024);
});
