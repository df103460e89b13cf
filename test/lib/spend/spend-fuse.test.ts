import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sns from 'aws-cdk-lib/aws-sns';
import { AwsSolutionsChecks } from 'cdk-nag';
import { SpendFuse, type SpendFuseProps, StandardFunction, Usd } from '../../../lib';
import { ConstructConfigError } from '../../../lib/config-error';

const TOPIC_ARN = 'arn:aws:sns:eu-west-1:111122223333:on-call';

let stack: Stack;
let intake: StandardFunction;
let onCall: sns.ITopic;

beforeEach(() => {
  stack = new Stack(new App(), 'shop', { env: { account: '111122223333', region: 'eu-west-1' } });
  onCall = sns.Topic.fromTopicArn(stack, 'OnCall', TOPIC_ARN);
  intake = new StandardFunction(stack, 'Accept', {
    code: lambda.Code.fromInline('exports.handler = async () => ({});'),
  });
});

const roleOf = (fn: StandardFunction): iam.IRole => fn.role as iam.IRole;

const fuseWith = (props: Partial<SpendFuseProps> = {}) =>
  new SpendFuse(stack, 'Fuse', {
    perMonth: Usd.dollars(200),
    roles: [roleOf(intake)],
    alarmTopic: onCall,
    ...props,
  });

const only = (type: string) => {
  const found = Object.values(Template.fromStack(stack).findResources(type));
  expect(found).toHaveLength(1);
  return found[0]?.Properties;
};

describe('the budget', () => {
  test('is the month’s cost of the account in dollars, credits not taken off, told at four percentages', () => {
    fuseWith();

    const notification = (Threshold: number) => ({
      Notification: {
        NotificationType: 'ACTUAL',
        ComparisonOperator: 'GREATER_THAN',
        Threshold,
        ThresholdType: 'PERCENTAGE',
      },
      Subscribers: [{ SubscriptionType: 'SNS', Address: TOPIC_ARN }],
    });
    expect(only('AWS::Budgets::Budget')).toEqual({
      Budget: {
        BudgetType: 'COST',
        TimeUnit: 'MONTHLY',
        BudgetLimit: { Amount: 200, Unit: 'USD' },
        CostTypes: { IncludeCredit: false, IncludeRefund: false },
      },
      NotificationsWithSubscribers: [50, 80, 95, 100].map(notification),
    });
  });

  test.each([
    [{ tagValue: 'prod' }, 'user:bulwark:environment$prod'],
    [{ tagValue: 'shop', tagKey: 'team' }, 'user:team$shop'],
  ])('counts what has the tag of %j', (props, filter) => {
    fuseWith(props);

    expect(only('AWS::Budgets::Budget').Budget.CostFilters).toEqual({ TagKeyValue: [filter] });
  });
});

describe('the action', () => {
  test('denies the roles when the whole budget is used up, once somebody approves', () => {
    const { budget, denial, executionRole } = fuseWith();

    expect(only('AWS::Budgets::BudgetsAction')).toEqual({
      BudgetName: stack.resolve(budget.ref),
      ActionType: 'APPLY_IAM_POLICY',
      ActionThreshold: { Type: 'PERCENTAGE', Value: 100 },
      NotificationType: 'ACTUAL',
      ApprovalModel: 'MANUAL',
      ExecutionRoleArn: stack.resolve(executionRole.roleArn),
      Definition: {
        IamActionDefinition: {
          PolicyArn: stack.resolve(denial.managedPolicyArn),
          Roles: [stack.resolve(roleOf(intake).roleName)],
        },
      },
      Subscribers: [{ Type: 'SNS', Address: TOPIC_ARN }],
    });
  });

  test('asks nobody where it is told so', () => {
    fuseWith({ automatic: true });

    expect(only('AWS::Budgets::BudgetsAction').ApprovalModel).toBe('AUTOMATIC');
  });

  test('is made once its role has its rights', () => {
    const { executionRole } = fuseWith();

    const policy = stack.getLogicalId(executionRole.node.findChild('DefaultPolicy').node.defaultChild as iam.CfnPolicy);
    Template.fromStack(stack).hasResource('AWS::Budgets::BudgetsAction', { DependsOn: Match.arrayWith([policy]) });
  });
});

test('denies what takes work in, hands it on or pays for it, and neither reading, deleting nor logging', () => {
  fuseWith();

  const { PolicyDocument, ...rest } = only('AWS::IAM::ManagedPolicy');
  // It hangs on nobody until the fuse blows.
  expect([rest.Roles, rest.Users, rest.Groups]).toEqual([undefined, undefined, undefined]);
  expect(PolicyDocument.Statement).toEqual([
    {
      Sid: 'BeginNothing',
      Effect: 'Deny',
      Resource: '*',
      Action: [
        'bedrock:InvokeModel',
        'bedrock:InvokeModelWithResponseStream',
        'dynamodb:BatchWriteItem',
        'dynamodb:PartiQLInsert',
        'dynamodb:PartiQLUpdate',
        'dynamodb:PutItem',
        'dynamodb:UpdateItem',
        'events:PutEvents',
        'kms:GenerateDataKey',
        'lambda:InvokeFunction',
        's3:PutObject',
        'secretsmanager:GetSecretValue',
        'sqs:SendMessage',
        'states:StartExecution',
        'sts:GetWebIdentityToken',
      ],
    },
  ]);
});

