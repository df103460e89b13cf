import '../doubles/environment';
import { handler } from '../../../lambda/read-usage/handler';
import { MemoryRateLimitStore } from '../../../lambda/runtime/rate-limit/memory-rate-limit-store';
import { RateLimiter } from '../../../lambda/runtime/rate-limit/rate-limiter';
import { Cloud } from '../doubles/cloud';
import { captureOutput } from '../doubles/console-capture';
import { LIMITS_TABLE } from '../doubles/environment';
import { apiEvent, CLIENT_ID, context } from '../doubles/events';

const PLAN = { name: 'standard', requestsPerSecond: 10, burst: 20, requestsPerMonth: 100 };

let cloud: Cloud;
let output: ReturnType<typeof captureOutput>;
beforeEach(() => {
  cloud = new Cloud();
  output = captureOutput();
});
afterEach(() => output.release());

const read = async (authorizer: Record<string, unknown> = { clientId: CLIENT_ID, plan: JSON.stringify(PLAN) }) => {
  const event = apiEvent({ resource: '/v1/usage', requestContext: { requestId: 'request-1', authorizer } as never });
  const response = await handler(event as never, context());
  return { ...response, body: JSON.parse(response.body) };
};

test('a client that never came has everything left', async () => {
  const { statusCode, headers, body } = await read();
  expect(statusCode).toBe(200);
  expect(headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
  expect(body).toMatchObject({
    plan: 'standard',
    rate: { requestsPerSecond: 10, limit: 20, remaining: 20, resetSeconds: 0 },
    day: { used: 0 },
    month: { used: 0, limit: 100, remaining: 100 },
  });
  expect(body.spend).toEqual({
    day: { window: expect.stringMatching(/^\d{4}-\d\d-\d\d$/), committed: 0, resetSeconds: expect.any(Number) },
    month: { window: expect.stringMatching(/^\d{4}-\d\d$/), committed: 0, resetSeconds: expect.any(Number) },
  });
  expect(cloud.steps).toEqual(['GetItem', 'GetItem']);
});

test('a client reads its own row, and no other’s', async () => {
  const store = new MemoryRateLimitStore();
  const limiter = new RateLimiter({ store });
  await limiter.admit(CLIENT_ID, PLAN, 5);
  cloud.dynamodb.put(LIMITS_TABLE, { ...(await store.read(CLIENT_ID)) });
  expect((await read()).body).toMatchObject({ month: { used: 5, remaining: 95 } });
  const other = await read({ clientId: 'other', plan: JSON.stringify(PLAN) });
  expect(other.body).toMatchObject({ month: { used: 0 } });
});

test.each([
  [401, 'no client', { plan: JSON.stringify(PLAN) }],
  [503, 'no plan', { clientId: CLIENT_ID }],
])('%i where there is %s', async (status, _, authorizer) => {
  const { statusCode, body } = await read(authorizer);
  expect(statusCode).toBe(status);
  expect(body).toMatchObject({ status, instance: 'urn:bulwark:request:request-1' });
  expect(cloud.steps).toEqual([]);
});

test('503 where the table does not answer', async () => {
  cloud.dynamodb.beforeRead = () => {
    throw new Error('the table is away');
  };
  const { statusCode, body } = await read();
  expect(statusCode).toBe(503);
  expect(JSON.stringify(body)).not.toContain('away');
  expect(output.text()).toContain('the table is away');
});
