import '../doubles/environment';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { handler } from '../../../lambda/submit-job/handler';
import type { PlanTerms } from '../../../lib/contract/client-plan';
import { Cloud } from '../doubles/cloud';
import { captureOutput } from '../doubles/console-capture';
import { JOBS_TABLE, LIMITS_TABLE } from '../doubles/environment';
import { context, submission, submitEvent } from '../doubles/events';
import { stopClock } from '../doubles/shifted-clock';

const PLAN: PlanTerms = { name: 'small', requestsPerSecond: 1, burst: 30 };

let cloud: Cloud;
let output: ReturnType<typeof captureOutput>;
/** Stands still, so that no token comes back during a test. */
let clock: ReturnType<typeof stopClock>;
let clients = 0;
let clientId: string;
beforeEach(() => {
  cloud = new Cloud();
  output = captureOutput();
  clients += 1;
  clientId = `client-${clients}`;
  clock = stopClock();
});
afterEach(() => {
  clock.release();
  output.release();
});

const eventOf = (authorizer: Record<string, unknown>, headers: Record<string, string> = {}): APIGatewayProxyEvent =>
  submitEvent(submission(), { headers, requestContext: { requestId: 'request-1', authorizer } as never });

const submit = async (plan: PlanTerms = PLAN, headers?: Record<string, string>) => {
  const response = await handler(eventOf({ clientId, plan: JSON.stringify(plan) }, headers) as never, context());
  return { ...response, body: JSON.parse(response.body) };
};

const jobsWritten = (): number => cloud.dynamodb.rowCount(JOBS_TABLE);

test('an accepted job tells of the limits, and still when to look at it', async () => {
  const { statusCode, headers } = await submit({ ...PLAN, requestsPerDay: 100 });
  expect(statusCode).toBe(202);
  expect(headers).toMatchObject({
    'ratelimit-policy': '"rate";q=30;w=30, "day";q=100;w=86400',
    ratelimit: expect.stringMatching(/^"rate";r=29;t=\d+, "day";r=99;t=\d+$/),
    'retry-after': '1',
  });
});

test('200 at once: exactly the burst becomes jobs, and no other makes a data key', async () => {
  const answers = await Promise.all(Array.from({ length: 200 }, () => submit()));
  const refused = answers.filter(({ statusCode }) => statusCode === 429);
  expect(answers.filter(({ statusCode }) => statusCode === 202)).toHaveLength(30);
  expect(refused).toHaveLength(170);
  expect(jobsWritten()).toBe(30);
  expect(cloud.steps.filter((step) => step === 'GenerateDataKey')).toHaveLength(30);
  expect(refused[0]).toMatchObject({
    headers: { 'retry-after': '1', 'x-correlation-id': 'request-1' },
    body: { type: 'urn:bulwark:problem:rate-limited', 'violated-policies': ['rate'] },
  });
}, 60_000);

test('the quota of the day is the end of it', async () => {
  const plan = { ...PLAN, requestsPerDay: 3 };
  const statuses = [];
  for (let request = 0; request < 5; request += 1) statuses.push((await submit(plan)).statusCode);
  expect(statuses).toEqual([202, 202, 202, 429, 429]);
  expect((await submit(plan)).body).toMatchObject({ type: 'urn:bulwark:problem:quota-exceeded' });
  expect(cloud.dynamodb.row(LIMITS_TABLE, clientId)).toMatchObject({ dayCount: 3, monthCount: 3 });
});

test('a repeated Idempotency-Key is one job, and two requests', async () => {
  const headers = { 'idempotency-key': 'order-1' };
  await submit(PLAN, headers);
  expect((await submit(PLAN, headers)).headers).toMatchObject({ ratelimit: expect.stringContaining('"rate";r=28;') });
  expect(jobsWritten()).toBe(1);
});

test('a client without a plan is answered 503, and nothing is counted or written', async () => {
  const { statusCode } = await handler(eventOf({ clientId }) as never, context());
  expect(statusCode).toBe(503);
  expect(cloud.steps).toEqual([]);
});

test('a table that is away lets nothing through', async () => {
  cloud.dynamodb.beforeUpdate = () => {
    throw new Error('the table is away');
  };
  const { statusCode, headers, body } = await submit();
  expect(statusCode).toBe(503);
  expect(headers).toMatchObject({ 'retry-after': '1' });
  expect(JSON.stringify(body)).not.toContain('away');
  expect(output.lines()).toContainEqual(expect.objectContaining({ RateLimitUnavailable: 1 }));
  expect(jobsWritten()).toBe(0);
});