test('lets AWS Budgets attach and detach that one policy at those roles, for this budget of this account', () => {
  const other = new StandardFunction(stack, 'Upload', {
    code: lambda.Code.fromInline('exports.handler = async () => ({});'),
  });
  const { budget, denial, executionRole } = fuseWith({ roles: [roleOf(intake), roleOf(other)] });

  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::IAM::Role', {
    AssumeRolePolicyDocument: {
      Statement: [
        {
          Effect: 'Allow',
          Action: 'sts:AssumeRole',
          Principal: { Service: 'budgets.amazonaws.com' },
          Condition: {
            StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
            ArnLike: {
              'aws:SourceArn': {
                'Fn::Join': [
                  '',
                  [
                    'arn:',
                    { Ref: 'AWS::Partition' },
                    ':budgets::',
                    { Ref: 'AWS::AccountId' },
                    ':budget/',
                    stack.resolve(budget.ref),
                  ],
                ],
              },
            },
          },
        },
      ],
    },
  });
  const statements = Object.values(template.findResources('AWS::IAM::Policy'))
    .filter(
      ({ Properties }) => JSON.stringify(Properties.Roles) === JSON.stringify([stack.resolve(executionRole.roleName)]),
    )
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
  expect(statements).toEqual([
    {
      Effect: 'Allow',
      Action: ['iam:AttachRolePolicy', 'iam:DetachRolePolicy'],
      Resource: [stack.resolve(roleOf(intake).roleArn), stack.resolve(roleOf(other).roleArn)],
      Condition: { ArnEquals: { 'iam:PolicyARN': stack.resolve(denial.managedPolicyArn) } },
    },
  ]);
});

describe('a topic of the app', () => {
  const publish = (topic: sns.Topic, Service: string) =>
    expect.objectContaining({
      Effect: 'Allow',
      Principal: { Service },
      Action: 'sns:Publish',
      Resource: stack.resolve(topic.topicArn),
      Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
    });

  test('lets AWS Budgets in, and CloudWatch, which its first policy would shut out', () => {
    const topic = new sns.Topic(stack, 'Topic');
    fuseWith({ alarmTopic: topic });

    expect(only('AWS::SNS::TopicPolicy').PolicyDocument.Statement).toEqual([
      publish(topic, 'budgets.amazonaws.com'),
      publish(topic, 'cloudwatch.amazonaws.com'),
    ]);
  });

  test('whose key lets both use it', () => {
    const masterKey = new kms.Key(stack, 'Key');
    fuseWith({ alarmTopic: new sns.Topic(stack, 'Topic', { masterKey }) });

    Template.fromStack(stack).hasResourceProperties('AWS::KMS::Key', {
      KeyPolicy: {
        Statement: Match.arrayWith([
          {
            Effect: 'Allow',
            Principal: { Service: ['budgets.amazonaws.com', 'cloudwatch.amazonaws.com'] },
            Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
            Resource: '*',
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          },
        ]),
      },
    });
  });

  test('and one of another stack does not come to depend on the fuse', () => {
    const other = new Stack(stack.node.root as App, 'alerting', {
      env: { account: '111122223333', region: 'eu-west-1' },
    });
    fuseWith({ alarmTopic: new sns.Topic(other, 'Topic', { masterKey: new kms.Key(other, 'Key') }) });

    expect(() => Template.fromStack(other)).not.toThrow();
    expect(other.dependencies).toEqual([]);
  });
});

describe('validation', () => {
  const roles = (count: number) => Array.from({ length: count }, () => roleOf(intake));

  test.each<[Partial<SpendFuseProps>, string]>([
    [{ perMonth: Usd.microUsd(9_999) }, '`perMonth` must be at least 0.01 USD, in whole cents, got: 0.009999 USD'],
    [{ perMonth: Usd.microUsd(10_001) }, '`perMonth` must be at least 0.01 USD, in whole cents, got: 0.010001 USD'],
    [{ perMonth: Usd.dollars(0) }, '`perMonth` must be at least 0.01 USD, in whole cents, got: 0 USD'],
    [{ tagValue: '' }, '`tagValue` must have 1 to 256 characters, got: '],
    [{ tagValue: 'a'.repeat(257) }, `\`tagValue\` must have 1 to 256 characters, got: ${'a'.repeat(257)}`],
    [{ tagKey: 'team' }, '`tagKey` must have 1 to 128 characters, without `$`, and needs `tagValue`, got: team'],
    [
      { tagKey: 'a$b', tagValue: 'c' },
      '`tagKey` must have 1 to 128 characters, without `$`, and needs `tagValue`, got: a$b',
    ],
  ])('refuses %j', (props, problem) => {
    expect(() => fuseWith(props)).toThrow(new ConstructConfigError('shop/Fuse', [problem]));
    expect(stack.node.tryFindChild('Fuse')).toBeUndefined();
  });

  test('refuses no role, more than 100, and a topic that keeps an order', () => {
    const alarmTopic = new sns.Topic(stack, 'Ordered', { fifo: true });

    expect(() => fuseWith({ roles: [], alarmTopic })).toThrow(
      new ConstructConfigError('shop/Fuse', [
        '`roles` must be between 1 and 100 roles, got: 0 roles',
        '`alarmTopic` must be a standard topic, got: a FIFO topic',
      ]),
    );
    expect(() => fuseWith({ roles: roles(101) })).toThrow('`roles` must be between 1 and 100 roles, got: 101 roles');
  });

  test.each<Partial<SpendFuseProps>>([
    { perMonth: Usd.dollars(0.01) },
    { tagValue: 'a'.repeat(256), tagKey: 'b'.repeat(128) },
  ])('takes %j', (props) => {
    expect(() => fuseWith(props)).not.toThrow();
  });

  test('takes 100 roles', () => {
    expect(() => fuseWith({ roles: roles(100) })).not.toThrow();
  });
});

test('the AwsSolutions pack finds nothing', () => {
  fuseWith();

  expect(new AwsSolutionsChecks().validateScope(stack).violations).toEqual([]);
});
