import { App, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as sns from 'aws-cdk-lib/aws-sns';
import { ClientPlan } from '../../../lib/api/client-plan';
import type { ThrottledPlan } from '../../../lib/api/plan-fences';
import { EnvironmentKey } from '../../../lib/contract/environment-keys';
import type { HandlerName } from '../../../lib/contract/handlers';
import { SpendOutput } from '../../../lib/contract/outputs';
import { MAX_PACKED_PRICE_BOOK_BYTES } from '../../../lib/contract/price-book-packing';
import { bundledCode } from '../../../lib/functions/bundled-code';
import { StandardFunction, type StandardFunctionProps } from '../../../lib/functions/standard-function';
import { DataAccess } from '../../../lib/stacks/data-access';
import { DataStack } from '../../../lib/stacks/data-stack';
import { addSpendControl, type ControlledLedger } from '../../../lib/stacks/spend-control';
import { SpendControlAlarms } from '../../../lib/stacks/spend-control-alarms';
import { SPEND } from './spend-settings';
import { listOf, statementsOf } from './synth-environment';

const LEDGER_ARN = 'arn:aws:dynamodb:eu-west-1:111122223333:table/ledger';

const ledgerWith = (prices: string): ControlledLedger => ({
  environment: {
    [EnvironmentKey.LEDGER_TABLE]: 'ledger',
    [EnvironmentKey.LEDGER_SHARDS]: '64',
    [EnvironmentKey.GLOBAL_CAP_DAY]: '10000000000000',
    [EnvironmentKey.GLOBAL_CAP_MONTH]: '10000000000000',
    [EnvironmentKey.PRICE_BOOK]: prices,
  },
  grantControl: (grantee) =>
    iam.Grant.addToPrincipal({ grantee, actions: ['dynamodb:ConditionCheckItem'], resourceArns: [LEDGER_ARN] }),
});

/** A service of which only the control of spending is there, and what that stands on. */
function synthesize(planCount = 2, prices = '{}') {
  const app = new App();
  const env = { account: '111122223333', region: 'eu-west-1' };
  const data = new DataStack(app, 'data', {
    env,
    spend: SPEND,
    processTimeout: Duration.minutes(1),
    processConcurrency: 7,
  });
  const stack = new Stack(app, 'service', { env });
  const createFunction = (
    id: string,
    handler: HandlerName,
    environment: Record<string, string>,
    overrides: Partial<StandardFunctionProps> = {},
  ) => new StandardFunction(stack, id, { ...overrides, code: bundledCode(stack, handler), environment });
  const processor = createFunction('ProcessJob', 'process-job', {}, { timeout: Duration.minutes(1) });
  const throttle = { rateLimit: 10, burstLimit: 20 };
  const usagePlans: ThrottledPlan[] = Array.from({ length: planCount }, (_, index) => ({
    usagePlan: new apigateway.UsagePlan(stack, `Plan${index}`, { throttle }),
    throttle,
  }));
  const topic = new sns.Topic(stack, 'Topic');
  const controller = addSpendControl(stack, {
    data,
    access: new DataAccess(data),
    ledger: ledgerWith(prices),
    consumer: data.workQueue.addConsumer(processor),
    usagePlans,
    plans: [
      new ClientPlan({ name: 'standard', requestsPerSecond: 1, burst: 1, spendPerDay: '25', spendPerMonth: '250' }),
      new ClientPlan({ name: 'free', requestsPerSecond: 1, burst: 1 }),
    ],
    createFunction,
  });
  new SpendControlAlarms(stack, 'SpendControlAlarms', { controller, topic });
  return Template.fromStack(stack);
}

const template = synthesize();
const [controllerId = ''] = Object.keys(template.findResources('AWS::Lambda::Function')).filter((id) =>
  id.startsWith('ControlSpend'),
);
const planIds = Object.keys(template.findResources('AWS::ApiGateway::UsagePlan'));
const [mappingId = ''] = Object.keys(template.findResources('AWS::Lambda::EventSourceMapping'));
const controller = template.findResources('AWS::Lambda::Function')[controllerId]?.Properties;

test('knows ledger, control, audit, consumer and the throttle of every usage plan', () => {
  const { Variables } = controller.Environment;
  expect(Variables).toMatchObject({
    ...ledgerWith('{}').environment,
    [EnvironmentKey.CONSUMER_MAPPING_ID]: { Ref: mappingId },
    [EnvironmentKey.CONSUMER_MAX_CONCURRENCY]: '7',
    [EnvironmentKey.USAGE_PLANS]: {
      'Fn::Join': ['', ['{"', { Ref: planIds[0] }, '":[10,20],"', { Ref: planIds[1] }, '":[10,20]}']],
    },
  });
  for (const key of [EnvironmentKey.CONTROL_TABLE, EnvironmentKey.AUDIT_TABLE, EnvironmentKey.CONTROL_QUEUE_URL]) {
    expect(Variables[key]).toBeDefined();
  }
  expect(controller).toMatchObject({ Timeout: 55, RecursiveLoop: 'Terminate' });
});

test('has an environment within Lambda’s 4 KB with the largest price book and the twenty usage plans of ten plans', () => {
  const largest = synthesize(20, 'x'.repeat(MAX_PACKED_PRICE_BOOK_BYTES));
  const functions = Object.entries(largest.findResources('AWS::Lambda::Function'));
  const found = functions.find(([id]) => id.startsWith('ControlSpend'))?.[1];
  // An id of API Gateway has 10 characters at most, and a name or an address of a queue fits into 128.
  const textOf = (value: unknown): string => {
    if (typeof value === 'string') return value;
    const { 'Fn::Join': join } = value as { 'Fn::Join'?: [string, unknown[]] };
    return join ? join[1].map((part) => (typeof part === 'string' ? part : 'x'.repeat(10))).join('') : 'x'.repeat(128);
  };
  const variables = Object.entries<unknown>(found?.Properties.Environment.Variables);
  expect(variables.length).toBeGreaterThan(10);
  // The service adds its name and version to those of all functions.
  expect(variables.map(([key, value]) => key + textOf(value)).join('').length).toBeLessThan(4_096 - 128);
});

test('runs every minute with its own event, and a run that fails is not tried again beside the next', () => {
  template.hasResourceProperties('AWS::Events::Rule', {
    ScheduleExpression: 'rate(1 minute)',
    Targets: [
      {
        Arn: { 'Fn::GetAtt': [controllerId, 'Arn'] },
        Input: '{"action":"run"}',
        RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 },
      },
    ],
  });
});

