import { App, Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as sns from 'aws-cdk-lib/aws-sns';
import { AuditTable, ControlTable } from '../../../lib/contract/control';
import { LimitsTable } from '../../../lib/contract/limits-table';
import { RotationOutput, StackOutput } from '../../../lib/contract/outputs';
import { ClientsTable, JobsTable } from '../../../lib/contract/tables';
import { FederatedProvider } from '../../../lib/secrets/federated-provider';
import { GuardedSecret } from '../../../lib/secrets/guarded-secret';
import { DataStack, type DataStackProps } from '../../../lib/stacks/data-stack';
import { UpstreamCredential } from '../../../lib/stacks/upstream-credential';
import { SPEND } from './spend-settings';
import { synthEnvironment } from './synth-environment';

const prod = synthEnvironment('prod');
const dev = synthEnvironment('dev');
/** Properties of one table in prod. */
const propertiesOf = (logicalId: string) => prod.data.findResources('AWS::DynamoDB::Table')[logicalId]?.Properties;
const underDataKey = { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: { 'Fn::GetAtt': ['DataKey', 'Arn'] } };

test('keeps each job as one item collection that expires, and streams its new rows', () => {
  prod.data.hasResourceProperties('AWS::DynamoDB::Table', {
    KeySchema: [
      { AttributeName: JobsTable.PARTITION_KEY, KeyType: 'HASH' },
      { AttributeName: JobsTable.SORT_KEY, KeyType: 'RANGE' },
    ],
    TimeToLiveSpecification: { AttributeName: JobsTable.TIME_TO_LIVE, Enabled: true },
    StreamSpecification: { StreamViewType: 'NEW_IMAGE' },
    BillingMode: 'PAY_PER_REQUEST',
    SSESpecification: underDataKey,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  });
});

test('keeps each client as one row that does not expire', () => {
  prod.data.hasResourceProperties('AWS::DynamoDB::Table', {
    KeySchema: [{ AttributeName: ClientsTable.PARTITION_KEY, KeyType: 'HASH' }],
    TimeToLiveSpecification: Match.absent(),
    StreamSpecification: Match.absent(),
    BillingMode: 'PAY_PER_REQUEST',
    SSESpecification: underDataKey,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  });
});

test('lists clients by an index of their status that has no more than a list shows', () => {
  expect(propertiesOf('ClientsTable')).toMatchObject({
    AttributeDefinitions: [
      { AttributeName: 'clientId', AttributeType: 'S' },
      { AttributeName: 'status', AttributeType: 'S' },
      { AttributeName: 'createdAt', AttributeType: 'S' },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'status',
        KeySchema: [
          { AttributeName: 'status', KeyType: 'HASH' },
          { AttributeName: 'createdAt', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['name', 'plan', 'usageKey', 'keys'] },
      },
    ],
  });
});

test('keeps what is spent as rows that expire, and finds open reservations by a sparse index', () => {
  expect(prod.data.findResources('AWS::DynamoDB::Table').LedgerTable).toMatchObject({
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
  });
  expect(propertiesOf('LedgerTable')).toMatchObject({
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
    SSESpecification: underDataKey,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    DeletionProtectionEnabled: true,
  });
  expect(dev.data.findResources('AWS::DynamoDB::Table').LedgerTable).toMatchObject({
    DeletionPolicy: 'Delete',
    Properties: { DeletionProtectionEnabled: false },
  });
});

test('keeps what each client has used as one row that expires', () => {
  expect(propertiesOf('LimitsTable')).toMatchObject({
    KeySchema: [{ AttributeName: LimitsTable.PARTITION_KEY, KeyType: 'HASH' }],
    TimeToLiveSpecification: { AttributeName: LimitsTable.TIME_TO_LIVE, Enabled: true },
    BillingMode: 'PAY_PER_REQUEST',
    SSESpecification: underDataKey,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  });
  expect(propertiesOf('LimitsTable')).not.toHaveProperty('StreamSpecification');
});

test('finds the jobs that have not ended by a sparse index, from which they can be sent again', () => {
  prod.data.hasResourceProperties('AWS::DynamoDB::Table', {
    GlobalSecondaryIndexes: [
      {
        IndexName: JobsTable.DUE_INDEX,
        KeySchema: [
          { AttributeName: JobsTable.DUE_BUCKET, KeyType: 'HASH' },
          { AttributeName: JobsTable.DUE_AT, KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['clientId', 'correlationId'] },
      },
    ],
    AttributeDefinitions: Match.arrayWith([
      { AttributeName: JobsTable.DUE_BUCKET, AttributeType: 'S' },
      { AttributeName: JobsTable.DUE_AT, AttributeType: 'N' },
    ]),
  });
});

test('keeps what the fleet agrees on as one row each, and streams its changes', () => {
  expect(propertiesOf('ControlTable')).toMatchObject({
    KeySchema: [{ AttributeName: ControlTable.PARTITION_KEY, KeyType: 'HASH' }],
    TimeToLiveSpecification: { AttributeName: ControlTable.TIME_TO_LIVE, Enabled: true },
    StreamSpecification: { StreamViewType: 'NEW_IMAGE' },
    SSESpecification: underDataKey,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  });
});

test('keeps privileged acts by day, for ever, and lets nobody change or delete one', () => {
  const audit = propertiesOf('AuditTable');

  expect(audit).toMatchObject({
    KeySchema: [
      { AttributeName: AuditTable.PARTITION_KEY, KeyType: 'HASH' },
      { AttributeName: AuditTable.SORT_KEY, KeyType: 'RANGE' },
    ],
    SSESpecification: underDataKey,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  });
  expect(audit).not.toHaveProperty('TimeToLiveSpecification');
  expect(audit.ResourcePolicy.PolicyDocument.Statement).toEqual([
    {
      Sid: 'AppendOnly',
      Effect: 'Deny',
      Principal: { AWS: '*' },
      Action: [
        'dynamodb:BatchWriteItem',
        'dynamodb:DeleteItem',
        'dynamodb:PartiQLDelete',
        'dynamodb:PartiQLUpdate',
        'dynamodb:UpdateItem',
      ],
      Resource: '*',
    },
  ]);
});

test('the control queue outlasts a run of its consumer, under the key of the work queue', () => {
  expect(prod.data.findResources('AWS::SQS::Queue').ControlQueue?.Properties).toMatchObject({
    VisibilityTimeout: 6 * 330,
    KmsMasterKeyId: { 'Fn::GetAtt': ['WorkQueueKey', 'Arn'] },
    RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['ControlDeadLetterQueue', 'Arn'] } },
  });
});

