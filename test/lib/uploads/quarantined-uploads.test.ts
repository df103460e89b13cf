import { RemovalPolicy } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sns from 'aws-cdk-lib/aws-sns';
import { AwsSolutionsChecks } from 'cdk-nag';
import { EnvironmentKey } from '../../../lib/contract/environment-keys';
import { UPLOAD_KEY_SHAPE, UploadsTable } from '../../../lib/contract/uploads';
import { find, listOf, newStack, type Statement, statementsOf, uploadsWith, withAction } from './uploads-stack';

const { template } = uploadsWith();
const quarantine = find(template, 'AWS::S3::Bucket', 'UploadsQuarantine');
const clean = find(template, 'AWS::S3::Bucket', 'UploadsClean');
const key = find(template, 'AWS::KMS::Key', 'UploadsKey');
const inspector = find(template, 'AWS::Lambda::Function', 'UploadsInspectUpload');

const arnOf = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });
const objectsOf = (logicalId: string, shape: string) => ({ 'Fn::Join': ['', [arnOf(logicalId), `/${shape}`]] });

describe('the inspector', () => {
  test('knows its buckets, its table and its limits', () => {
    const { NODE_OPTIONS: _, ...variables } = inspector.Properties.Environment.Variables;
    expect(variables).toEqual({
      [EnvironmentKey.UPLOADS_TABLE]: { Ref: find(template, 'AWS::DynamoDB::Table', 'UploadsTable').logicalId },
      [EnvironmentKey.QUARANTINE_BUCKET]: { Ref: quarantine.logicalId },
      [EnvironmentKey.CLEAN_BUCKET]: { Ref: clean.logicalId },
      [EnvironmentKey.UPLOADS_KEY_ARN]: arnOf(key.logicalId),
      [EnvironmentKey.UPLOADS_LABEL]: 'shop/Uploads',
      [EnvironmentKey.UPLOAD_ARCHIVE_LIMITS]: JSON.stringify({
        maxRatio: 100,
        maxInflatedBytes: 268_435_456,
        maxEntries: 1_000,
        maxDepth: 2,
      }),
      [EnvironmentKey.UPLOAD_MALWARE_SCAN]: 'none',
    });
    expect(inspector.Properties).toMatchObject({ MemorySize: 1_024, Timeout: 74, Runtime: 'nodejs24.x' });
  });

  test('may do what it needs on the objects that uploads are, and nothing else', () => {
    const own = statementsOf(template, 'UploadsInspectUploadRole').filter(
      ({ Action }) => !/^(logs|xray|sqs):/.test(listOf(Action)[0] ?? ''),
    );
    const throughS3 = { StringEquals: { 'kms:ViaService': 's3.eu-west-1.amazonaws.com' } };
    expect(own).toEqual([
      {
        Effect: 'Allow',
        Action: ['s3:GetObject', 's3:GetObjectVersion', 's3:DeleteObjectVersion'],
        Resource: objectsOf(quarantine.logicalId, UPLOAD_KEY_SHAPE),
      },
      { Effect: 'Allow', Action: 's3:ListBucket', Resource: arnOf(quarantine.logicalId) },
      {
        Effect: 'Allow',
        Action: ['s3:PutObject', 's3:PutObjectTagging'],
        Resource: objectsOf(clean.logicalId, UPLOAD_KEY_SHAPE),
      },
      {
        Effect: 'Allow',
        Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
        Resource: arnOf(key.logicalId),
        Condition: throughS3,
      },
      {
        Effect: 'Allow',
        Action: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
        Resource: arnOf(find(template, 'AWS::DynamoDB::Table', 'UploadsTable').logicalId),
      },
      {
        Effect: 'Allow',
        Action: expect.arrayContaining(['kms:Decrypt', 'kms:ReEncryptTo']),
        Resource: arnOf(key.logicalId),
        Condition: { StringEquals: { 'kms:ViaService': 'dynamodb.eu-west-1.amazonaws.com' } },
      },
      // What the queue's messages are encrypted under.
      { Effect: 'Allow', Action: 'kms:Decrypt', Resource: arnOf(key.logicalId) },
    ]);
  });

  test('gets one message at a time, of a queue that gives it six times its timeout', () => {
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      BatchSize: 1,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 10 },
    });
    template.hasResourceProperties('AWS::SQS::Queue', {
      VisibilityTimeout: 444,
      RedrivePolicy: Match.objectLike({ maxReceiveCount: 5 }),
    });
  });
});

