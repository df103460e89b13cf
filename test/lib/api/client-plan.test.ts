import fc from 'fast-check';
import { ClientPlan, type ClientPlanProps } from '../../../lib';
import { ConstructConfigError } from '../../../lib/config-error';
import { PlanLimit, parsePlans, parsePlanTerms } from '../../../lib/contract/client-plan';

const LEAST: ClientPlanProps = { name: 'trial', requestsPerSecond: 1, burst: 1 };
const make = (props: Partial<ClientPlanProps> = {}) => new ClientPlan({ ...LEAST, ...props });
/** The terms as a handler reads them. */
const termsOf = (plan: ClientPlan) => JSON.parse(ClientPlan.toJson([plan]))[plan.name];

test('becomes terms in plain numbers, money in micro-USD', () => {
  const plan = make({
    requestsPerSecond: 5,
    burst: 10,
    requestsPerDay: 1_000,
    requestsPerMonth: 20_000,
    spendPerJob: '0.1',
    spendPerDay: '2.5',
    spendPerMonth: '40',
    models: ['claude-haiku-4-5', 'anthropic/claude:1@2'],
  });

  expect(plan.name).toBe('trial');
  expect(termsOf(plan)).toEqual({
    name: 'trial',
    requestsPerSecond: 5,
    burst: 10,
    requestsPerDay: 1_000,
    requestsPerMonth: 20_000,
    spendPerJob: 100_000,
    spendPerDay: 2_500_000,
    spendPerMonth: 40_000_000,
    models: ['claude-haiku-4-5', 'anthropic/claude:1@2'],
  });
});

test('leaves out what was not given', () => {
  expect(termsOf(make())).toEqual(LEAST);
});

test('the standard one has ten requests a second, twenty at once, and no other bound', () => {
  expect(termsOf(ClientPlan.standard())).toEqual({ name: 'standard', requestsPerSecond: 10, burst: 20 });
});

test('dollars become micro-USD exactly, whatever a binary fraction makes of them', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: PlanLimit.MAX_SPEND }), (microUsd) => {
      const digits = String(microUsd).padStart(7, '0');
      const [whole, fraction] = [digits.slice(0, -6), digits.slice(-6).replace(/0+$/, '')];
      const plan = make({ spendPerDay: fraction ? `${whole}.${fraction}` : whole });
      expect(termsOf(plan).spendPerDay).toBe(microUsd);
    }),
  );
});

test.each<[Partial<ClientPlanProps>]>([
  [{ name: 'a' }],
  [{ name: 'a23456789-123456789-12345' }],
  [{ requestsPerSecond: 10_000, burst: 5_000 }],
  [{ requestsPerDay: 1, requestsPerMonth: 1 }],
  [{ requestsPerDay: 2_147_483_647 }],
  [{ requestsPerMonth: 2_147_483_647 }],
  [{ spendPerJob: '0.000001' }],
  [{ spendPerMonth: '1000000000' }],
  [{ spendPerJob: '1', spendPerDay: '1.000000', spendPerMonth: '1.0' }],
  [{ models: ['m'] }],
  [{ models: Array.from({ length: 50 }, (_, n) => `model-${n}`) }],
])('accepts %j', (props) => {
  expect(() => make({ ...props, ...(props.name && { name: props.name.slice(0, 24) }) })).not.toThrow();
});

const INTEGER = 'must be an integer between 1 and';
const DOLLARS = "must be dollars in a string, such as '2.50', got:";

