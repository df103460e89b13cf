import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sns from 'aws-cdk-lib/aws-sns';
import { AwsSolutionsChecks } from 'cdk-nag';
import { PriceBook, SpendCap, type SpendCapProps, StandardFunction, Usd } from '../../../lib';
import { ConstructConfigError } from '../../../lib/config-error';
import { unpackPriceBook } from '../../../lib/contract/price-book-packing';

const PRICES = PriceBook.of({
  models: {
    m: [{ validFrom: '2026-06-01T00:00:00Z', input: '3', output: '15', cacheRead: '0.3', cacheWrite: '3.75' }],
  },
});

let stack: Stack;

beforeEach(() => {
  stack = new Stack(new App(), 'shop', { env: { account: '111122223333', region: 'eu-west-1' } });
});

const capWith = (props: Partial<SpendCapProps> = {}) =>
  new SpendCap(stack, 'Cap', { perDay: Usd.dollars(50), perMonth: Usd.dollars(500), prices: PRICES, ...props });

const functionWith = (id: string) =>
  new StandardFunction(stack, id, { code: lambda.Code.fromInline('exports.handler = async () => ({});') });

describe('the table', () => {
  test('has the keys, the expiry and the sparse index of leases of the ledger', () => {
    capWith();

    Template.fromStack(stack).hasResourceProperties('AWS::DynamoDB::Table', {
      KeySchema: [{ AttributeName: 'key', KeyType: 'HASH' }],
      AttributeDefinitions: [
        { AttributeName: 'key', AttributeType: 'S' },
        { AttributeName: 'leaseBucket', AttributeType: 'S' },
        { AttributeName: 'leaseUntil', AttributeType: 'N' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'leases',
          KeySchema: [
            { AttributeName: 'leaseBucket', KeyType: 'HASH' },
            { AttributeName: 'leaseUntil', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      BillingMode: 'PAY_PER_REQUEST',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    });
  });

  test('is encrypted under a key of its own that rotates, retained and protected unless told otherwise', () => {
    const { encryptionKey } = capWith();

    const template = Template.fromStack(stack);
    template.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        DeletionProtectionEnabled: true,
        SSESpecification: {
          SSEEnabled: true,
          SSEType: 'KMS',
          KMSMasterKeyId: stack.resolve(encryptionKey.keyArn),
        },
      },
    });
    template.hasResource('AWS::KMS::Key', {
      DeletionPolicy: 'Retain',
      Properties: { EnableKeyRotation: true, Description: 'Encrypts the spend ledger shop/Cap.' },
    });
  });

  test('can be thrown away with its key where the environment is', () => {
    capWith({ removalPolicy: RemovalPolicy.DESTROY });

    const template = Template.fromStack(stack);
    template.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Delete',
      Properties: { DeletionProtectionEnabled: false },
    });
    template.hasResource('AWS::KMS::Key', { DeletionPolicy: 'Delete' });
  });

  test('takes a key that is there already', () => {
    const encryptionKey = new kms.Key(stack, 'Shared');
    const cap = capWith({ encryptionKey });

    expect(cap.encryptionKey).toBe(encryptionKey);
    Template.fromStack(stack).resourceCountIs('AWS::KMS::Key', 1);
  });
});

test('tells functions of ledger, caps and prices', () => {
  const cap = capWith({ perDay: Usd.dollars(0.25), perMonth: Usd.microUsd(7_500_001), shards: 4 });

  expect(stack.resolve(cap.environment)).toEqual({
    BULWARK_LEDGER_TABLE: stack.resolve(cap.table.tableName),
    BULWARK_LEDGER_SHARDS: '4',
    BULWARK_GLOBAL_CAP_DAY: '250000',
    BULWARK_GLOBAL_CAP_MONTH: '7500001',
    BULWARK_PRICE_BOOK: '{"m":{"m":[["2026-06-01","3","15","0.3","3.75"]]}}',
  });
  expect([...unpackPriceBook(cap.environment.BULWARK_PRICE_BOOK ?? '').models.keys()]).toEqual(['m']);
});

test('leases the caps to 16 shards unless told otherwise', () => {
  expect(capWith().environment.BULWARK_LEDGER_SHARDS).toBe('16');
});

