import '../doubles/environment';
import { APIGatewayClient, GetUsagePlanCommand, UpdateUsagePlanCommand } from '@aws-sdk/client-api-gateway';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetEventSourceMappingCommand, LambdaClient, UpdateEventSourceMappingCommand } from '@aws-sdk/client-lambda';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { DynamoDbLedgerStore } from '../../../lambda/runtime/spend/dynamodb-ledger-store';
import { SpendLedger } from '../../../lambda/runtime/spend/spend-ledger';
import { AuditTable, ControlTable } from '../../../lib/contract/control';
import { EnvironmentKey } from '../../../lib/contract/environment-keys';
import { LedgerTable } from '../../../lib/contract/ledger';
import { packPriceBook } from '../../../lib/contract/price-book-packing';
import { captureOutput } from '../doubles/console-capture';
import { DynamoDbDouble } from '../doubles/dynamodb';
import { CONSUMER_MAPPING, CONTROL_QUEUE_URL, CONTROL_TABLE } from '../doubles/environment';
import { context } from '../doubles/events';

const LEDGER = 'ledger';
const AUDIT = 'audit';
const CAP = 50_000_000;

let handler: typeof import('../../../lambda/control-spend/handler')['handler'];
let tables: DynamoDbDouble;
let output: ReturnType<typeof captureOutput>;
const lambda = mockClient(LambdaClient);
const sqs = mockClient(SQSClient);
const gateway = mockClient(APIGatewayClient);

beforeAll(async () => {
  const price = { validFrom: '2026-01-01T00:00:00Z', input: '1', output: '5', cacheRead: '0.1', cacheWrite: '1.25' };
  Object.assign(process.env, {
    [EnvironmentKey.LEDGER_TABLE]: LEDGER,
    [EnvironmentKey.LEDGER_SHARDS]: '2',
    [EnvironmentKey.GLOBAL_CAP_DAY]: String(CAP),
    [EnvironmentKey.GLOBAL_CAP_MONTH]: String(20 * CAP),
    [EnvironmentKey.PRICE_BOOK]: packPriceBook({ models: { 'claude-haiku-4-5': [price] } }),
    [EnvironmentKey.AUDIT_TABLE]: AUDIT,
    [EnvironmentKey.USAGE_PLANS]: '{"plan1":[10,20]}',
  });
  ({ handler } = await import('../../../lambda/control-spend/handler'));
});

beforeEach(() => {
  tables = new DynamoDbDouble(
    {
      [LEDGER]: [LedgerTable.PARTITION_KEY],
      [CONTROL_TABLE]: [ControlTable.PARTITION_KEY],
      [AUDIT]: [AuditTable.PARTITION_KEY, AuditTable.SORT_KEY],
    },
    async (_, work) => work(),
  );
  for (const mock of [lambda, sqs, gateway]) mock.reset();
  lambda.on(GetEventSourceMappingCommand, { UUID: CONSUMER_MAPPING }).resolves({ State: 'Enabled' });
  lambda.on(UpdateEventSourceMappingCommand, { UUID: CONSUMER_MAPPING }).resolves({});
  sqs.on(SendMessageCommand).resolves({});
  let throttle = { rateLimit: 10, burstLimit: 20 };
  gateway.on(GetUsagePlanCommand, { usagePlanId: 'plan1' }).callsFake(async () => ({ id: 'plan1', throttle }));
  gateway.on(UpdateUsagePlanCommand, { usagePlanId: 'plan1' }).callsFake(async ({ patchOperations }) => {
    const [rateLimit, burstLimit] = patchOperations.map(({ value }: { value: string }) => Number(value));
    throttle = { rateLimit, burstLimit };
    return {};
  });
  output = captureOutput();
});
afterEach(() => output.release());

const invoke = (event: unknown) => handler(event as never, context());
const run = () => invoke({ action: 'run' });

const spend = async (amount: number) => {
  const ledger = new SpendLedger(new DynamoDbLedgerStore(new DynamoDBClient({}), LEDGER), { shards: 2 });
  const nowMs = Date.now();
  const keepUntil = Math.ceil(nowMs / 1_000) + 86_400;
  const reservation = { id: 'job-1', clientId: 'abcdefgh12345678', clientCaps: {}, estimate: amount, nowMs, keepUntil };
  await ledger.reserve(reservation);
  await ledger.begin('job-1', { callId: '1', estimate: amount, nowMs });
  await ledger.settle('job-1', { callId: '1', amount, close: true });
};

