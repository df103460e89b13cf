import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { ClientPlan, type ClientPlanProps, GuardedApi, type GuardedApiProps, StandardFunction } from '../../../lib';

const code = lambda.Code.fromInline('exports.handler = async () => ({ statusCode: 204 });');

const plan = (name: string, props: Partial<ClientPlanProps> = {}) =>
  new ClientPlan({ name, requestsPerSecond: 5, burst: 6, ...props });

function make(props: Partial<GuardedApiProps> = {}) {
  const stack = new Stack(new App(), 'shop', { env: { account: '111122223333', region: 'eu-west-1' } });
  const handler = new StandardFunction(stack, 'Handler', { code });
  const api = new GuardedApi(stack, 'Api', {
    authorizer: new StandardFunction(stack, 'Authorize', { code }),
    ...props,
  });
  api.addRoute({ method: lambda.HttpMethod.POST, path: '/orders', handler });
  const template = Template.fromStack(stack);
  return { stack, api, template, usagePlans: template.findResources('AWS::ApiGateway::UsagePlan') };
}

/** The usage plan whose description begins so. */
function usagePlan({ usagePlans }: ReturnType<typeof make>, beginning: string) {
  const found = Object.values(usagePlans).filter(({ Properties }) => Properties.Description.startsWith(beginning));
  expect(found).toHaveLength(1);
  return found[0]?.Properties;
}

test('without plans there is the standard one: ten requests a second, twenty at once, no quota', () => {
  const made = make();

  expect(Object.keys(made.usagePlans)).toHaveLength(2);
  const [stage] = Object.keys(made.template.findResources('AWS::ApiGateway::Stage'));
  const fence = usagePlan(made, 'Clients of plan standard, each');
  expect(fence).toMatchObject({ Throttle: { RateLimit: 10, BurstLimit: 20 }, ApiStages: [{ Stage: { Ref: stage } }] });
  expect(fence).not.toHaveProperty('Quota');
});

test('the usage plan of the standard plan is where it was before there were others, whatever their order', () => {
  for (const plans of [undefined, [ClientPlan.standard(), plan('trial')], [plan('trial'), ClientPlan.standard()]]) {
    const { usagePlans } = make({ plans });
    expect(usagePlans.ApiClients4A2A29C4?.Properties.Description).toMatch(/^Clients of plan standard, each/);
  }
});

test('each plan has a fence of its own rate and burst', () => {
  const made = make({ plans: [ClientPlan.standard(), plan('trial', { requestsPerSecond: 1, burst: 2 })] });

  expect(Object.keys(made.usagePlans)).toHaveLength(4);
  expect(usagePlan(made, 'Clients of plan trial, each').Throttle).toEqual({ RateLimit: 1, BurstLimit: 2 });
});

test.each([
  [{}, undefined],
  // The exact quota counts submissions; the gateway's, every poll and read as well.
  [{ requestsPerDay: 2_147_483_647 }, { Limit: 2_147_483_647, Period: 'DAY' }],
  [{ requestsPerDay: 7 }, { Limit: 700, Period: 'DAY' }],
  [{ requestsPerMonth: 70 }, { Limit: 7_000, Period: 'MONTH' }],
  [
    { requestsPerDay: 7, requestsPerMonth: 70 },
    { Limit: 700, Period: 'DAY' },
  ],
])('a plan of %j has the quota %j at the gateway', (props, quota) => {
  const made = make({ plans: [ClientPlan.standard(), plan('trial', props)] });

  expect(usagePlan(made, 'Clients of plan trial, each').Quota).toEqual(quota);
});