test('the controller outlives the longest run of the processor that it waits for', () => {
  const make = (seconds: number) =>
    new DataStack(new App(), 'slow', { spend: SPEND, processTimeout: Duration.seconds(seconds) }).controlQueue
      .consumerTimeout;

  expect(make(10).toSeconds()).toBe(40);
  expect(make(870).toSeconds()).toBe(900);
  for (const seconds of [9, 871]) {
    expect(() => make(seconds)).toThrow(
      `slow: \`processTimeout\` must be an integer between 10 and 870, got: ${seconds}`,
    );
  }
});

test('gives the alarms of both queues, and of what is spent, their topic', () => {
  const stack = new Stack(new App(), 'topics');
  const topic = new sns.Topic(stack, 'Topic');
  const data = new DataStack(stack, 'Data', { spend: SPEND, processTimeout: Duration.minutes(5), alarmTopic: topic });

  const alarms = Object.values(Template.fromStack(data).findResources('AWS::CloudWatch::Alarm'));
  const ofSpending = data.spendCap.alarms.all.length;
  expect(ofSpending).toBe(9);
  expect(alarms).toHaveLength(8 + ofSpending);
  expect(alarms.filter(({ Properties }) => Properties.AlarmActions?.length !== 1)).toEqual([]);
  expect(alarms.filter(({ Properties }) => Properties.OKActions?.length !== 1)).toEqual([]);
});