const hold = () => tables.row(CONTROL_TABLE, 'hold#consumer');
const order = { by: 'arn:aws:iam::111122223333:user/on-call', reason: 'INC-7' };

test('opens the ledger under the deployed caps, and publishes its gauges under the dimension of their window', async () => {
  expect(await run()).toEqual({ cut: false });
  await spend(CAP / 5);
  await run();
  const gauge = (window: string, name: string, percent: number) =>
    expect.objectContaining({
      service: 'bulwark',
      window,
      [name]: percent,
      _aws: expect.objectContaining({
        CloudWatchMetrics: [
          { Namespace: 'Bulwark', Dimensions: [['service', 'window']], Metrics: [{ Name: name, Unit: 'Percent' }] },
        ],
      }),
    });
  const lines = output.lines();
  expect(lines).toContainEqual(gauge('day', 'SpendPercent', 20));
  expect(lines).toContainEqual(gauge('month', 'SpendPercent', 1));
  expect(lines).toContainEqual(gauge('day', 'SpendCommittedPercent', 20));
  const cutOff = lines.filter((line) => 'SpendCutOff' in line);
  expect(cutOff).toEqual([expect.objectContaining({ SpendCutOff: 0 }), expect.objectContaining({ SpendCutOff: 0 })]);
  expect(cutOff[0]).not.toHaveProperty('window');
  expect(gateway.calls()).toEqual([]);
});

test('cuts off at a cap that is used up, and restores at an operator’s word: table by table, and at AWS', async () => {
  await run();
  await spend(CAP);
  expect(await run()).toEqual({ cut: true });
  expect(hold()).toMatchObject({
    status: 'held',
    by: 'control-spend',
    throttles: { plan1: { rateLimit: 10, burstLimit: 20 } },
  });
  expect(lambda.commandCalls(UpdateEventSourceMappingCommand).map(({ args }) => args[0].input)).toEqual([
    { UUID: CONSUMER_MAPPING, Enabled: false },
  ]);
  const audit = [...tables.items.keys()].filter((key) => key.startsWith(`${AUDIT}|`));
  expect(audit).toEqual([expect.stringMatching(/^audit\|\d{4}-\d\d-\d\d\|.+Z#spend\.cut$/)]);
  const warned = [...tables.items.keys()].filter((key) => key.includes('spend-warning#'));
  expect(warned).toEqual([expect.stringMatching(new RegExp(`#${CAP}$`))]);
  expect(output.lines()).toContainEqual(
    expect.objectContaining({ level: 'ERROR', message: 'Spending is cut off until an operator restores it.' }),
  );

  expect(await invoke({ action: 'restore', ...order })).toMatchObject({ kind: 'refused', code: 'used-up' });
  expect(await invoke({ action: 'set', day: 2 * CAP, ...order })).toMatchObject({ kind: 'done', changed: true });
  expect(await invoke({ action: 'restore', ...order })).toMatchObject({ kind: 'done', unfinished: [] });
  expect(hold()).toMatchObject({ status: 'lifted' });
  const [shut, opened] = gateway.commandCalls(UpdateUsagePlanCommand).map(({ args }) => args[0].input.patchOperations);
  expect(shut?.map(({ value }) => value)).toEqual(['0', '0']);
  expect(opened?.map(({ value }) => value)).toEqual(['10', '20']);
  expect(sqs.commandCalls(SendMessageCommand).map(({ args }) => args[0].input)).toEqual([
    {
      QueueUrl: CONTROL_QUEUE_URL,
      MessageBody: JSON.stringify({ kind: 'resume', breaker: 'upstream', epoch: 0, concurrency: 2 }),
      DelaySeconds: 0,
    },
  ]);
  expect(await run()).toEqual({ cut: false });
});

test('tells the prices that it counts with', async () => {
  expect(await invoke({ action: 'prices', model: 'claude-haiku-4-5' })).toMatchObject({
    models: [
      { now: { validFrom: '2026-01-01T00:00:00.000Z', input: '1', output: '5', cacheRead: '0.1', cacheWrite: '1.25' } },
    ],
  });
});

test('refuses what is no request, in words and without a step', async () => {
  expect(await invoke({ action: 'refund', amount: 5 })).toEqual({
    kind: 'refused',
    code: 'malformed',
    message: '`action` must be one of run, status, set, cut, restore, prices',
  });
  expect(tables.items.size).toBe(0);
});

test('a ledger that was never opened is an error, not a status', async () => {
  await expect(invoke({ action: 'status' })).rejects.toMatchObject({ name: 'LedgerUnavailableError' });
});