test.each<[Partial<ClientPlanProps>, string]>([
  [{ name: '' }, '`name` must match /^[a-z][a-z0-9-]{0,23}$/, got: '],
  [{ name: 'Trial' }, '`name` must match /^[a-z][a-z0-9-]{0,23}$/, got: Trial'],
  [{ name: 'a'.repeat(25) }, `\`name\` must match /^[a-z][a-z0-9-]{0,23}$/, got: ${'a'.repeat(25)}`],
  [{ requestsPerSecond: 0 }, `\`requestsPerSecond\` ${INTEGER} 10000, got: 0`],
  [{ requestsPerSecond: 10_001 }, `\`requestsPerSecond\` ${INTEGER} 10000, got: 10001`],
  [{ requestsPerSecond: 0.5 }, `\`requestsPerSecond\` ${INTEGER} 10000, got: 0.5`],
  [{ burst: 0 }, `\`burst\` ${INTEGER} 5000, got: 0`],
  [{ burst: 5_001 }, `\`burst\` ${INTEGER} 5000, got: 5001`],
  [{ requestsPerDay: 0 }, `\`requestsPerDay\` ${INTEGER} 2147483647, got: 0`],
  [{ requestsPerMonth: 2_147_483_648 }, `\`requestsPerMonth\` ${INTEGER} 2147483647, got: 2147483648`],
  [{ requestsPerDay: 2, requestsPerMonth: 1 }, '`requestsPerMonth` must be at least `requestsPerDay`, got: 1'],
  [{ spendPerDay: '2', spendPerMonth: '1.99' }, '`spendPerMonth` must be at least `spendPerDay`, got: 1.99'],
  [{ spendPerJob: '2', spendPerDay: '1' }, '`spendPerDay` must be at least `spendPerJob`, got: 1'],
  [{ spendPerJob: '2', spendPerMonth: '1' }, '`spendPerMonth` must be at least `spendPerJob`, got: 1'],
  [{ spendPerDay: '0' }, `\`spendPerDay\` ${DOLLARS} 0`],
  [{ spendPerDay: '0.0000001' }, `\`spendPerDay\` ${DOLLARS} 0.0000001`],
  [{ spendPerDay: '1000000000.000001' }, `\`spendPerDay\` ${DOLLARS} 1000000000.000001`],
  [{ spendPerJob: '-1' }, `\`spendPerJob\` ${DOLLARS} -1`],
  [{ spendPerJob: '1e3' }, `\`spendPerJob\` ${DOLLARS} 1e3`],
  [{ spendPerMonth: '$5' }, `\`spendPerMonth\` ${DOLLARS} $5`],
  [{ spendPerMonth: '1,5' }, `\`spendPerMonth\` ${DOLLARS} 1,5`],
  [{ spendPerMonth: '' }, `\`spendPerMonth\` ${DOLLARS} `],
  [{ models: [] }, '`models` must be 1 to 50 different ids of models, got: '],
  [{ models: ['a', 'a'] }, '`models` must be 1 to 50 different ids of models, got: a,a'],
  [{ models: ['a b'] }, '`models` must be 1 to 50 different ids of models, got: a b'],
])('refuses %j', (props, problem) => {
  expect(() => make(props)).toThrow(new ConstructConfigError(`ClientPlan ${props.name ?? 'trial'}`, [problem]));
});

test('names every bad prop at once', () => {
  expect(() => make({ name: 'A', requestsPerSecond: 0, burst: 0, spendPerDay: 'x', models: [] })).toThrow(
    new Error(
      'ClientPlan A: ' +
        [
          `\`spendPerDay\` ${DOLLARS} x`,
          '`name` must match /^[a-z][a-z0-9-]{0,23}$/, got: A',
          `\`requestsPerSecond\` ${INTEGER} 10000, got: 0`,
          `\`burst\` ${INTEGER} 5000, got: 0`,
          '`models` must be 1 to 50 different ids of models, got: ',
        ].join('; '),
    ),
  );
});

test('what it becomes is what the handlers accept', () => {
  const money = fc.option(
    fc.integer({ min: 1, max: 1_000_000 }).map((cents) => (cents / 100).toFixed(2)),
    { nil: undefined },
  );
  const count = fc.option(fc.integer({ min: 1, max: 1_000_000 }), { nil: undefined });
  const props = fc.record({
    name: fc.stringMatching(/^[a-z][a-z0-9-]{0,23}$/),
    requestsPerSecond: fc.integer({ min: 1, max: 10_000 }),
    burst: fc.integer({ min: 1, max: 5_000 }),
    requestsPerDay: count,
    spendPerJob: money,
    models: fc.option(
      fc.uniqueArray(fc.stringMatching(/^[a-z0-9][a-z0-9.-]{0,20}$/), { minLength: 1, maxLength: 50 }),
      { nil: undefined },
    ),
  });
  fc.assert(
    fc.property(props, (given) => {
      const plan = new ClientPlan(given as ClientPlanProps);
      const terms = termsOf(plan);
      expect(parsePlanTerms(JSON.stringify(terms))).toEqual(terms);
      expect(parsePlans(ClientPlan.toJson([ClientPlan.standard(), plan]))).toHaveProperty([plan.name], terms);
    }),
  );
});