test("keeps the upstream's credential under the data key, under the name that the processor reads", () => {
  prod.data.hasResourceProperties('AWS::SecretsManager::Secret', {
    KmsKeyId: { 'Fn::GetAtt': ['DataKey', 'Arn'] },
    GenerateSecretString: { SecretStringTemplate: '{}', GenerateStringKey: 'apiKey' },
  });
});

test('lets the credential rotate monthly through a pool, whose keys and Admin key lie under a key of their own', () => {
  prod.data.hasResourceProperties('AWS::SecretsManager::RotationSchedule', {
    SecretId: { Ref: 'UpstreamSecret' },
    RotationRules: { ScheduleExpression: 'cron(0 3 1 * ? *)' },
    RotateImmediatelyOnUpdate: false,
  });
  const secrets = prod.data.findResources('AWS::SecretsManager::Secret');
  for (const id of ['UpstreamAdminSecret', 'UpstreamPoolSecret']) {
    expect(secrets[id]?.Properties.KmsKeyId).toEqual({ 'Fn::GetAtt': ['CredentialKey', 'Arn'] });
  }
});

test('lets the processor and the readiness check read the credential, and not what it is renewed from', () => {
  const readersIn = (policy: ReturnType<Template['findResources']>[string] | undefined): string =>
    JSON.stringify(policy?.Properties.ResourcePolicy.Statement[0].Condition);

  // With its readers in their stack: here, it would make the data depend on the service.
  const [upstream, ...others] = Object.values(prod.service.findResources('AWS::SecretsManager::ResourcePolicy'));
  expect(others).toEqual([]);
  const sources = Object.entries(prod.data.findResources('AWS::SecretsManager::ResourcePolicy'));
  expect(sources.map(([id]) => id.slice(0, -8))).toEqual(['UpstreamAdminSecretPolicy', 'UpstreamPoolSecretPolicy']);
  // In the order of their ids, which is nobody's.
  expect(
    readersIn(upstream)
      .match(/(ProcessJob|CheckReadiness|RotateSecret|SweepKeys)Role/g)
      ?.sort(),
  ).toEqual(['CheckReadinessRole', 'ProcessJobRole', 'RotateSecretRole', 'SweepKeysRole']);
  for (const [, source] of sources) {
    expect(readersIn(source).match(/\w+Role/g)).toEqual([
      'UpstreamSecretRotateSecretRole',
      'UpstreamSecretSweepKeysRole',
    ]);
  }
});

describe('the choice of the credential', () => {
  const make = (upstreamCredential?: UpstreamCredential, props: Partial<DataStackProps> = {}) => {
    const data = new DataStack(new App(), 'data', {
      spend: SPEND,
      processTimeout: Duration.minutes(5),
      ...props,
      ...(upstreamCredential && { upstreamCredential }),
    });
    return { data, template: Template.fromStack(data) };
  };

  test('is one key that somebody replaces, unless told otherwise', () => {
    const { data, template } = make();

    expect(data.upstreamSecret).toBeInstanceOf(GuardedSecret);
    template.resourceCountIs('AWS::SecretsManager::Secret', 1);
    template.resourceCountIs('AWS::SecretsManager::RotationSchedule', 0);
    template.hasOutput(StackOutput.UPSTREAM_SECRET, { Value: { Ref: 'UpstreamSecret' } });
    expect(Object.values(RotationOutput).filter((name) => Object.keys(template.findOutputs(name)).length > 0)).toEqual(
      [],
    );
  });

  test('may be none that is stored', () => {
    const provider = FederatedProvider.anthropic({
      federationRuleId: 'fdrl_1',
      organizationId: '6f1c7a52-5d1a-4a53-9a1b-2f3c4d5e6f70',
      serviceAccountId: 'svac_1',
    });
    const { data, template } = make(UpstreamCredential.federated(provider));

    expect(data.upstreamSecret).toBeUndefined();
    template.resourceCountIs('AWS::SecretsManager::Secret', 0);
    expect(template.findOutputs(StackOutput.UPSTREAM_SECRET)).toEqual({});
  });

  test('asks a pool of another provider by its addresses, of which the Admin API may share the one', () => {
    const settingsOf = (credential: UpstreamCredential) => {
      const functions = Object.values(make(credential).template.findResources('AWS::Lambda::Function'));
      return JSON.stringify(functions[0]?.Properties.Environment.Variables);
    };

    const shared = settingsOf(UpstreamCredential.keyPool({ upstreamUrl: 'https://llm.example.com' }));
    expect(shared.match(/https:[^\\]*/g)).toEqual(['https://llm.example.com', 'https://llm.example.com']);
    const apart = { upstreamUrl: 'https://llm.example.com', adminUrl: 'https://admin.example.com' };
    expect(settingsOf(UpstreamCredential.keyPool(apart)).match(/https:[^\\]*/g)).toEqual([
      apart.adminUrl,
      apart.upstreamUrl,
    ]);
  });

  test('counts a run of the processor as the longest call with a key', () => {
    const pool = (seconds: number) =>
      UpstreamCredential.keyPool({ cacheTime: Duration.seconds(5), gracePeriod: Duration.seconds(seconds) });

    expect(() => make(pool(304))).toThrow('`cacheTime` and `longestCall` together, 305 seconds, got: 304 seconds');
    expect(() => make(pool(305))).not.toThrow();
  });
});

