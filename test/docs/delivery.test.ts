import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listOf, type Statement, synthEnvironment } from '../lib/stacks/synth-environment';

const text = readFileSync(join(__dirname, '../../docs/delivery.md'), 'utf8');
const [, policyText = ''] = /^```json\n(.*?)^```$/ms.exec(text) ?? [];
const statements: Statement[] = JSON.parse(policyText).Statement;

test('the policy for CloudFormation covers the service of every resource', () => {
  const alarmTopicArn = 'arn:aws:sns:ap-northeast-2:777788889999:on-call';
  const { data, service } = synthEnvironment('prod', { alarmTopicArn });
  const types = [data, service].flatMap((template) =>
    Object.values<{ Type: string }>(template.toJSON().Resources).map(({ Type }) => Type),
  );
  const needed = types
    .filter((type) => type !== 'AWS::CDK::Metadata' && !type.startsWith('AWS::IAM::'))
    .map((type) => type.split('::')[1]?.toLowerCase() ?? type);

  const allowed = statements.flatMap(({ Action }) => listOf(Action));

  expect(needed.length).toBeGreaterThan(20);
  expect(needed).toEqual(expect.arrayContaining(['budgets', 'wafv2']));
  expect([...new Set(needed)].filter((name) => !allowed.includes(`${name}:*`))).toEqual([]);
});

test('the policy for CloudFormation changes buckets of one environment only', () => {
  const buckets = statements.filter(({ Action }) => listOf(Action).includes('s3:*'));

  expect(buckets.map(({ Resource }) => Resource)).toEqual([['arn:aws:s3:::bulwark-dev-*']]);
});

test('the policy for CloudFormation touches roles and policies of one environment only', () => {
  const iam = statements.filter(({ Action }) => listOf(Action).some((action) => action.startsWith('iam:')));

  expect(iam.map(({ Resource }) => Resource)).toEqual([
    'arn:aws:iam::111122223333:role/bulwark-dev-*',
    'arn:aws:iam::111122223333:policy/bulwark-dev-*',
    'arn:aws:iam::111122223333:role/bulwark-dev-*',
  ]);
  expect(statements.flatMap(({ Action }) => listOf(Action)).filter((action) => /^(iam:)?\*$/.test(action))).toEqual([]);
});