describe('its role', () => {
  const statements = statementsOf(template, 'ControlSpend');
  const withAction = (action: string) => statements.filter(({ Action }) => listOf(Action).includes(action));

  test('may do what it needs and nothing else', () => {
    expect([...new Set(statements.flatMap(({ Action }) => listOf(Action)))].sort()).toEqual([
      'apigateway:GET',
      'apigateway:PATCH',
      'dynamodb:ConditionCheckItem',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
      'kms:Decrypt',
      'kms:DescribeKey',
      'kms:Encrypt',
      'kms:GenerateDataKey',
      'kms:GenerateDataKeyWithoutPlaintext',
      'kms:ReEncryptFrom',
      'kms:ReEncryptTo',
      'lambda:GetEventSourceMapping',
      'lambda:UpdateEventSourceMapping',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'sqs:SendMessage',
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ]);
  });

  test('changes exactly the usage plans that it was given', () => {
    const arn = (id: string | undefined) => ({
      'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':apigateway:eu-west-1::/usageplans/', { Ref: id }]],
    });
    expect(withAction('apigateway:PATCH')).toEqual([
      { Effect: 'Allow', Action: ['apigateway:GET', 'apigateway:PATCH'], Resource: planIds.map(arn) },
    ]);
  });

  test('changes the one mapping of the consumer', () => {
    const [statement, ...others] = withAction('lambda:UpdateEventSourceMapping');
    expect(others).toEqual([]);
    expect(JSON.stringify(statement?.Resource)).toMatch(new RegExp(`:event-source-mapping:.*"${mappingId}"`));
  });

  test('writes into the audit, and reads nothing of it', () => {
    const onAudit = statements.filter(({ Resource }) => JSON.stringify(Resource).includes('AuditTable'));
    expect(onAudit.map(({ Action }) => Action)).toEqual(['dynamodb:PutItem']);
  });

  test('has no wildcard but that of its traces', () => {
    const wild = statements.filter(({ Resource }) => JSON.stringify(Resource).includes('*'));
    expect(wild.map(({ Action }) => listOf(Action).sort())).toEqual([
      ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
    ]);
  });
});

test('declares what operators ask, and the caps of the plans', () => {
  template.hasOutput(SpendOutput.CONTROLLER, { Value: { Ref: controllerId } });
  template.hasOutput(SpendOutput.CLIENT_CAPS, {
    Value: '{"standard":[25000000,250000000],"free":[null,null]}',
  });
});

test.each([
  ['Errors', 'Errors', 3, 'GreaterThanOrEqualToThreshold', 'notBreaching'],
  ['Silent', 'Invocations', 1, 'LessThanThreshold', 'breaching'],
])('the alarm %s watches its %s, and tells when it begins and ends', (id, metric, threshold, comparison, missing) => {
  const alarms = Object.entries(template.findResources('AWS::CloudWatch::Alarm'));
  const Properties = alarms.find(([name]) => name.startsWith(`SpendControlAlarms${id}`))?.[1].Properties;
  expect(Properties).toMatchObject({
    Namespace: 'AWS/Lambda',
    MetricName: metric,
    Dimensions: [{ Name: 'FunctionName', Value: { Ref: controllerId } }],
    Statistic: 'Sum',
    Period: 300,
    Threshold: threshold,
    ComparisonOperator: comparison,
    EvaluationPeriods: 1,
    TreatMissingData: missing,
    AlarmDescription: expect.stringMatching(/ Runbook: docs\/runbooks\/spend-control-silent\.md$/),
  });
  expect(Properties.AlarmActions).toHaveLength(1);
  expect(Properties.OKActions).toEqual(Properties.AlarmActions);
});
