import middy from '@middy/core';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { jsonBody, type WithJsonBody } from '../../../lambda/middleware/json-body';
import { problemDetails } from '../../../lambda/middleware/problem-details';
import { type RateLimitOptions, rateLimit, type WithLimitHeaders } from '../../../lambda/middleware/rate-limit';
import { ProblemError } from '../../../lambda/runtime/problems/errors';
import { RateLimiter } from '../../../lambda/runtime/rate-limit/rate-limiter';
import { MetricName } from '../../../lib/contract/metrics';
import { PROBLEM_CONTENT_TYPE, Problem } from '../../../lib/contract/problems';
import { context, submitEvent } from '../doubles/events';
import { NOON, WatchedStore } from '../runtime/rate-limit/limiter-world';

const TERMS = { requestsPerSecond: 1, burst: 2, requestsPerDay: 3 };

let nowMs: number;
let store: WatchedStore;
let counted: string[];
let errors: unknown[];
let work: () => Promise<APIGatewayProxyResult>;
let served: number;

beforeEach(() => {
  nowMs = NOON;
  store = new WatchedStore();
  counted = [];
  errors = [];
  served = 0;
  work = async () => ({ statusCode: 202, headers: { 'retry-after': '1', location: 'jobs/1' }, body: '{}' });
});

type Event = WithLimitHeaders & WithJsonBody;

const start = (options: Partial<RateLimitOptions<Event>> = {}) => {
  const log = { error: (...said: unknown[]) => errors.push(said) } as never;
  const count = (name: string) => void counted.push(name);
  return middy<Event, APIGatewayProxyResult>()
    .use(
      rateLimit<Event>({
        limiter: new RateLimiter({ store, now: () => nowMs }),
        clientOf: ({ requestContext }) => ({ clientId: requestContext.authorizer?.clientId, terms: TERMS }),
        log,
        count,
        ...options,
      }),
    )
    .use(problemDetails({ log, count }))
    .use(jsonBody({ maxBytes: 1_000, maxDepth: 10, maxProperties: 10, maxItems: 10, propertyNames: new Set() }))
    .handler(async () => {
      served += 1;
      return work();
    });
};

const ask = async (handler = start(), event = submitEvent({})) => handler(event as Event, context());

test('lets a request through, and adds the limits to its answer', async () => {
  await expect(ask()).resolves.toEqual({
    statusCode: 202,
    headers: {
      location: 'jobs/1',
      'retry-after': '1',
      'ratelimit-policy': '"rate";q=2;w=2, "day";q=3;w=86400',
      ratelimit: '"rate";r=1;t=1, "day";r=2;t=43200',
    },
    body: '{}',
  });
  expect(counted).toEqual([]);
});

test('answers 429 with a problem document where the client asks too often, and does not run the handler', async () => {
  const handler = start();
  await ask(handler);
  await ask(handler);
  const { statusCode, headers, body } = await ask(handler);
  expect(statusCode).toBe(429);
  expect(headers).toEqual({
    'content-type': PROBLEM_CONTENT_TYPE,
    'cache-control': 'no-store',
    'ratelimit-policy': '"rate";q=2;w=2, "day";q=3;w=86400',
    ratelimit: '"rate";r=0;t=1',
    'retry-after': '1',
  });
  expect(JSON.parse(body)).toEqual({
    ...Problem.RATE_LIMITED,
    instance: 'urn:bulwark:request:request-1',
    'violated-policies': ['rate'],
  });
  expect(served).toBe(2);
  expect(counted).toEqual([MetricName.REQUESTS_REFUSED]);
});

test('answers 429 with the end of the day where the quota is used up', async () => {
  const handler = start();
  for (let request = 0; request < 3; request += 1) {
    nowMs += 1_000;
    await ask(handler);
  }
  nowMs += 10_000;
  const { statusCode, headers, body } = await ask(handler);
  expect(statusCode).toBe(429);
  expect(headers).toMatchObject({ 'retry-after': '43187', ratelimit: '"day";r=0;t=43187' });
  expect(JSON.parse(body)).toMatchObject({ ...Problem.QUOTA_EXCEEDED, 'violated-policies': ['day'] });
});

test.each<[string, () => void, ReturnType<typeof submitEvent>, number]>([
  ['a body that does not parse', () => undefined, submitEvent('{'), 400],
  [
    'a problem of the handler',
    () => {
      work = () => Promise.reject(new ProblemError(Problem.NOT_FOUND));
    },
    submitEvent({}),
    404,
  ],
  [
    'an error of the handler',
    () => {
      work = () => Promise.reject(new Error('a bug'));
    },
    submitEvent({}),
    500,
  ],
])('the answer to %s tells of the limits, too: the request is counted', async (_, arrange, event, status) => {
  arrange();
  const { statusCode, headers } = await ask(start(), event);
  expect(statusCode).toBe(status);
  expect(headers).toMatchObject({
    'content-type': PROBLEM_CONTENT_TYPE,
    ratelimit: '"rate";r=1;t=1, "day";r=2;t=43200',
  });
  expect(headers).not.toHaveProperty('retry-after');
});

test('a store that is away lets nobody through: 503, logged and counted, and nothing internal is said', async () => {
  store.before = () => Promise.reject(new Error('the table in the secret account is away'));
  const { statusCode, headers, body } = await ask();
  expect(statusCode).toBe(503);
  expect(headers).toEqual({ 'content-type': PROBLEM_CONTENT_TYPE, 'cache-control': 'no-store', 'retry-after': '1' });
  expect(JSON.parse(body)).toEqual({ ...Problem.UNAVAILABLE, instance: 'urn:bulwark:request:request-1' });
  expect(served).toBe(0);
  expect(counted).toEqual([MetricName.RATE_LIMIT_UNAVAILABLE]);
  expect(errors).toEqual([
    ['The limits of the client are not known.', expect.objectContaining({ name: 'RateLimitStoreError' })],
  ]);
});

test('who has no client, or no plan, is answered so, and nothing is counted', async () => {
  const refuse = start({
    clientOf: () => {
      throw new ProblemError(Problem.UNAUTHENTICATED);
    },
  });
  expect((await ask(refuse)).statusCode).toBe(401);
  expect(store.calls).toBe(0);
  const broken = start({ clientOf: () => ({ clientId: 'a', terms: { ...TERMS, burst: 0 } }) });
  expect((await ask(broken)).statusCode).toBe(500);
  expect(store.calls).toBe(0);
  expect(served).toBe(0);
});

test('takes what a request costs', async () => {
  const handler = start({ clientOf: () => ({ clientId: 'a', terms: TERMS, cost: 2 }) });
  expect((await ask(handler)).headers).toMatchObject({ ratelimit: '"rate";r=0;t=1, "day";r=1;t=43200' });
  expect((await ask(handler)).statusCode).toBe(429);
});

test('a handler that answers nothing is left to fail by itself', async () => {
  work = async () => undefined as never;
  await expect(ask()).resolves.toBeUndefined();
});
