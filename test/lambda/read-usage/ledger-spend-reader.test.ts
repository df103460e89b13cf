import '../doubles/environment';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { handler } from '../../../lambda/read-usage/handler';
import { LedgerSpendReader } from '../../../lambda/read-usage/ledger-spend-reader';
import { DynamoDbLedgerStore } from '../../../lambda/runtime/spend/dynamodb-ledger-store';
import { LedgerUnavailableError } from '../../../lambda/runtime/spend/errors';
import { SpendLedger } from '../../../lambda/runtime/spend/spend-ledger';
import type { PlanTerms } from '../../../lib/contract/client-plan';
import { Cloud } from '../doubles/cloud';
import { captureOutput } from '../doubles/console-capture';
import { LEDGER_TABLE } from '../doubles/environment';
import { apiEvent, CLIENT_ID, context, PLAN } from '../doubles/events';

const NOON = Date.parse('2026-11-27T12:00:00Z');

let cloud: Cloud;
let ledger: SpendLedger;
beforeEach(() => {
  cloud = new Cloud();
  ledger = new SpendLedger(new DynamoDbLedgerStore(new DynamoDBClient({}), LEDGER_TABLE));
});

const readAt = (nowMs: number, terms: Partial<PlanTerms> = {}, clientId = CLIENT_ID) =>
  new LedgerSpendReader(ledger, () => nowMs).readSpend(clientId, { ...PLAN, ...terms });
const reserve = (id: string, estimate: number, nowMs: number) =>
  ledger.reserve({ id, clientId: CLIENT_ID, clientCaps: {}, estimate, nowMs, keepUntil: nowMs / 1_000 + 86_400 });

test('tells what is committed, and no limit where the plan has no cap', async () => {
  await reserve('yesterday', 300, NOON - 86_400_000);
  await reserve('today', 700, NOON);
  expect(await readAt(NOON)).toEqual({
    day: { window: '2026-11-27', committed: 700, resetSeconds: 43_200 },
    month: { window: '2026-11', committed: 1_000, resetSeconds: 3 * 86_400 + 43_200 },
  });
});

test('tells what is left of each cap of the plan, rounding the time up', async () => {
  await reserve('today', 700, NOON);
  expect(await readAt(NOON + 1, { spendPerDay: 1_000, spendPerMonth: 5_000 })).toEqual({
    day: { window: '2026-11-27', committed: 700, limit: 1_000, remaining: 300, resetSeconds: 43_200 },
    month: { window: '2026-11', committed: 700, limit: 5_000, remaining: 4_300, resetSeconds: 302_400 },
  });
});

test('nothing remains, and not less, of a cap that was lowered below what is committed', async () => {
  await reserve('today', 700, NOON);
  const { day, month } = await readAt(NOON, { spendPerDay: 500 });
  expect(day).toMatchObject({ committed: 700, limit: 500, remaining: 0 });
  expect(month).not.toHaveProperty('limit');
});

test('tells a client nothing of another’s', async () => {
  await reserve('today', 700, NOON);
  expect(await readAt(NOON, {}, 'other')).toMatchObject({ day: { committed: 0 }, month: { committed: 0 } });
});

describe('while the ledger is down', () => {
  test('it is said so, and nothing is made up', async () => {
    cloud.dynamodb.beforeRead = () => {
      throw new Error('the table is away');
    };
    await expect(readAt(NOON)).rejects.toThrow(LedgerUnavailableError);
  });

  test('the route answers 503, without internals', async () => {
    const output = captureOutput();
    const away = new Error('the table is away');
    cloud.dynamodb.beforeRead = () => {
      // The row of the limits is read first.
      if (cloud.steps.length > 1) throw away;
    };
    const event = apiEvent({ resource: '/v1/usage' });
    const { statusCode, body } = await handler(event as never, context());
    output.release();
    expect(statusCode).toBe(503);
    expect(JSON.parse(body)).toMatchObject({ type: 'urn:bulwark:problem:ledger-unavailable', status: 503 });
    expect(body).not.toContain('away');
    expect(output.text()).toContain('the table is away');
  });
});
