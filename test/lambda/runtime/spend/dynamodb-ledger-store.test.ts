import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  DynamoDBServiceException,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';
import { DynamoDbLedgerStore } from '../../../../lambda/runtime/spend/dynamodb-ledger-store';
import { SpendControl } from '../../../../lambda/runtime/spend/spend-control';
import { SpendLedger } from '../../../../lambda/runtime/spend/spend-ledger';
import { DynamoDbDouble } from '../../doubles/dynamodb';
import { LEASE_MS, NOON, opened, request } from './spend-world';

const TABLE = 'ledger';
const ADDED = { key: 'a', conditions: [], change: { add: { n: 1 } } };
const REPLACED = { key: 'b', conditions: [], replacement: { key: 'b', n: 1 } };

interface Sent {
  readonly name: string;
  readonly input: Record<string, unknown>;
}

/** A client that answers each command by a rule, and remembers what was sent. */
const answering = (answer: (sent: Sent) => unknown = () => ({})) => {
  const sent: Sent[] = [];
  const client = {
    send: async (command: { readonly constructor: { readonly name: string }; readonly input: Sent['input'] }) => {
      const each = { name: command.constructor.name, input: command.input };
      sent.push(each);
      return answer(each);
    },
  } as unknown as DynamoDBClient;
  return { store: new DynamoDbLedgerStore(client, TABLE), sent };
};

const failing = (error: Error) =>
  answering(() => {
    throw error;
  }).store;

const cancelled = (...codes: (string | undefined)[]) =>
  new TransactionCanceledException({
    message: 'Transaction cancelled',
    $metadata: {},
    CancellationReasons: codes.map((Code) => ({ Code })),
  });

const service = (name: string) =>
  new DynamoDBServiceException({ name, message: name, $fault: 'client', $metadata: {} });

const PASSING = [
  'TransactionConflictException',
  'TransactionInProgressException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
].map(service);

const PASSING_REASONS = [
  'TransactionConflict',
  'ProvisionedThroughputExceeded',
  'ThrottlingError',
  'RequestLimitExceeded',
].map((code) => cancelled('None', code));