test('hides a received message for six runs of the processor', () => {
  prod.data.hasResourceProperties('AWS::SQS::Queue', { VisibilityTimeout: 6 * 300 });
});

test('rotates every key', () => {
  prod.data.allResourcesProperties('AWS::KMS::Key', { EnableKeyRotation: true });
});

describe('protection', () => {
  const stateful = ['AWS::DynamoDB::Table', 'AWS::KMS::Key', 'AWS::SQS::Queue', 'AWS::SecretsManager::Secret'];

  test.each(stateful)('retains every %s in prod', (type) => {
    prod.data.allResources(type, { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });

  test.each(stateful)('deletes every %s in dev', (type) => {
    dev.data.allResources(type, { DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Delete' });
  });

  test('protects tables and stacks against deletion in prod, and not in dev', () => {
    prod.data.allResourcesProperties('AWS::DynamoDB::Table', { DeletionProtectionEnabled: true });
    dev.data.allResourcesProperties('AWS::DynamoDB::Table', { DeletionProtectionEnabled: false });
    const protectionOf = ({ stacks }: typeof prod) => [
      stacks.data.terminationProtection,
      stacks.service.terminationProtection,
    ];
    expect(protectionOf(prod)).toEqual([true, true]);
    expect(protectionOf(dev)).toEqual([false, false]);
  });
});

test('declares the outputs of the contract', () => {
  const refs: Record<string, string> = {
    [StackOutput.JOBS_TABLE]: 'JobsTable',
    [StackOutput.CLIENTS_TABLE]: 'ClientsTable',
    [StackOutput.LIMITS_TABLE]: 'LimitsTable',
    [StackOutput.CONTROL_TABLE]: 'ControlTable',
    [StackOutput.AUDIT_TABLE]: 'AuditTable',
    [StackOutput.LEDGER_TABLE]: 'LedgerTable',
    [StackOutput.QUEUE_URL]: 'WorkQueue',
    [StackOutput.DEAD_LETTER_QUEUE_URL]: 'WorkDeadLetterQueue',
    [StackOutput.CONTROL_QUEUE_URL]: 'ControlQueue',
    [StackOutput.UPSTREAM_SECRET]: 'UpstreamSecret',
    [RotationOutput.ADMIN_SECRET]: 'UpstreamAdminSecret',
    [RotationOutput.POOL_SECRET]: 'UpstreamPoolSecret',
  };
  const functions = Object.keys(prod.data.findResources('AWS::Lambda::Function'));
  for (const [name, beginning] of [
    [RotationOutput.ROTATOR, 'UpstreamSecretRotateSecret'],
    [RotationOutput.SWEEPER, 'UpstreamSecretSweepKeys'],
  ] as const) {
    refs[name] = functions.find((id) => id.startsWith(beginning)) ?? '';
  }
  for (const [name, logicalId] of Object.entries(refs)) {
    prod.data.hasOutput(name, { Value: { Ref: logicalId } });
  }
});