test('clients that share a usage key are throttled together as the stage is, in a usage plan apart', () => {
  const made = make({
    plans: [ClientPlan.standard(), plan('trial', { requestsPerDay: 7 })],
    stageThrottle: { rateLimit: 300, burstLimit: 400 },
  });

  for (const name of ['standard', 'trial']) {
    const shared = usagePlan(made, `Clients of plan ${name} that share`);
    expect(shared.Throttle).toEqual({ RateLimit: 300, BurstLimit: 400 });
    expect(shared).not.toHaveProperty('Quota');
  }
  const members = Object.values(made.template.findResources('AWS::ApiGateway::UsagePlanKey'));
  const memberships = members.map(({ Properties }) => [Properties.KeyId.Ref, Properties.UsagePlanId.Ref]);
  expect(memberships.sort()).toEqual([
    [expect.stringMatching(/^ApiPlansKeystandard/), expect.stringMatching(/^ApiPlansSharedstandard/)],
    [expect.stringMatching(/^ApiPlansKeytrial/), expect.stringMatching(/^ApiPlansSharedtrial/)],
  ]);
});

test('a shared usage key has neither name nor value in the template', () => {
  const { template } = make();

  template.hasResourceProperties('AWS::ApiGateway::ApiKey', {
    Enabled: true,
    Name: Match.absent(),
    Value: Match.absent(),
  });
});

test('usage plans and their keys are changed one after the other, as API Gateway refuses it at the same moment', () => {
  const { template, usagePlans } = make({ plans: [ClientPlan.standard(), plan('a'), plan('b')] });
  const members = template.findResources('AWS::ApiGateway::UsagePlanKey');
  const all = { ...usagePlans, ...members };
  const before = new Map(
    Object.entries(all).map(([id, { DependsOn = [] }]) => [id, DependsOn.filter((other: string) => other in all)]),
  );

  const firsts = [...before].filter(([, others]) => others.length === 0).map(([id]) => id);
  expect(firsts).toEqual(['ApiClients4A2A29C4']);
  // Each stands behind one other, and no two behind the same: a chain.
  const behind = [...before.values()].flat();
  expect(behind).toHaveLength(8);
  expect(new Set(behind).size).toBe(8);
});

test('answers usage plan and shared key of a plan, and none of another', () => {
  const { api } = make({ plans: [ClientPlan.standard(), plan('trial')] });

  expect(api.usagePlan).toBe(api.usagePlanOf('standard'));
  expect(api.usagePlanOf('trial')).not.toBe(api.usagePlan);
  expect(api.sharedKeyOf('trial')).not.toBe(api.sharedKeyOf('standard'));
  expect(() => api.usagePlanOf('gold')).toThrow('There is no plan gold; there are: standard, trial.');
  expect(() => api.sharedKeyOf('gold')).toThrow('There is no plan gold; there are: standard, trial.');
});

const many = (count: number) => [
  ClientPlan.standard(),
  ...Array.from({ length: count - 1 }, (_, n) => plan(`plan-${n}`)),
];
/** Plans whose JSON has that many bytes. */
const long = (bytes: number) => {
  const models = Array.from({ length: 28 }, (_, n) => `${n}`.padEnd(100, 'm'));
  const without = ClientPlan.toJson([ClientPlan.standard(), plan('a', { models })]).length;
  return [ClientPlan.standard(), plan('a', { models: [...models, 'm'.repeat(bytes - without - ',""'.length)] })];
};

test('takes ten plans, and three kilobytes of them', () => {
  expect(() => make({ plans: many(10) })).not.toThrow();
  expect(() => make({ plans: long(3_072) })).not.toThrow();
});

test.each<[string, ClientPlan[], string]>([
  ['no plan', [], '`plans` must have one that is named standard, got: none'],
  ['no standard one', [plan('a'), plan('b')], '`plans` must have one that is named standard, got: a, b'],
  [
    'two of one name',
    [ClientPlan.standard(), plan('a'), plan('a')],
    '`plans` must have different names, got: standard, a, a',
  ],
  ['eleven', many(11), '`plans` must be at most 10, got: 11'],
  ['too long ones', long(3_073), '`plans` must be at most 3072 bytes as JSON, got: 3073'],
])('refuses %s', (_, plans, problem) => {
  expect(() => make({ plans })).toThrow(new Error(`shop/Api: ${problem}`));
});