describe('grants', () => {
  const COMMIT = [
    'dynamodb:GetItem',
    'dynamodb:BatchGetItem',
    'dynamodb:PutItem',
    'dynamodb:UpdateItem',
    'dynamodb:ConditionCheckItem',
  ];
  const KEY_TO_READ = ['kms:Decrypt', 'kms:DescribeKey'];
  const KEY_TO_WRITE = [
    ...KEY_TO_READ,
    'kms:Encrypt',
    'kms:ReEncryptFrom',
    'kms:ReEncryptTo',
    'kms:GenerateDataKey',
    'kms:GenerateDataKeyWithoutPlaintext',
  ];

  const onTable = (cap: SpendCap, Action: string[]) => ({
    Effect: 'Allow',
    Action,
    Resource: stack.resolve(cap.table.tableArn),
  });
  const onKey = (cap: SpendCap, Action: string[]) => ({
    Effect: 'Allow',
    Action,
    Resource: stack.resolve(cap.encryptionKey.keyArn),
    Condition: { StringEquals: { 'kms:ViaService': 'dynamodb.eu-west-1.amazonaws.com' } },
  });

  test.each(['grantReserve', 'grantSettle', 'grantControl'] as const)(
    '%s lets the role commit to the table, and nothing else',
    (grant) => {
      const cap = capWith();
      const user = functionWith('User');
      cap[grant](user);

      expect(grantsOf(user)).toEqual([onTable(cap, COMMIT), onKey(cap, KEY_TO_WRITE)]);
    },
  );

  test('grantSweep lets the role query the index of leases as well, and no other', () => {
    const cap = capWith();
    const user = functionWith('User');
    cap.grantSweep(user);

    expect(grantsOf(user)).toEqual([
      {
        Effect: 'Allow',
        Action: 'dynamodb:Query',
        Resource: { 'Fn::Join': ['', [stack.resolve(cap.table.tableArn), '/index/leases']] },
      },
      onTable(cap, COMMIT),
      onKey(cap, KEY_TO_WRITE),
    ]);
  });

  test('grantRead lets the role read, and nothing else', () => {
    const cap = capWith();
    const user = functionWith('User');
    cap.grantRead(user);

    expect(grantsOf(user)).toEqual([
      onTable(cap, ['dynamodb:GetItem', 'dynamodb:BatchGetItem']),
      onKey(cap, KEY_TO_READ),
    ]);
  });

  test('reach functions of another stack', () => {
    const cap = capWith();
    const other = new Stack(stack.node.root as App, 'kitchen', {
      env: { account: '111122223333', region: 'eu-west-1' },
    });
    const user = new StandardFunction(other, 'User', {
      code: lambda.Code.fromInline('exports.handler = async () => ({});'),
      environment: cap.environment,
    });
    cap.grantReserve(user);

    expect(stack.dependencies).toEqual([]);
    Template.fromStack(other).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: COMMIT })]) },
    });
  });
});

describe('alarms', () => {
  const alarms = () => Object.entries(Template.fromStack(stack).findResources('AWS::CloudWatch::Alarm'));
  const alarm = (id: string) => alarms().find(([logicalId]) => logicalId.startsWith(`CapAlarms${id}`))?.[1].Properties;

  test.each([
    ['Day50', 'day', 50],
    ['Day80', 'day', 80],
    ['Day95', 'day', 95],
    ['Month50', 'month', 50],
    ['Month80', 'month', 80],
    ['Month95', 'month', 95],
  ])('%s begins when so much of the cap of the %s is spent', (id, window, percent) => {
    capWith();

    expect(alarm(id)).toEqual({
      Namespace: 'Bulwark',
      MetricName: 'SpendPercent',
      Dimensions: [
        { Name: 'service', Value: 'bulwark' },
        { Name: 'window', Value: window },
      ],
      Statistic: 'Maximum',
      Period: 60,
      Threshold: percent,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      EvaluationPeriods: 1,
      TreatMissingData: 'ignore',
      AlarmDescription: `${percent} % of what may be spent in this UTC ${window} is spent. Runbook: docs/runbooks/spend-warning.md`,
    });
  });

  test.each([
    ['CutOff', 'SpendCutOff', 'Maximum', 60, 1, undefined, 'spend-cut-off'],
    ['Overrun', 'SpendOverrun', 'Sum', 300, 1, undefined, 'spend-overrun'],
    ['LedgerUnavailable', 'LedgerUnavailable', 'Sum', 60, 15, 3, 'ledger-unavailable'],
  ])('%s begins on any %s', (id, MetricName, Statistic, Period, EvaluationPeriods, datapoints, runbook) => {
    capWith();

    expect(alarm(id)).toMatchObject({
      Namespace: 'Bulwark',
      MetricName,
      Dimensions: [{ Name: 'service', Value: 'bulwark' }],
      Statistic,
      Period,
      EvaluationPeriods,
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
      AlarmDescription: expect.stringMatching(new RegExp(` Runbook: docs/runbooks/${runbook}\\.md$`)),
    });
    expect(alarm(id).DatapointsToAlarm).toBe(datapoints);
    expect(existsSync(join(__dirname, '../../../docs/runbooks', `${runbook}.md`))).toBe(true);
  });

  test('are nine, of which those that warn follow the percentages', () => {
    const { alarms: standard } = capWith();
    const { alarms: own } = new SpendCap(stack, 'Own', {
      perDay: Usd.dollars(1),
      perMonth: Usd.dollars(1),
      prices: PRICES,
      warnAtPercent: [99, 1],
    });
    const { alarms: quiet } = new SpendCap(stack, 'Quiet', {
      perDay: Usd.dollars(1),
      perMonth: Usd.dollars(1),
      prices: PRICES,
      warnAtPercent: [],
    });

    expect(standard.all).toEqual([...standard.warnings, standard.cutOff, standard.overrun, standard.ledgerUnavailable]);
    expect(standard.all).toHaveLength(9);
    expect(own.warnings.map(({ node }) => node.id)).toEqual(['Day99', 'Day1', 'Month99', 'Month1']);
    expect(quiet.warnings).toEqual([]);
  });

  test('tell the topic of their beginning and their end, and nobody where there is none', () => {
    const topic = new sns.Topic(stack, 'Topic');
    capWith({ alarmTopic: topic });
    new SpendCap(stack, 'Quiet', { perDay: Usd.dollars(1), perMonth: Usd.dollars(1), prices: PRICES });

    const arn = stack.resolve(topic.topicArn);
    for (const [id, { Properties }] of alarms()) {
      const expected = id.startsWith('Cap') ? [arn] : undefined;
      expect([Properties.AlarmActions, Properties.OKActions]).toEqual([expected, expected]);
    }
  });
});