describe('what happens in quarantine', () => {
  const rules = Object.values(template.findResources('AWS::Events::Rule'));
  const deadLetters = find(template, 'AWS::SQS::Queue', 'UploadsQueueDeadLetterQueue').logicalId;
  const [queue = ''] = Object.keys(template.findResources('AWS::SQS::Queue')).filter((id) => id !== deadLetters);

  test('comes into the queue, and into its dead letters where that fails for a day', () => {
    expect(rules.map(({ Properties }) => Properties)).toEqual([
      expect.objectContaining({
        EventPattern: {
          source: ['aws.s3'],
          'detail-type': ['Object Created'],
          detail: { bucket: { name: [{ Ref: quarantine.logicalId }] }, object: { key: [{ prefix: 'uploads/' }] } },
        },
        Targets: [
          {
            Id: expect.any(String),
            Arn: arnOf(queue),
            DeadLetterConfig: { Arn: arnOf(deadLetters) },
            RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
          },
        ],
      }),
    ]);
  });

  test('is brought by this rule alone, under the key of the queue', () => {
    const [rule] = Object.keys(template.findResources('AWS::Events::Rule'));
    for (const beginning of ['UploadsQueuePolicy', 'UploadsQueueDeadLetterQueuePolicy']) {
      const { PolicyDocument } = find(template, 'AWS::SQS::QueuePolicy', beginning).Properties;
      expect(PolicyDocument.Statement).toContainEqual({
        Sid: 'EventBridge',
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: expect.anything(),
        Condition: { ArnEquals: { 'aws:SourceArn': [arnOf(rule ?? '')] } },
      });
    }
    expect(key.Properties.KeyPolicy.Statement).toContainEqual({
      Sid: 'EventBridgeToQueue',
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Resource: '*',
      Condition: { StringEquals: { 'aws:SourceAccount': '111122223333' } },
    });
  });
});

test('the table has one row an upload, which expires, under the same key', () => {
  template.hasResourceProperties('AWS::DynamoDB::Table', {
    KeySchema: [{ AttributeName: UploadsTable.PARTITION_KEY, KeyType: 'HASH' }],
    TimeToLiveSpecification: { AttributeName: UploadsTable.TIME_TO_LIVE, Enabled: true },
    BillingMode: 'PAY_PER_REQUEST',
    SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: arnOf(key.logicalId) },
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    DeletionProtectionEnabled: true,
  });
});

describe('what others may', () => {
  const roleOf = (stack = newStack()) =>
    new iam.Role(stack, 'Other', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });

  test('whoever makes forms may put uploads, and read none', () => {
    const { uploads, stack } = uploadsWith();
    uploads.grantUpload(roleOf(stack));
    expect(statementsOf(Template.fromStack(stack), 'Other')).toEqual([
      { Effect: 'Allow', Action: 's3:PutObject', Resource: objectsOf(quarantine.logicalId, UPLOAD_KEY_SHAPE) },
      {
        Effect: 'Allow',
        Action: 'kms:GenerateDataKey',
        Resource: arnOf(key.logicalId),
        Condition: { StringEquals: { 'kms:ViaService': 's3.eu-west-1.amazonaws.com' } },
      },
    ]);
  });

  test('a reader may get clean uploads, and nothing of the quarantine', () => {
    const { uploads, stack } = uploadsWith();
    uploads.grantReadClean(roleOf(stack));
    expect(statementsOf(Template.fromStack(stack), 'Other')).toEqual([
      { Effect: 'Allow', Action: 's3:GetObject', Resource: objectsOf(clean.logicalId, UPLOAD_KEY_SHAPE) },
      {
        Effect: 'Allow',
        Action: 'kms:Decrypt',
        Resource: arnOf(key.logicalId),
        Condition: { StringEquals: { 'kms:ViaService': 's3.eu-west-1.amazonaws.com' } },
      },
    ]);
  });
});