describe('what goes to DynamoDB', () => {
  test('one row is read by itself, several in one batch, consistently', async () => {
    const { store, sent } = answering();
    await store.read(['a']);
    await store.read(['a', 'b']);
    await store.read([]);
    expect(sent).toEqual([
      { name: 'GetItemCommand', input: { TableName: TABLE, Key: { key: { S: 'a' } }, ConsistentRead: true } },
      {
        name: 'BatchGetItemCommand',
        input: {
          RequestItems: { [TABLE]: { Keys: [{ key: { S: 'a' } }, { key: { S: 'b' } }], ConsistentRead: true } },
        },
      },
    ]);
  });

  test('a snapshot is one transaction', async () => {
    const { store, sent } = answering(() => ({ Responses: [{ Item: { key: { S: 'a' }, n: { N: '5' } } }, {}] }));
    await expect(store.snapshot(['a', 'b'])).resolves.toEqual(new Map([['a', { key: 'a', n: 5 }]]));
    const get = (key: string) => ({ Get: { TableName: TABLE, Key: { key: { S: key } } } });
    expect(sent).toEqual([{ name: 'TransactGetItemsCommand', input: { TransactItems: [get('a'), get('b')] } }]);
  });

  test('an answer without rows is none', async () => {
    const { store } = answering(() => ({}));
    await expect(store.snapshot(['a'])).resolves.toEqual(new Map());
    await expect(store.read(['a', 'b'])).resolves.toEqual(new Map());
    await expect(store.listEnded('1', 5, 5)).resolves.toEqual([]);
  });

  test('one write is no transaction, which would cost twice as much', async () => {
    const { store, sent } = answering();
    await store.commit([ADDED]);
    await store.commit([REPLACED]);
    await store.commit([ADDED, REPLACED]);
    await store.commit([ADDED], [{ Put: { TableName: 'jobs', Item: {} } }]);
    await store.commit([], [{ Put: { TableName: 'jobs', Item: {} } }]);
    expect(sent.map(({ name }) => name)).toEqual([
      'UpdateItemCommand',
      'PutItemCommand',
      'TransactWriteItemsCommand',
      'TransactWriteItemsCommand',
      'TransactWriteItemsCommand',
    ]);
  });

  test('writes of one transaction are updates, puts and checks, each of which shows the row in its way', async () => {
    const { store, sent } = answering();
    const check = { key: 'c', conditions: [{ attribute: 'n', is: 'below', value: 3 } as const] };
    const removed = { key: 'd', conditions: [], change: { remove: ['x', 'y'], set: { w: 'v' }, add: { n: -2 } } };
    const conditions = [
      { attribute: 'n', is: 'at-least', value: 1 },
      { attribute: 'n', is: 'at-most-or-absent', value: 9 },
    ] as const;
    const alongside = { Put: { TableName: 'jobs', Item: { id: { S: 'j' } } } };
    await store.commit([{ ...ADDED, conditions }, REPLACED, check, removed], [alongside]);
    const base = { TableName: TABLE, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' };
    expect(sent[0]?.input).toEqual({
      TransactItems: [
        {
          Update: {
            ...base,
            Key: { key: { S: 'a' } },
            UpdateExpression: 'ADD #n0 :v2',
            ConditionExpression: '#n0 >= :v0 AND (attribute_not_exists(#n0) OR #n0 <= :v1)',
            ExpressionAttributeNames: { '#n0': 'n' },
            ExpressionAttributeValues: { ':v0': { N: '1' }, ':v1': { N: '9' }, ':v2': { N: '1' } },
          },
        },
        { Put: { ...base, Item: { key: { S: 'b' }, n: { N: '1' } } } },
        {
          ConditionCheck: {
            ...base,
            Key: { key: { S: 'c' } },
            ConditionExpression: '#n0 < :v0',
            ExpressionAttributeNames: { '#n0': 'n' },
            ExpressionAttributeValues: { ':v0': { N: '3' } },
          },
        },
        {
          Update: {
            ...base,
            Key: { key: { S: 'd' } },
            UpdateExpression: 'SET #n0 = :v0 ADD #n1 :v1 REMOVE #n2, #n3',
            ExpressionAttributeNames: { '#n0': 'w', '#n1': 'n', '#n2': 'x', '#n3': 'y' },
            ExpressionAttributeValues: { ':v0': { S: 'v' }, ':v1': { N: '-2' } },
          },
        },
        alongside,
      ],
    });
  });

  test('leases are listed by the index', async () => {
    const { store, sent } = answering(() => ({ Items: [{ key: { S: 'reservation#j1' } }] }));
    await expect(store.listEnded('3', 77, 5)).resolves.toEqual(['j1']);
    expect(sent).toEqual([
      {
        name: 'QueryCommand',
        input: {
          TableName: TABLE,
          IndexName: 'leases',
          KeyConditionExpression: 'leaseBucket = :bucket AND leaseUntil < :before',
          ExpressionAttributeValues: { ':bucket': { S: '3' }, ':before': { N: '77' } },
          Limit: 5,
        },
      },
    ]);
  });
});

describe('what DynamoDB leaves out', () => {
  const item = (key: string) => ({ key: { S: key } });

  test('is asked for again', async () => {
    const double = new DynamoDbDouble({ [TABLE]: ['key'] }, async (_name, work) => work());
    const store = new DynamoDbLedgerStore(new DynamoDBClient({ region: 'us-east-1' }), TABLE);
    for (const key of ['a', 'b', 'c', 'd', 'e']) double.put(TABLE, { key });
    double.batchSize = 1;
    expect([...(await store.read(['a', 'b', 'c', 'd', 'e'])).keys()]).toEqual(['a', 'b', 'c', 'd', 'e']);
    await expect(store.read(['a', 'b', 'c', 'd', 'e', 'f', 'g'])).rejects.toThrow(
      '2 rows were not read after 5 attempts.',
    );
  });

  test('more rows than fit into one batch are read in several', async () => {
    const { store, sent } = answering(({ input }) => {
      const { Keys } = (input.RequestItems as Record<string, { Keys: { key: { S: string } }[] }>)[TABLE] ?? {
        Keys: [],
      };
      return { Responses: { [TABLE]: Keys.map(({ key }) => item(key.S)) } };
    });
    const keys = Array.from({ length: 201 }, (_, index) => `k${index}`);
    expect([...(await store.read(keys)).keys()]).toEqual(keys);
    const sizes = sent.map(
      ({ input }) => (input.RequestItems as Record<string, { Keys: unknown[] }>)[TABLE]?.Keys.length,
    );
    expect(sizes).toEqual([100, 100, 1]);
  });
});

describe('what DynamoDB refuses', () => {
  test.each(PASSING.map((cause) => [cause.name, cause] as const))(
    '%s passes: nothing was written',
    async (_, cause) => {
      const store = failing(cause);
      await expect(store.commit([ADDED])).resolves.toEqual({ kind: 'conflict', cause });
      await expect(store.commit([REPLACED])).resolves.toEqual({ kind: 'conflict', cause });
      await expect(store.commit([ADDED, REPLACED])).resolves.toEqual({ kind: 'conflict', cause });
      await expect(store.snapshot(['a'])).resolves.toBe('conflict');
    },
  );

  test.each(PASSING_REASONS)('a transaction that was cancelled for a passing reason, %#', async (cause) => {
    const store = failing(cause);
    await expect(store.commit([ADDED, REPLACED])).resolves.toEqual({ kind: 'conflict', cause });
    await expect(store.snapshot(['a', 'b'])).resolves.toBe('conflict');
  });

  test('a condition that does not hold says more than a conflict beside it', async () => {
    const cause = new TransactionCanceledException({
      message: 'Transaction cancelled',
      $metadata: {},
      CancellationReasons: [
        { Code: 'TransactionConflict' },
        { Code: 'ConditionalCheckFailed', Item: { key: { S: 'b' }, n: { N: '7' } } },
      ],
    });
    await expect(failing(cause).commit([ADDED, REPLACED])).resolves.toEqual({
      kind: 'refused',
      rows: new Map([['b', { key: 'b', n: 7 }]]),
      alongside: false,
    });
  });

  test('a write alongside is told from the ledger’s own', async () => {
    const alongside = { Put: { TableName: 'jobs', Item: {} } };
    const refused = { kind: 'refused', rows: new Map(), alongside: true };
    await expect(failing(cancelled('None', 'ConditionalCheckFailed')).commit([ADDED], [alongside])).resolves.toEqual(
      refused,
    );
    const both = { ...refused, rows: new Map([['a', undefined]]) };
    await expect(
      failing(cancelled('ConditionalCheckFailed', 'ConditionalCheckFailed')).commit([ADDED], [alongside]),
    ).resolves.toEqual(both);
  });

  test('a single write that is refused shows the row', async () => {
    const refusing = (item?: object) =>
      failing(new ConditionalCheckFailedException({ message: 'no', $metadata: {}, Item: item as never }));
    const rows = (row: object | undefined) => ({ kind: 'refused', rows: new Map([['a', row]]), alongside: false });
    await expect(refusing({ key: { S: 'a' } }).commit([ADDED])).resolves.toEqual(rows({ key: 'a' }));
    await expect(refusing().commit([ADDED])).resolves.toEqual(rows(undefined));
  });

  test.each([
    ['a denial', service('AccessDeniedException')],
    ['a transaction that was wrong', cancelled('ValidationError', 'None')],
    ['a transaction without reasons', new TransactionCanceledException({ message: 'cancelled', $metadata: {} })],
    ['a broken connection', new Error('socket hang up')],
  ])('%s is thrown', async (_what, error) => {
    const store = failing(error);
    await expect(store.commit([ADDED])).rejects.toBe(error);
    await expect(store.commit([ADDED, REPLACED])).rejects.toBe(error);
    await expect(store.snapshot(['a'])).rejects.toBe(error);
    await expect(store.read(['a'])).rejects.toBe(error);
    await expect(store.read(['a', 'b'])).rejects.toBe(error);
    await expect(store.listEnded('1', 1, 1)).rejects.toBe(error);
  });

  test('what is no error at all is thrown', async () => {
    const { store } = answering(() => Promise.reject('a word'));
    await expect(store.commit([ADDED])).rejects.toBe('a word');
  });
});

test('from accepted to settled a job costs three reads and writes of its rows, and no more', async () => {
  const steps: string[] = [];
  new DynamoDbDouble({ [TABLE]: ['key'] }, async (name, work) => {
    steps.push(name);
    return work();
  });
  const store = new DynamoDbLedgerStore(new DynamoDBClient({ region: 'us-east-1' }), TABLE);
  const options = { shards: 1, leaseMs: LEASE_MS };
  const ledger = new SpendLedger(store, options);
  await opened({ control: new SpendControl(store, options) } as never, {});
  await ledger.reserve(request('j0'));
  steps.length = 0;
  await ledger.reserve(request('j1'));
  expect(steps.splice(0)).toEqual(['TransactWriteItems']);
  await ledger.begin('j1', { callId: '1', estimate: 100, nowMs: NOON });
  expect(steps.splice(0)).toEqual(['BatchGetItem', 'PutItem']);
  await ledger.settle('j1', { callId: '1', amount: 30, close: true });
  expect(steps.splice(0)).toEqual(['GetItem', 'TransactWriteItems']);
});
