import { App, Duration, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ResilientQueue, type ResilientQueueProps, StandardFunction } from '../../../lib';

let stack: Stack;

beforeEach(() => {
  stack = new Stack(new App(), 'shop', { env: { account: '111122223333', region: 'eu-west-1' } });
});

const queueWith = (props?: ResilientQueueProps) => new ResilientQueue(stack, 'Orders', props);

const functionWith = (id: string, timeout?: Duration) =>
  new StandardFunction(stack, id, { code: lambda.Code.fromInline('exports.handler = async () => ({});'), timeout });

/** Properties of the one queue whose logical id begins so. */
function properties(id: string): Record<string, unknown> | undefined {
  const queues = Object.entries(Template.fromStack(stack).findResources('AWS::SQS::Queue'));
  return queues.find(([logicalId]) => logicalId.startsWith(id))?.[1].Properties;
}

describe('ResilientQueue', () => {
  test('has the defaults that its documentation states', () => {
    const { deadLetterQueue, encryptionKey } = queueWith();
    const key = stack.resolve(encryptionKey.keyArn);

    expect(properties('OrdersQueue')).toEqual({
      VisibilityTimeout: 360,
      MessageRetentionPeriod: 4 * 86_400,
      KmsMasterKeyId: key,
      RedrivePolicy: { deadLetterTargetArn: stack.resolve(deadLetterQueue.queueArn), maxReceiveCount: 5 },
    });
    expect(properties('OrdersDeadLetterQueue')).toEqual({
      MessageRetentionPeriod: 14 * 86_400,
      KmsMasterKeyId: key,
    });
    Template.fromStack(stack).hasResourceProperties('AWS::KMS::Key', { EnableKeyRotation: true });
  });

  test('keeps both queues and the key when they leave the stack, unless told otherwise', () => {
    queueWith();
    new ResilientQueue(stack, 'Drafts', { removalPolicy: RemovalPolicy.DESTROY });

    const template = Template.fromStack(stack);
    for (const [type, count] of [
      ['AWS::SQS::Queue', 2],
      ['AWS::KMS::Key', 1],
    ] as const) {
      template.resourcePropertiesCountIs(type, Match.anyValue(), 2 * count);
      for (const policy of ['Retain', 'Delete']) {
        expect(Object.keys(template.findResources(type, { DeletionPolicy: policy }))).toHaveLength(count);
      }
    }
  });

  test('refuses plain HTTP on both queues', () => {
    const { queue, deadLetterQueue } = queueWith();

    for (const { queueArn, queueUrl } of [queue, deadLetterQueue]) {
      Template.fromStack(stack).hasResourceProperties('AWS::SQS::QueuePolicy', {
        Queues: [stack.resolve(queueUrl)],
        PolicyDocument: {
          Statement: [
            {
              Effect: 'Deny',
              Principal: { AWS: '*' },
              Action: 'sqs:*',
              Resource: stack.resolve(queueArn),
              Condition: { Bool: { 'aws:SecureTransport': 'false' } },
            },
          ],
        },
      });
    }
  });

  test.each([
    { consumerTimeout: 1, batchingWindow: 0, visibility: 6 },
    { consumerTimeout: 30, batchingWindow: 20, visibility: 200 },
    { consumerTimeout: 900, batchingWindow: 300, visibility: 5700 },
  ])('hides a message for $visibility s: 6 x $consumerTimeout s + $batchingWindow s', (seconds) => {
    queueWith({
      consumerTimeout: Duration.seconds(seconds.consumerTimeout),
      batchingWindow: Duration.seconds(seconds.batchingWindow),
    });

    expect(properties('OrdersQueue')).toMatchObject({ VisibilityTimeout: seconds.visibility });
  });

  test('encrypts under a key of the caller', () => {
    const encryptionKey = new kms.Key(stack, 'OwnKey');
    queueWith({ encryptionKey });

    Template.fromStack(stack).resourceCountIs('AWS::KMS::Key', 1);
    expect(properties('OrdersQueue')).toMatchObject({ KmsMasterKeyId: stack.resolve(encryptionKey.keyArn) });
  });

  test('leaves the AwsSolutions pack nothing to find', () => {
    queueWith();

    expect(new AwsSolutionsChecks().validateScope(stack).violations).toEqual([]);
  });

  test.each([
    { consumerTimeout: Duration.seconds(1) },
    { consumerTimeout: Duration.seconds(900) },
    { batchingWindow: Duration.seconds(300) },
    { batchSize: 1 },
    { batchSize: 10 },
    { batchSize: 11, batchingWindow: Duration.seconds(1) },
    { batchSize: 10_000, batchingWindow: Duration.seconds(1) },
    { maxConcurrency: 2 },
    { maxConcurrency: 1000 },
    { maxReceiveCount: 2 },
    { maxReceiveCount: 1000 },
    { maxAge: Duration.minutes(1) },
    { maxAge: Duration.days(14) },
    { retention: Duration.seconds(60), deadLetterRetention: Duration.seconds(61) },
    { retention: Duration.days(13), deadLetterRetention: Duration.days(14) },
  ])('accepts %j at the bound', (props) => {
    expect(() => queueWith(props)).not.toThrow();
  });

  test.each<[ResilientQueueProps, string]>([
    [{ consumerTimeout: Duration.seconds(0) }, '`consumerTimeout` must be between 1 and 900 seconds, got: 0 seconds'],
    [
      { consumerTimeout: Duration.seconds(901) },
      '`consumerTimeout` must be between 1 and 900 seconds, got: 901 seconds',
    ],
    [{ batchingWindow: Duration.seconds(301) }, '`batchingWindow` must be between 0 and 300 seconds, got: 301 seconds'],
    [{ batchSize: 0 }, '`batchSize` must be an integer between 1 and 10000, got: 0'],
    [
      { batchSize: 10_001, batchingWindow: Duration.seconds(1) },
      '`batchSize` must be an integer between 1 and 10000, got: 10001',
    ],
    [{ batchSize: 11 }, '`batchingWindow` must be at least 1 second when `batchSize` is above 10, got: 0 seconds'],
    [{ maxConcurrency: 1 }, '`maxConcurrency` must be an integer between 2 and 1000, got: 1'],
    [{ maxConcurrency: 1001 }, '`maxConcurrency` must be an integer between 2 and 1000, got: 1001'],
    [{ maxAge: Duration.seconds(59) }, '`maxAge` must be between 60 and 1209600 seconds, got: 59 seconds'],
    [{ maxReceiveCount: 1 }, '`maxReceiveCount` must be an integer between 2 and 1000, got: 1'],
    [{ maxReceiveCount: 1001 }, '`maxReceiveCount` must be an integer between 2 and 1000, got: 1001'],
    [{ retention: Duration.seconds(59) }, '`retention` must be between 60 and 1209600 seconds, got: 59 seconds'],
    [
      { deadLetterRetention: Duration.days(15) },
      '`deadLetterRetention` must be between 60 and 1209600 seconds, got: 1296000 seconds',
    ],
    [
      { retention: Duration.days(14) },
      '`deadLetterRetention` must be longer than `retention`, got: 1209600 seconds against 1209600 seconds',
    ],
    [
      { maxConcurrency: 1, maxReceiveCount: 0, batchSize: 0.5 },
      '`batchSize` must be an integer between 1 and 10000, got: 0.5; `maxConcurrency` must be an integer between 2 and 1000, got: 1; `maxReceiveCount` must be an integer between 2 and 1000, got: 0',
    ],
  ])('refuses %j', (props, problems) => {
    expect(() => queueWith(props)).toThrow(new Error(`shop/Orders: ${problems}`));
    expect(stack.node.children).toEqual([]);
  });

  test('refuses durations that are not known yet, as others are computed from them', () => {
    const later = Duration.seconds(Token.asNumber({ Ref: 'Later' }));

    expect(() => queueWith({ consumerTimeout: later, retention: later })).toThrow(
      new Error(
        'shop/Orders: `consumerTimeout` must be known at synthesis, got: a token; `retention` must be known at synthesis, got: a token',
      ),
    );
  });

  test('warns of fewer than 5 receives, and of 5 no more', () => {
    queueWith({ maxReceiveCount: 4 });
    new ResilientQueue(stack, 'Patient', { maxReceiveCount: 5 });

    const annotations = Annotations.fromStack(stack);
    annotations.hasWarning(
      '/shop/Orders',
      '`maxReceiveCount` should be at least 5, or a short outage sends good messages to the dead-letter queue, got: 4 [ack: cdk-bulwark:fewReceives]',
    );
    annotations.hasNoWarning('/shop/Patient', Match.anyValue());
  });
});