describe('validation', () => {
  test.each<[Partial<SpendCapProps>, string]>([
    [{ perDay: Usd.dollars(0) }, '`perDay` must be more than 0, got: 0 USD'],
    [
      { perDay: Usd.dollars(500.000001) },
      '`perDay` must be at most `perMonth`, 500 USD, or it would never be reached, got: 500.000001 USD',
    ],
    [{ shards: 0 }, '`shards` must be an integer between 1 and 64, got: 0'],
    [{ shards: 65 }, '`shards` must be an integer between 1 and 64, got: 65'],
    [{ shards: 1.5 }, '`shards` must be an integer between 1 and 64, got: 1.5'],
    ...[[0], [100], [50.5], [50, 50], [1, 2, 3, 4, 5, 6]].map((warnAtPercent): [Partial<SpendCapProps>, string] => [
      { warnAtPercent },
      `\`warnAtPercent\` must be up to 5 different integers between 1 and 99, got: ${warnAtPercent.join(', ')}`,
    ]),
  ])('refuses %j', (props, problem) => {
    expect(() => capWith(props)).toThrow(new ConstructConfigError('shop/Cap', [problem]));
    expect(stack.node.children).toEqual([]);
  });

  test.each<Partial<SpendCapProps>>([
    { perDay: Usd.microUsd(1) },
    { perDay: Usd.dollars(500) },
    { shards: 1 },
    { shards: 64 },
    { warnAtPercent: [1, 2, 3, 98, 99] },
  ])('takes %j', (props) => {
    expect(() => capWith(props)).not.toThrow();
  });

  test('names every bad prop at once', () => {
    expect(() => capWith({ perDay: Usd.dollars(0), shards: 0, warnAtPercent: [0] })).toThrow(
      new ConstructConfigError('shop/Cap', [
        '`perDay` must be more than 0, got: 0 USD',
        '`shards` must be an integer between 1 and 64, got: 0',
        '`warnAtPercent` must be up to 5 different integers between 1 and 99, got: 0',
      ]),
    );
  });
});

test('the AwsSolutions pack finds nothing', () => {
  const cap = capWith({ alarmTopic: sns.Topic.fromTopicArn(stack, 'Topic', 'arn:aws:sns:eu-west-1:111122223333:t') });
  cap.grantSweep(functionWith('Sweeper'));

  expect(new AwsSolutionsChecks().validateScope(stack).violations).toEqual([]);
});

/** What a function's role may do beside what every StandardFunction may. */
function grantsOf(fn: StandardFunction): unknown[] {
  const policies = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy'));
  const role = JSON.stringify([stack.resolve(fn.role?.roleName)]);
  return policies
    .filter(({ Properties }) => JSON.stringify(Properties.Roles) === role)
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
    .filter((statement) => !/"(logs|xray):/.test(JSON.stringify(statement.Action)));
}
