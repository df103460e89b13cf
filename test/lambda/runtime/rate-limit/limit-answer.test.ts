import type { Refused } from '../../../../lambda/runtime/rate-limit/decision';
import { limitHeaders, limitProblem, UNAVAILABLE_HEADERS } from '../../../../lambda/runtime/rate-limit/limit-answer';
import { Problem } from '../../../../lib/contract/problems';

const rate = { limit: 20, remaining: 19, resetSeconds: 1, windowSeconds: 2 };
const day = { limit: 1_000, remaining: 999, resetSeconds: 43_200, windowSeconds: 86_400 };
const month = { limit: 20_000, remaining: 0, resetSeconds: 302_400, windowSeconds: 2_592_000 };

test('an answer tells of every limit of the plan, as lists of structured fields', () => {
  expect(limitHeaders({ admitted: true, limits: { rate, day, month } })).toEqual({
    'ratelimit-policy': '"rate";q=20;w=2, "day";q=1000;w=86400, "month";q=20000;w=2592000',
    ratelimit: '"rate";r=19;t=1, "day";r=999;t=43200, "month";r=0;t=302400',
  });
  expect(limitHeaders({ admitted: true, limits: { rate, month } })).toEqual({
    'ratelimit-policy': '"rate";q=20;w=2, "month";q=20000;w=2592000',
    ratelimit: '"rate";r=19;t=1, "month";r=0;t=302400',
  });
});

const refused = (violated: Refused['violated'], retryAfterSeconds: number): Refused => ({
  admitted: false,
  limits: { rate: { ...rate, remaining: 0 }, day, month },
  violated,
  retryAfterSeconds,
});

test('a refusal tells of the limits that refuse, none of which ends after Retry-After', () => {
  expect(limitHeaders(refused(['rate', 'month'], 302_400))).toEqual({
    'ratelimit-policy': '"rate";q=20;w=2, "day";q=1000;w=86400, "month";q=20000;w=2592000',
    ratelimit: '"rate";r=0;t=1, "month";r=0;t=302400',
    'retry-after': '302400',
  });
});

test.each([
  [['rate'] as const, Problem.RATE_LIMITED],
  [['day'] as const, Problem.QUOTA_EXCEEDED],
  [['month'] as const, Problem.QUOTA_EXCEEDED],
  [['rate', 'day'] as const, Problem.QUOTA_EXCEEDED],
])('%j is the problem %j', (violated, kind) => {
  expect(limitProblem(refused(violated, 1))).toMatchObject({ kind, violatedPolicies: violated, detail: undefined });
});

test('where nothing is known, a client may come again in a second', () => {
  expect(UNAVAILABLE_HEADERS).toEqual({ 'retry-after': '1' });
});