describe('ResilientQueue.addConsumer', () => {
  test('maps the queue to the function with partial batch responses and bounded concurrency', () => {
    const orders = queueWith({ batchSize: 20, batchingWindow: Duration.seconds(2), maxConcurrency: 7 });
    const consumer = functionWith('Consumer');
    orders.addConsumer(consumer);

    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      EventSourceArn: stack.resolve(orders.queue.queueArn),
      FunctionName: stack.resolve(consumer.functionName),
      BatchSize: 20,
      MaximumBatchingWindowInSeconds: 2,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 7 },
    });
  });

  test("lets the consumer's role receive, delete, delay and decrypt, and nothing else", () => {
    const orders = queueWith();
    const consumer = functionWith('Consumer');
    orders.addConsumer(consumer);

    expect(grantsOf(consumer)).toEqual([
      {
        Effect: 'Allow',
        Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility', 'sqs:GetQueueAttributes'],
        Resource: stack.resolve(orders.queue.queueArn),
      },
      { Effect: 'Allow', Action: 'kms:Decrypt', Resource: stack.resolve(orders.encryptionKey.keyArn) },
    ]);
  });

  test('puts the mapping where the function is, so that the queue depends on no consumer', () => {
    const orders = queueWith();
    const other = new Stack(stack.node.root as App, 'kitchen', {
      env: { account: '111122223333', region: 'eu-west-1' },
    });
    const consumer = new StandardFunction(other, 'Consumer', {
      code: lambda.Code.fromInline('exports.handler = async () => ({});'),
    });

    const mapping = orders.addConsumer(consumer);

    expect(mapping.node.path).toBe('kitchen/Consumer/ConsumeOrders');
    Template.fromStack(stack).resourceCountIs('AWS::Lambda::EventSourceMapping', 0);
    expect(stack.dependencies).toEqual([]);
  });

  test('accepts a function that may run exactly as long as the queue was told', () => {
    expect(() =>
      queueWith({ consumerTimeout: Duration.seconds(30) }).addConsumer(functionWith('Consumer', Duration.seconds(30))),
    ).not.toThrow();
  });

  test('refuses a function that may run longer than the queue was told', () => {
    const orders = queueWith({ consumerTimeout: Duration.seconds(30) });

    expect(() => orders.addConsumer(functionWith('Consumer', Duration.seconds(31)))).toThrow(
      new Error(
        'shop/Orders: `timeout` of shop/Consumer must be at most `consumerTimeout`, 30 seconds, got: 31 seconds',
      ),
    );
  });

  test("counts Lambda's own timeout of 3 seconds for a function that names none", () => {
    const consumer = new lambda.Function(stack, 'Plain', {
      code: lambda.Code.fromInline('exports.handler = async () => ({});'),
      handler: 'index.handler',
      runtime: lambda.Runtime.NODEJS_24_X,
    });

    expect(() => queueWith({ consumerTimeout: Duration.seconds(2) }).addConsumer(consumer)).toThrow(
      new Error('shop/Orders: `timeout` of shop/Plain must be at most `consumerTimeout`, 2 seconds, got: 3 seconds'),
    );
    expect(() =>
      new ResilientQueue(stack, 'Slow', { consumerTimeout: Duration.seconds(3) }).addConsumer(consumer),
    ).not.toThrow();
  });
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
