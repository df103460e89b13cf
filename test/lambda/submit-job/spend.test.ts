import '../doubles/environment';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { handler } from '../../../lambda/submit-job/handler';
import type { PlanTerms } from '../../../lib/contract/client-plan';
import { Cloud } from '../doubles/cloud';
import { captureOutput } from '../doubles/console-capture';
import { JOBS_TABLE, LEDGER_TABLE } from '../doubles/environment';
import { CLIENT_ID, context, PLAN, submission, submitEvent, WORST_CASE } from '../doubles/events';
import { LIMIT_STEPS } from '../doubles/limit-steps';

let cloud: Cloud;
let output: ReturnType<typeof captureOutput>;
beforeEach(() => {
  cloud = new Cloud();
  output = captureOutput();
});
afterEach(() => output.release());

const submit = async (event: APIGatewayProxyEvent) => {
  const response = await handler(event as never, context());
  return { ...response, body: JSON.parse(response.body) };
};

const withKey = (key: string) => submitEvent(submission(), { headers: { 'idempotency-key': key } });

const problemOf = async (event: APIGatewayProxyEvent) => {
  const { statusCode, headers, body } = await submit(event);
  return { statusCode, slug: body.type.split(':').at(-1), retryAfter: headers?.['retry-after'], detail: body.detail };
};
const planned = (terms: Partial<PlanTerms>) => submitEvent(submission(), { plan: { ...PLAN, ...terms } });

test.each([
  ['the day', { spendPerDay: 3 * WORST_CASE }],
  ['the month', { spendPerMonth: 3 * WORST_CASE }],
])('a client’s cap of %s fits three jobs to the micro-dollar, and no fourth', async (_, terms) => {
  for (let job = 0; job < 3; job += 1) expect((await submit(planned(terms))).statusCode).toBe(202);
  const refused = await problemOf(planned(terms));
  expect(refused).toMatchObject({ statusCode: 429, slug: 'spend-cap-reached' });
  expect(Number(refused.retryAfter)).toBeGreaterThan(0);
  expect(refused.detail).toContain('spending cap of this client');
  expect(cloud.dynamodb.rowCount(JOBS_TABLE)).toBe(3);
  expect(cloud.committedBy(CLIENT_ID)).toBe(3 * WORST_CASE);
});

test('one micro-dollar less fits two', async () => {
  const terms = { spendPerDay: 3 * WORST_CASE - 1 };
  const statuses = [];
  for (let job = 0; job < 3; job += 1) statuses.push((await submit(planned(terms))).statusCode);
  expect(statuses).toEqual([202, 202, 429]);
});

test('fifty requests at once against a global cap that fits seven: seven', async () => {
  cloud.setCaps({ globalDay: 7 * WORST_CASE });
  const answers = await Promise.all(Array.from({ length: 50 }, () => submit(submitEvent())));
  const accepted = answers.filter(({ statusCode }) => statusCode === 202);
  expect(accepted).toHaveLength(7);
  const others = answers.filter(({ statusCode }) => statusCode !== 202);
  expect(new Set(others.map(({ body }) => body.type))).toEqual(new Set(['urn:bulwark:problem:spend-cap-reached']));
  expect(cloud.dynamodb.rowCount(JOBS_TABLE)).toBe(7);
  expect(others[0]?.body.detail).toContain('cap of the service');
  expect(others[0]?.body.detail).not.toMatch(/micro|USD/);
});

test('a replay is answered although nothing is left', async () => {
  cloud.setCaps({ globalDay: WORST_CASE });
  expect((await submit(withKey('order-1'))).statusCode).toBe(202);
  expect((await submit(withKey('order-2'))).statusCode).toBe(429);
  const { statusCode, headers } = await submit(withKey('order-1'));
  expect({ statusCode, replayed: headers?.['idempotency-replayed'] }).toEqual({ statusCode: 202, replayed: 'true' });
});

test.each([
  ['a cut-off', () => cloud.setCaps({}, { reason: 'test', at: 0, by: 'me' }), 'cut-off'],
  ['a ledger without settings', () => cloud.dynamodb.delete(LEDGER_TABLE, 'settings'), 'ledger-unavailable'],
  [
    'a ledger that is down',
    () => {
      cloud.dynamodb.beforeTransaction = () => {
        throw new Error('down');
      };
    },
    'ledger-unavailable',
  ],
])('%s refuses, and writes no job', async (_, prepare, slug) => {
  prepare();
  expect(await problemOf(submitEvent())).toMatchObject({ statusCode: 503, slug, retryAfter: '60' });
  expect(cloud.dynamodb.rowCount(JOBS_TABLE)).toBe(0);
});

test.each([
  ['a job above what one may cost', planned({ spendPerJob: WORST_CASE - 1 }), 400, 'job-too-expensive'],
  ['a model outside the plan', planned({ models: ['claude-haiku-4-5'] }), 403, 'model-not-allowed'],
  ['a model without a price', submitEvent({ ...submission(), model: 'gpt-none' }), 400, 'model-not-offered'],
  ['a model of no price yet', submitEvent({ ...submission(), model: 'later' }), 503, 'price-unknown'],
])('%s is refused before anything is done', async (_, event, status, slug) => {
  expect(await problemOf(event)).toMatchObject({ statusCode: status, slug });
  expect(cloud.steps).toEqual(LIMIT_STEPS);
});

test('a job of exactly what one may cost is accepted', async () => {
  expect((await submit(planned({ spendPerJob: WORST_CASE }))).statusCode).toBe(202);
});
