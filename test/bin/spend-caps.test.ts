import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ENVIRONMENT_NAMES, ENVIRONMENTS, readEnvironment } from '../../bin/environments';
import { composeService } from '../../bin/service';
import { type SpendCaps, spendCapProblems, spendSettingsOf } from '../../bin/spend-caps';

const { context } = JSON.parse(readFileSync(join(__dirname, '../../cdk.json'), 'utf8'));
const alarmTopicArn = 'arn:aws:sns:ap-northeast-2:777788889999:on-call';
const GOOD: SpendCaps = { dailyCapUsd: 10, monthlyCapUsd: 100, awsBudgetUsd: 50 };
const RULE = 'must be more than 0 and at most 10000000 US dollars, with at most 6 decimals';

/** The template of one service, with what differs in its environment. */
function serviceWith(given: Record<string, string>, changes: Partial<SpendCaps> = {}): Template {
  const values: Record<string, string> = { env: 'prod', ...given };
  const prod = { ...ENVIRONMENTS.prod, ...changes };
  const environment = readEnvironment((key) => values[key], { ...ENVIRONMENTS, prod });
  return Template.fromStack(composeService(new App({ context }), environment).service);
}

test.each(ENVIRONMENT_NAMES)('the caps of %s are allowed', (name) => {
  expect(spendCapProblems(ENVIRONMENTS[name])).toEqual([]);
});

test.each<Partial<SpendCaps>>([
  { dailyCapUsd: 0.000001 },
  { dailyCapUsd: 100 },
  { dailyCapUsd: 12.345678 },
  { monthlyCapUsd: 10_000_000 },
  { monthlyCapUsd: 10 },
  { awsBudgetUsd: 0.01 },
  { awsBudgetUsd: 1_000.01 },
  { awsBudgetUsd: 10_000_000 },
])('%j is allowed', (change) => {
  expect(spendCapProblems({ ...GOOD, ...change })).toEqual([]);
  expect(() => spendSettingsOf({ ...GOOD, ...change })).not.toThrow();
});

test.each<[Partial<SpendCaps>, string]>([
  [{ dailyCapUsd: 0 }, `\`dailyCapUsd\` ${RULE}, got: 0`],
  [{ dailyCapUsd: -1 }, `\`dailyCapUsd\` ${RULE}, got: -1`],
  [{ dailyCapUsd: Number.NaN }, `\`dailyCapUsd\` ${RULE}, got: NaN`],
  [{ dailyCapUsd: Number.POSITIVE_INFINITY }, `\`dailyCapUsd\` ${RULE}, got: Infinity`],
  [{ dailyCapUsd: 0.0000001 }, `\`dailyCapUsd\` ${RULE}, got: 1e-7`],
  [{ dailyCapUsd: 1.2345678 }, `\`dailyCapUsd\` ${RULE}, got: 1.2345678`],
  [{ monthlyCapUsd: 10_000_001 }, `\`monthlyCapUsd\` ${RULE}, got: 10000001`],
  [{ monthlyCapUsd: 0 }, `\`monthlyCapUsd\` ${RULE}, got: 0`],
  [{ dailyCapUsd: 100.000001 }, '`dailyCapUsd` must be at most `monthlyCapUsd`, 100, got: 100.000001'],
  [{ awsBudgetUsd: 0 }, '`awsBudgetUsd` must be more than 0 US dollars, in whole cents, got: 0'],
  [{ awsBudgetUsd: 0.001 }, '`awsBudgetUsd` must be more than 0 US dollars, in whole cents, got: 0.001'],
  [{ awsBudgetUsd: Number.NaN }, '`awsBudgetUsd` must be more than 0 US dollars, in whole cents, got: NaN'],
])('%j is refused', (change, problem) => {
  expect(spendCapProblems({ ...GOOD, ...change })).toEqual([problem]);
});

test('an environment with bad caps names all of them at once, beside what else is wrong', () => {
  expect(() =>
    serviceWith({ region: 'Seoul' }, { dailyCapUsd: 0, monthlyCapUsd: 1.2345678, awsBudgetUsd: -5 }),
  ).toThrow(
    `environment prod: \`region\` must be like \`eu-west-1\`, got: Seoul; \`dailyCapUsd\` ${RULE}, got: 0; \`monthlyCapUsd\` ${RULE}, got: 1.2345678; \`awsBudgetUsd\` must be more than 0 US dollars, in whole cents, got: -5`,
  );
});

test('a budget with a topic makes a fuse that shuts out what lets work in, and nothing else', () => {
  const service = serviceWith({ alarmTopicArn });
  const [submitRole] = Object.keys(service.findResources('AWS::IAM::Role')).filter((id) =>
    id.startsWith('SubmitJobRole'),
  );

  service.hasResourceProperties('AWS::Budgets::Budget', {
    Budget: {
      BudgetLimit: { Amount: 1_000, Unit: 'USD' },
      CostFilters: { TagKeyValue: ['user:bulwark:environment$prod'] },
    },
  });
  const actions = Object.values(service.findResources('AWS::Budgets::BudgetsAction'));
  expect(actions.map(({ Properties }) => Properties.Definition.IamActionDefinition.Roles)).toEqual([
    [{ Ref: submitRole }],
  ]);
  expect(actions.map(({ Properties }) => Properties.Subscribers)).toEqual([[{ Type: 'SNS', Address: alarmTopicArn }]]);
});

test.each([
  ['a budget without a topic', {}, {}],
  ['a topic without a budget', { alarmTopicArn }, { awsBudgetUsd: undefined }],
])('%s makes no fuse', (_, given, changes) => {
  serviceWith(given, changes as Partial<SpendCaps>).resourceCountIs('AWS::Budgets::Budget', 0);
});
