import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { invoke } from '../../cli/secrets/invoke';
import type { Decision } from '../../lambda/runtime/rate-limit/decision';
import { DynamoDbRateLimitStore } from '../../lambda/runtime/rate-limit/dynamodb-rate-limit-store';
import type { LimitTerms } from '../../lambda/runtime/rate-limit/limits';
import { RateLimiter } from '../../lambda/runtime/rate-limit/rate-limiter';
import { LimitsTable } from '../../lib/contract/limits-table';
import { PROBLEM_CONTENT_TYPE } from '../../lib/contract/problems';
import { mediaTypeOf } from '../../local/api-client';
import { newMarker, StackUnderTest } from './stack-under-test';

const AT_ONCE = 200;
const PROCESSES = 10;
const DAY_MS = 86_400_000;

/** The day before the last of a month, so that the next windows can be walked through. */
const START = Date.parse('2027-01-30T12:00:00Z');

const stack = new StackUnderTest();
const TableName = stack.addresses.deployment.limitsTable;

let nowMs: number;
/** Each with connections and a memory of its own, as if it were a process of its own. */
let limiters: RateLimiter[];

beforeEach(() => {
  nowMs = START;
  limiters = Array.from({ length: PROCESSES }, () => {
    const store = new DynamoDbRateLimitStore(new DynamoDBClient({ ...stack.access }), TableName);
    return new RateLimiter({ store, now: () => nowMs });
  });
});

const askAtOnce = (clientId: string, terms: LimitTerms): Promise<Decision[]> =>
  Promise.all(
    Array.from({ length: AT_ONCE }, (_, index) => (limiters[index % PROCESSES] as RateLimiter).admit(clientId, terms)),
  );

const countAdmitted = async (clientId: string, terms: LimitTerms): Promise<number> =>
  (await askAtOnce(clientId, terms)).filter(({ admitted }) => admitted).length;

const rowOf = async (clientId: string) =>
  (
    await stack.tables.send(
      new GetCommand({ TableName, Key: { [LimitsTable.PARTITION_KEY]: clientId }, ConsistentRead: true }),
    )
  ).Item;

test('200 requests at once: exactly the quota of the day, and of the next day; exactly what the month has left', async () => {
  const clientId = newMarker('quota');
  const terms = { requestsPerSecond: 1_000, burst: 1_000, requestsPerDay: 120, requestsPerMonth: 150 };
  expect(await countAdmitted(clientId, terms)).toBe(120);
  expect(await rowOf(clientId)).toMatchObject({ utcDay: '2027-01-30', dayCount: 120, monthCount: 120 });
  expect(await countAdmitted(clientId, terms)).toBe(0);
  nowMs += DAY_MS;
  expect(await countAdmitted(clientId, terms)).toBe(30);
  expect(await rowOf(clientId)).toMatchObject({ utcDay: '2027-01-31', dayCount: 30, monthCount: 150 });
  nowMs += DAY_MS;
  expect(await countAdmitted(clientId, terms)).toBe(120);
  expect(await rowOf(clientId)).toMatchObject({ utcDay: '2027-02-01', dayCount: 120, monthCount: 120 });
});

test('200 requests at once: exactly the bucket, and then exactly what came back', async () => {
  const clientId = newMarker('bucket');
  const terms = { requestsPerSecond: 10, burst: 70 };
  expect(await countAdmitted(clientId, terms)).toBe(70);
  expect(await countAdmitted(clientId, terms)).toBe(0);
  nowMs += 2_500;
  expect(await countAdmitted(clientId, terms)).toBe(25);
  nowMs += 3_600_000;
  expect(await countAdmitted(clientId, terms)).toBe(70);
});

test('200 requests at once with two plans, of which one has just replaced the other: no more than the larger allows', async () => {
  const clientId = newMarker('plans');
  const [before, after] = [
    { requestsPerSecond: 10, burst: 40 },
    { requestsPerSecond: 50, burst: 90 },
  ];
  const decisions = await Promise.all([askAtOnce(clientId, before), askAtOnce(clientId, after)]);
  expect(decisions.flat().filter(({ admitted }) => admitted)).toHaveLength(90);
});

describe('GET /v1/usage', () => {
  const plan = { name: 'standard', requestsPerSecond: 10, burst: 20, requestsPerDay: 50 };

  /** What the function answers to a client whose plan the authorizer hands over. */
  const readUsage = async (clientId: string): Promise<Record<string, unknown>> => {
    const { Functions } = await new LambdaClient({ ...stack.access }).send(new ListFunctionsCommand({ MaxItems: 50 }));
    const name = Functions?.find(({ FunctionName }) => FunctionName?.includes('ReadUsage'))?.FunctionName ?? '';
    const authorizer = { clientId, plan: JSON.stringify(plan) };
    const event = {
      httpMethod: 'GET',
      resource: '/v1/usage',
      path: '/v1/usage',
      headers: {},
      requestContext: { requestId: 'request-1', authorizer },
    };
    const answer = (await invoke(stack.access, name, event)) as { statusCode: number; body: string };
    expect(answer.statusCode).toBe(200);
    return JSON.parse(answer.body);
  };

  test('tells what the fleet has counted, and counts nothing', async () => {
    const clientId = newMarker('usage');
    nowMs = Date.now();
    expect(await countAdmitted(clientId, plan)).toBe(20);
    const before = await rowOf(clientId);
    const usage = await readUsage(clientId);
    // Over midnight, both days are right.
    const day = new Date(nowMs).toISOString().slice(0, 10);
    expect(usage).toMatchObject({
      plan: 'standard',
      rate: { requestsPerSecond: 10, limit: 20 },
      ...((usage.day as { window: string }).window === day && { day: { used: 20, limit: 50, remaining: 30 } }),
    });
    expect(await rowOf(clientId)).toEqual(before);
    expect(await readUsage(newMarker('nobody'))).toMatchObject({ rate: { remaining: 20 }, day: { used: 0 } });
  });

  test('needs a client key', async () => {
    const { api } = await stack.newClient('limits');
    const answer = await api.request('GET', '/v1/usage', undefined, { authorization: '' });
    expect(answer.status).toBe(401);
    expect(mediaTypeOf(answer)).toBe(PROBLEM_CONTENT_TYPE);
  });
});