describe('alarms', () => {
  test('malware raises one at once, by the name of these uploads', () => {
    expect(find(template, 'AWS::CloudWatch::Alarm', 'UploadsAlarmsMalware').Properties).toMatchObject({
      Namespace: 'Bulwark',
      MetricName: 'UploadsMalware',
      Dimensions: [
        { Name: 'service', Value: 'bulwark' },
        { Name: 'uploads', Value: 'shop/Uploads' },
      ],
      Statistic: 'Sum',
      Period: 300,
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
      AlarmDescription: expect.stringMatching(/docs\/runbooks\/uploads-malware\.md$/),
    });
  });

  test('what could not be decided has a page of its own', () => {
    const pages = Object.entries(template.findResources('AWS::CloudWatch::Alarm'))
      .filter(([id]) => id.startsWith('UploadsQueueAlarmsDeadLetter'))
      .map(([, { Properties }]) => Properties.AlarmDescription.split(' ').at(-1));
    expect(pages).toEqual(['docs/runbooks/uploads-undecided.md', 'docs/runbooks/uploads-undecided.md']);
  });

  test('all of them tell the topic', () => {
    const stack = newStack();
    const topic = new sns.Topic(stack, 'OnCall');
    const { uploads } = uploadsWith({ alarmTopic: topic }, stack);
    const alarms = Object.values(Template.fromStack(stack).findResources('AWS::CloudWatch::Alarm'));
    expect(alarms).toHaveLength(uploads.alarms.all.length);
    for (const { Properties } of alarms) {
      expect([Properties.AlarmActions, Properties.OKActions]).toEqual([
        [{ Ref: expect.stringMatching(/^OnCall/) }],
        [{ Ref: expect.stringMatching(/^OnCall/) }],
      ]);
    }
  });
});

test('without retention, everything goes with the stack, and the table lets itself be deleted', () => {
  const given = uploadsWith({
    removalPolicy: RemovalPolicy.DESTROY,
    logs: { removalPolicy: RemovalPolicy.DESTROY },
  }).template;
  const types = ['AWS::S3::Bucket', 'AWS::DynamoDB::Table', 'AWS::SQS::Queue', 'AWS::KMS::Key', 'AWS::Logs::LogGroup'];
  for (const type of types) given.allResources(type, { DeletionPolicy: 'Delete' });
  given.hasResourceProperties('AWS::DynamoDB::Table', { DeletionProtectionEnabled: false });
});

test('an own key is used for everything, and an imported one is warned of', () => {
  const stack = newStack();
  const imported = kms.Key.fromKeyArn(stack, 'Given', 'arn:aws:kms:eu-west-1:111122223333:key/1');
  const { uploads } = uploadsWith({ encryptionKey: imported }, stack);
  expect(uploads.encryptionKey).toBe(imported);
  // The logs' own key is another matter.
  expect(Object.keys(Template.fromStack(stack).findResources('AWS::KMS::Key'))).toEqual([
    expect.stringMatching(/^BulwarkLogsKey/),
  ]);
  const warnings = uploads.node
    .findAll()
    .flatMap(({ node }) => node.metadata.filter(({ type }) => type === 'aws:cdk:warning'));
  expect(warnings.map(({ data }) => data)).toEqual([expect.stringContaining('it must let EventBridge use the key')]);
});

test('access logs go where they are wanted', () => {
  const stack = newStack();
  const logs = new s3.Bucket(stack, 'AccessLogs', { enforceSSL: true });
  const given = uploadsWith({ accessLogsBucket: logs }, stack).template;
  const prefixes = Object.entries(given.findResources('AWS::S3::Bucket'))
    .filter(([id]) => id.startsWith('Uploads'))
    .map(([, { Properties }]) => Properties.LoggingConfiguration.LogFilePrefix);
  expect(prefixes).toEqual(['quarantine/', 'clean/']);
});

test.each([false, true])('cdk-nag finds nothing unexplained, with a scan: %s', (malwareScan) => {
  const { stack } = uploadsWith({ malwareScan });
  Template.fromStack(stack);
  expect(new AwsSolutionsChecks().validateScope(stack).violations).toEqual([]);
});

test('no right of anybody names all actions of a service, or all objects of a bucket', () => {
  for (const malwareScan of [false, true]) {
    const policies = Object.values(uploadsWith({ malwareScan }).template.findResources('AWS::IAM::Policy'));
    const statements: Statement[] = policies.flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
    expect(statements.filter(({ Action }) => listOf(Action).some((action) => action.includes('*')))).toEqual([]);
    expect(withAction(statements, 's3:GetObject').length).toBeGreaterThan(0);
    const onObjects = statements.filter(({ Action }) => listOf(Action).some((action) => /^s3:.*Object/.test(action)));
    expect(onObjects.filter(({ Resource }) => JSON.stringify(Resource).includes('*'))).toEqual([]);
  }
});
