import { authorizedPlan } from '../../../../lambda/runtime/clients/authorized-plan';
import { ProblemError } from '../../../../lambda/runtime/problems/errors';
import type { PlanTerms } from '../../../../lib/contract/client-plan';
import { Problem } from '../../../../lib/contract/problems';

const PLAN: PlanTerms = { name: 'standard', requestsPerSecond: 10, burst: 20 };
const FULL: PlanTerms = {
  ...PLAN,
  requestsPerDay: 1_000,
  requestsPerMonth: 20_000,
  spendPerDay: 5_000_000,
  spendPerMonth: 50_000_000,
  spendPerJob: 0,
  models: ['claude-sonnet-4-5'],
};

const eventOf = (authorizer: unknown) => ({ requestContext: { authorizer } }) as never;

test.each([PLAN, FULL])('reads the plan that the authorizer hands over: %j', (plan) => {
  expect(authorizedPlan(eventOf({ plan: JSON.stringify(plan) }))).toEqual(plan);
});

test.each<[string, unknown]>([
  ['no authorizer', undefined],
  ['no plan', {}],
  ['a plan that is no text', { plan: PLAN }],
  ['an empty text', { plan: '' }],
  ['half a document', { plan: '{"name":' }],
  ...['null', '[]', '"standard"', '5', '{}'].map((plan): [string, unknown] => [`the document ${plan}`, { plan }]),
  ...[
    { name: undefined },
    { name: 5 },
    { requestsPerSecond: 0 },
    { requestsPerSecond: '10' },
    { burst: 0 },
    { burst: null },
    { requestsPerDay: -1 },
    { requestsPerMonth: 'many' },
    { spendPerDay: -1 },
    { spendPerMonth: 0.5 },
    { spendPerJob: '5' },
    { models: 'all' },
    { models: [5] },
  ].map((wrong): [string, unknown] => [
    `a plan with ${JSON.stringify(wrong)}`,
    { plan: JSON.stringify({ ...PLAN, ...wrong }) },
  ]),
])('%s is a 503: nobody goes on without limits', (_, authorizer) => {
  const problem = new ProblemError(Problem.UNAVAILABLE);
  expect(() => authorizedPlan(eventOf(authorizer))).toThrow(problem);
  try {
    authorizedPlan(eventOf(authorizer));
  } catch (error) {
    expect(error).toBeInstanceOf(ProblemError);
    expect(error).toMatchObject({ kind: Problem.UNAVAILABLE, detail: undefined });
  }
});
