import fc from 'fast-check';
import { authorizedClientId, authorizedPlan } from '../../../../lambda/runtime/clients/authorized-client';
import { planTable } from '../../../../lambda/runtime/clients/plan-table';
import { EnvironmentError } from '../../../../lambda/runtime/environment/errors';
import { readEnvironment } from '../../../../lambda/runtime/environment/read-environment';
import { Problem } from '../../../../lib/contract/problems';
import { PLANS } from '../../doubles/environment';
import { apiEvent, CLIENT_ID, PLAN } from '../../doubles/events';

const eventWith = (authorizer: unknown) =>
  ({ requestContext: { authorizer } }) as unknown as Parameters<typeof authorizedPlan>[0];

test('the client and the terms of its plan are those that the authorizer named', () => {
  expect(authorizedClientId(apiEvent())).toBe(CLIENT_ID);
  expect(authorizedPlan(apiEvent())).toEqual(PLAN);
  const all = {
    ...PLAN,
    requestsPerDay: 10,
    requestsPerMonth: 20,
    spendPerDay: 3,
    spendPerMonth: 4,
    spendPerJob: 2,
    models: ['a'],
  };
  expect(authorizedPlan(apiEvent({ plan: all }))).toEqual(all);
});

test('without an authorizer there is neither', () => {
  for (const authorizer of [undefined, null, {}, { clientId: 7 }, { clientId: '' }]) {
    expect(() => authorizedClientId(eventWith(authorizer))).toThrow(
      expect.objectContaining({ kind: Problem.UNAUTHENTICATED }),
    );
    expect(() => authorizedPlan(eventWith(authorizer))).toThrow(expect.objectContaining({ kind: Problem.UNAVAILABLE }));
  }
});

test.each([
  ['no JSON', '{'],
  ['a plan in place of its text', PLAN],
  ['a list', '[]'],
  ['null', 'null'],
  ['no rate', { ...PLAN, requestsPerSecond: undefined }],
  ['a rate of 0', { ...PLAN, requestsPerSecond: 0 }],
  ['no burst', { ...PLAN, burst: undefined }],
  ['a fraction of a micro-dollar', { ...PLAN, spendPerDay: 0.5 }],
  ['a cap in a string', { ...PLAN, spendPerDay: '1' }],
  ['a cap of null', { ...PLAN, spendPerDay: null }],
  ['no models at all', { ...PLAN, models: [] }],
  ['a model that is none', { ...PLAN, models: [7] }],
  ['another name', { ...PLAN, name: 'A plan' }],
])('terms with %s are refused: without bounds nothing is done', (_, plan) => {
  const text = typeof plan === 'string' || plan === PLAN ? plan : JSON.stringify(plan);
  expect(() => authorizedPlan(eventWith({ clientId: CLIENT_ID, plan: text }))).toThrow(
    expect.objectContaining({ kind: Problem.UNAVAILABLE }),
  );
});

test('garbage is never terms', () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (plan) => {
      expect(() => authorizedPlan(eventWith({ plan }))).toThrow(expect.objectContaining({ kind: Problem.UNAVAILABLE }));
    }),
  );
});

describe('the plans of the environment', () => {
  const read = (value?: string) => readEnvironment({ plans: planTable('PLANS') }, { PLANS: value }).plans;

  test('are read by their names', () => {
    expect(read(JSON.stringify(PLANS))).toEqual(PLANS);
  });

  test.each([
    undefined,
    '',
    '{',
    '[]',
    '{}',
    JSON.stringify({ trial: PLANS.trial }),
    JSON.stringify({ ...PLANS, gold: PLANS.trial }),
    JSON.stringify({ standard: { ...PLANS.standard, burst: 0 } }),
  ])('are refused at the start where they are %j', (value) => {
    expect(() => read(value)).toThrow(
      new EnvironmentError(['`PLANS` must be plans by their names as JSON, with one that is named standard']),
    );
  });
});
