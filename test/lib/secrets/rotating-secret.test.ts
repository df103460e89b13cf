import { App, Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as events from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { EnvironmentKey } from '../../../lib/contract/environment-keys';
import { GuardedSecret } from '../../../lib/secrets/guarded-secret';
import { RotatingSecret, type RotatingSecretProps } from '../../../lib/secrets/rotating-secret';
import { RotationStrategy } from '../../../lib/secrets/rotation-strategy';

const env = { account: '111122223333', region: 'eu-west-1' };
const newStack = (): Stack => new Stack(new App(), 'vault', { env });

/** A rotating secret of random values, unless told otherwise. */
function rotate(props: Partial<RotatingSecretProps> = {}, stack = newStack()) {
  const secret = new RotatingSecret(stack, 'Pepper', { strategy: RotationStrategy.random(), ...props });
  return {
    stack,
    secret,
    /** Nothing may be added once it was looked at. */
    get template() {
      return Template.fromStack(stack);
    },
  };
}

/** The one resource of a type whose logical id begins so. */
function find(template: Template, type: string, beginning: string) {
  const [found, ...others] = Object.entries(template.findResources(type)).filter(([id]) => id.startsWith(beginning));
  expect(others).toEqual([]);
  if (!found) throw new Error(`There is no ${type} whose id begins with ${beginning}.`);
  const [logicalId, resource] = found;
  return { logicalId, Properties: resource.Properties, DependsOn: resource.DependsOn };
}

const rotator = (template: Template) => find(template, 'AWS::Lambda::Function', 'PepperRotateSecret');
const sweeper = (template: Template) => find(template, 'AWS::Lambda::Function', 'PepperSweepKeys');
const schedule = (template: Template) => find(template, 'AWS::SecretsManager::RotationSchedule', 'Pepper');

describe('the schedule', () => {
  const { template } = rotate();

  test('rotates on the first of each month by the rotator, and not at a deployment', () => {
    expect(schedule(template).Properties).toEqual({
      SecretId: { Ref: expect.stringMatching(/^PepperSecret/) },
      RotationLambdaARN: { 'Fn::GetAtt': [rotator(template).logicalId, 'Arn'] },
      RotationRules: { ScheduleExpression: 'cron(0 3 1 * ? *)' },
      RotateImmediatelyOnUpdate: false,
    });
  });

  test('waits until Secrets Manager may call the rotator, and the rotator may do its work', () => {
    const permission = find(template, 'AWS::Lambda::Permission', 'PepperRotateSecretSecretsManager').logicalId;
    const policies = Object.keys(template.findResources('AWS::IAM::Policy')).filter((id) =>
      id.startsWith('PepperRotateSecret'),
    );

    expect(policies).toHaveLength(2);
    expect(schedule(template).DependsOn).toEqual(
      expect.arrayContaining([permission, rotator(template).logicalId, ...policies]),
    );
  });

  test('lets Secrets Manager call the rotator for this secret of this account, and nobody else', () => {
    const { Properties } = find(template, 'AWS::Lambda::Permission', 'PepperRotateSecretSecretsManager');

    expect(Properties).toMatchObject({
      Principal: 'secretsmanager.amazonaws.com',
      SourceAccount: '111122223333',
      SourceArn: { Ref: expect.stringMatching(/^PepperSecret/) },
    });
    const callers = Object.values(template.findResources('AWS::Lambda::Permission')).filter(
      ({ Properties: { FunctionName } }) => FunctionName['Fn::GetAtt'][0] === rotator(template).logicalId,
    );
    expect(callers).toHaveLength(1);
  });

  test('is the one that is given, and rotates at a deployment where that is wanted', () => {
    const given = rotate({
      schedule: events.Schedule.cron({ minute: '0', hour: '*/4' }),
      rotateImmediatelyOnUpdate: true,
    });

    expect(schedule(given.template).Properties).toMatchObject({
      RotationRules: { ScheduleExpression: 'cron(0 */4 * * ? *)' },
      RotateImmediatelyOnUpdate: true,
    });
  });

  test.each([
    [events.Schedule.rate(Duration.days(30)), 'rate(30 days)'],
    [events.Schedule.cron({ minute: '30', hour: '3' }), 'cron(30 3 * * ? *)'],
    [events.Schedule.cron({ minute: '0', hour: '3', year: '2027' }), 'cron(0 3 * * ? 2027)'],
    [events.Schedule.expression('daily'), 'daily'],
  ])('refuses what Secrets Manager would refuse, and rates', (refused, expression) => {
    expect(() => rotate({ schedule: refused })).toThrow(
      `vault/Pepper: \`schedule\` must be a cron expression at minute 0 of any year, in UTC, and never a rate, got: ${expression}`,
    );
  });
});

describe('the grace', () => {
  const graceOf = ({ template }: ReturnType<typeof rotate>) =>
    Number(rotator(template).Properties.Environment.Variables[EnvironmentKey.ROTATION_GRACE_MS]);

  test('is a day, or as long as a reader may hold the value where that is longer', () => {
    expect(graceOf(rotate())).toBe(86_400_000);
    expect(graceOf(rotate({ cacheTime: Duration.hours(20), longestCall: Duration.hours(6) }))).toBe(26 * 3_600_000);
  });

  test('may be as long as a reader holds the value, and not shorter', () => {
    const timing = { cacheTime: Duration.seconds(5), longestCall: Duration.seconds(20) };

    expect(graceOf(rotate({ ...timing, gracePeriod: Duration.seconds(25) }))).toBe(25_000);
    expect(() => rotate({ ...timing, gracePeriod: Duration.seconds(24) })).toThrow(
      'vault/Pepper: `gracePeriod` must be at least `cacheTime` and `longestCall` together, 25 seconds, got: 24 seconds',
    );
  });

  test('counts five minutes and a call of fifteen where nothing else is said', () => {
    expect(() => rotate({ gracePeriod: Duration.minutes(19) })).toThrow('1200 seconds, got: 1140 seconds');
    expect(rotate().secret.cacheTime.toMinutes()).toBe(5);
    expect(rotate({ gracePeriod: Duration.minutes(20) }).secret.gracePeriod.toMinutes()).toBe(20);
  });
});

test('tells rotator and sweeper the secret, the strategy and the grace, and no secret', () => {
  const { template } = rotate({ strategy: RotationStrategy.random({ length: 64 }) });
  const expected = {
    [EnvironmentKey.ROTATED_SECRET]: { Ref: expect.stringMatching(/^PepperSecret/) },
    [EnvironmentKey.ROTATION_STRATEGY]: 'random',
    [EnvironmentKey.ROTATION_SETTINGS]: '{"length":64}',
    [EnvironmentKey.ROTATION_GRACE_MS]: '86400000',
  };

  expect(rotator(template).Properties.Environment.Variables).toMatchObject(expected);
  expect(sweeper(template).Properties.Environment.Variables).toMatchObject(expected);
  expect([rotator(template), sweeper(template)].map(({ Properties }) => Properties.Timeout)).toEqual([60, 60]);
});

test('sweeps every hour', () => {
  const { template } = rotate();

  template.hasResourceProperties('AWS::Events::Rule', {
    ScheduleExpression: 'rate(1 hour)',
    Targets: [Match.objectLike({ Arn: { 'Fn::GetAtt': [sweeper(template).logicalId, 'Arn'] } })],
  });
});

/** Actions of the role of a function, by the beginning of its logical id. */
function actionsOf(template: Template, beginning: string): string[] {
  const statements = Object.entries(template.findResources('AWS::IAM::Policy'))
    .filter(([id]) => id.startsWith(beginning))
    .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement);
  const actions = statements.flatMap(({ Action }) => Action as string | string[]);
  return [...new Set(actions.filter((action) => !/^(logs|xray):/.test(action)))].sort();
}

const SWEEPING = [
  'kms:Decrypt',
  'secretsmanager:DescribeSecret',
  'secretsmanager:GetSecretValue',
  'secretsmanager:ListSecretVersionIds',
  'secretsmanager:UpdateSecretVersionStage',
];
const ROTATING = [...SWEEPING, 'kms:GenerateDataKey', 'secretsmanager:PutSecretValue'].sort();

test('the rotator writes values, and the sweeper does not', () => {
  const { template } = rotate();

  expect(actionsOf(template, 'PepperRotateSecretRole')).toEqual(ROTATING);
  expect(actionsOf(template, 'PepperSweepKeysRole')).toEqual(SWEEPING);
});

test('the policy of the secret lets in rotator, sweeper and readers, and writing those two and administrators', () => {
  const { stack, secret } = rotate({
    administrators: [new iam.ArnPrincipal('arn:aws:iam::111122223333:role/on-call')],
  });
  const reader = new iam.Role(stack, 'Reader', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
  secret.grantRead(reader);

  const { Properties } = find(Template.fromStack(stack), 'AWS::SecretsManager::ResourcePolicy', 'Pepper');
  const [reading, writing] = Properties.ResourcePolicy.Statement;
  const arn = (id: string) => ({ 'Fn::GetAtt': [expect.stringMatching(`^${id}`), 'Arn'] });
  const own = [arn('PepperRotateSecretRole'), arn('PepperSweepKeysRole')];
  expect(reading.Condition.StringNotEquals['aws:PrincipalArn']).toEqual([...own, arn('Reader')]);
  const writers = writing.Condition.StringNotEquals['aws:PrincipalArn'];
  expect(writers).toHaveLength(4);
  expect(writers).toEqual(expect.arrayContaining([...own, 'arn:aws:iam::111122223333:role/on-call']));
});

describe('a key pool', () => {
  const stack = newStack();
  const adminSecret = new GuardedSecret(stack, 'Admin');
  const poolSecret = new GuardedSecret(stack, 'Pool');
  const strategy = RotationStrategy.keyPool({ adminSecret, poolSecret, adminUrl: 'https://admin.example.com' });
  const { template } = rotate({ strategy }, stack);

  test('tells where keys and Admin key are, by name alone', () => {
    const { [EnvironmentKey.ROTATION_SETTINGS]: settings } = rotator(template).Properties.Environment.Variables;

    const [, parts] = settings['Fn::Join'];
    expect(parts.map((part: unknown) => (typeof part === 'string' ? part : 'ARN')).join('')).toBe(
      '{"adminSecret":"ARN","poolSecret":"ARN","adminUrl":"https://admin.example.com","upstreamUrl":"https://api.anthropic.com"}',
    );
  });

  test.each(['Admin', 'Pool'])('lets rotator and sweeper alone read the secret %s', (id) => {
    const { Properties } = find(template, 'AWS::SecretsManager::ResourcePolicy', id);

    expect(Properties.ResourcePolicy.Statement[0].Condition.StringNotEquals['aws:PrincipalArn']).toEqual([
      { 'Fn::GetAtt': [expect.stringMatching(/^PepperRotateSecretRole/), 'Arn'] },
      { 'Fn::GetAtt': [expect.stringMatching(/^PepperSweepKeysRole/), 'Arn'] },
    ]);
  });

  test('wakes somebody when fewer than two keys are healthy', () => {
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'HealthyPoolKeys',
      Statistic: 'Minimum',
      Threshold: 2,
      ComparisonOperator: 'LessThanThreshold',
      AlarmDescription: Match.stringLikeRegexp('docs/runbooks/pool-keys-low.md$'),
    });
  });
});

test('a client key is made and ended in the clients table, under its key', () => {
  const stack = newStack();
  const clientsTable = new dynamodb.Table(stack, 'Clients', {
    partitionKey: { name: 'clientId', type: dynamodb.AttributeType.STRING },
    encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED,
  });
  const strategy = RotationStrategy.clientKey({ clientsTable, clientId: 'ezwtx9j7yaenvkjy', environmentName: 'dev' });
  const { template } = rotate({ strategy }, stack);

  for (const role of ['PepperRotateSecretRole', 'PepperSweepKeysRole']) {
    expect(actionsOf(template, role)).toEqual(expect.arrayContaining(['dynamodb:GetItem', 'dynamodb:UpdateItem']));
    expect(actionsOf(template, role).filter((action) => /Scan|Query|Delete|dynamodb:Put/.test(action))).toEqual([]);
  }
});

test('a database is rotated by the function of AWS, which the policy lets in by its name', () => {
  const functionName = 'rotate-orders';
  const strategy = RotationStrategy.hosted({
    rotation: secretsmanager.HostedRotation.postgreSqlSingleUser({ functionName }),
    functionName,
  });
  const { template, secret } = rotate({ strategy });

  expect(secret.rotator).toBeUndefined();
  expect(secret.alarms.all).toHaveLength(3);
  expect(schedule(template).Properties).toMatchObject({
    HostedRotationLambda: { RotationType: 'PostgreSQLSingleUser', RotationLambdaName: functionName },
    RotateImmediatelyOnUpdate: false,
  });
  const { Properties } = find(template, 'AWS::SecretsManager::ResourcePolicy', 'Pepper');
  expect(JSON.stringify(Properties.ResourcePolicy.Statement[0].Condition.ArnNotEquals)).toContain(
    ':lambda:eu-west-1:111122223333:function:rotate-orders',
  );
});

describe('alarms', () => {
  test('speak where the secret is too old, and where nobody says how old it is', () => {
    const { template } = rotate({ maxAge: Duration.days(10) });

    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      Namespace: 'Bulwark',
      MetricName: 'SecretAgeDays',
      Dimensions: [
        { Name: 'secret', Value: 'vault/Pepper' },
        { Name: 'service', Value: 'bulwark' },
      ],
      Statistic: 'Maximum',
      Period: 3600,
      EvaluationPeriods: 3,
      Threshold: 10,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'breaching',
      AlarmDescription: Match.stringLikeRegexp('10 days.*docs/runbooks/secret-too-old.md$'),
    });
  });

  test('speak where rotator or sweeper fails', () => {
    const { template } = rotate();
    const errors = Object.values(template.findResources('AWS::CloudWatch::Alarm')).filter(
      ({ Properties }) => Properties.MetricName === 'Errors',
    );

    expect(errors.map(({ Properties: { Dimensions, Threshold } }) => [Dimensions[0].Value.Ref, Threshold])).toEqual([
      [rotator(template).logicalId, 1],
      [sweeper(template).logicalId, 3],
    ]);
    for (const { Properties } of errors) expect(Properties.AlarmDescription).toMatch(/rotation-failed\.md$/);
  });

  test('speak of this secret alone, by the name that its sweeper counts under', () => {
    const stack = newStack();
    const others = new RotatingSecret(stack, 'Salt', { strategy: RotationStrategy.random() });
    const { template, secret } = rotate({}, stack);

    expect(sweeper(template).Properties.Environment.Variables[EnvironmentKey.SECRET_LABEL]).toBe('vault/Pepper');
    expect(secret.metricAge().dimensions).toMatchObject({ secret: 'vault/Pepper' });
    expect(secret.metricHealthyPoolKeys().dimensions).toMatchObject({ secret: 'vault/Pepper' });
    expect(others.metricAge().dimensions).toMatchObject({ secret: 'vault/Salt' });
  });

  test('speak where Secrets Manager says that a rotation failed, also where there is no topic', () => {
    const { template } = rotate();
    const { logicalId, Properties } = find(template, 'AWS::Events::Rule', 'PepperFailed');

    expect(Properties.Targets).toEqual([
      { Arn: { 'Fn::GetAtt': [sweeper(template).logicalId, 'Arn'] }, Id: expect.any(String) },
    ]);
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      Namespace: 'AWS/Events',
      MetricName: 'TriggeredRules',
      Dimensions: [{ Name: 'RuleName', Value: { Ref: logicalId } }],
      Statistic: 'Sum',
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
      AlarmDescription: Match.stringLikeRegexp('docs/runbooks/rotation-failed.md$'),
    });
  });

  test('and failed rotations tell the topic that is given', () => {
    const stack = newStack();
    const alarmTopic = new sns.Topic(stack, 'OnCall');
    const { template, secret } = rotate({ alarmTopic }, stack);
    const Ref = expect.stringMatching(/^OnCall/);

    expect(secret.alarms.all).toHaveLength(4);
    for (const { Properties } of Object.values(template.findResources('AWS::CloudWatch::Alarm'))) {
      expect(Properties).toMatchObject({ AlarmActions: [{ Ref }], OKActions: [{ Ref }] });
    }
    expect(failureRule(template).Properties.Targets).toContainEqual({ Arn: { Ref }, Id: expect.any(String) });
    template.hasResourceProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([Match.objectLike({ Principal: { Service: 'events.amazonaws.com' } })]),
      },
    });
  });
});

/** The rule on failed rotations. */
const failureRule = (template: Template, beginning = 'PepperFailed') => find(template, 'AWS::Events::Rule', beginning);

test('somebody else can react to the failed rotations of this secret', () => {
  const { stack, secret } = rotate();
  const queue = new sqs.Queue(stack, 'Failures');
  secret.onRotationFailed('ToQueue', { target: new SqsQueue(queue) });

  expect(failureRule(Template.fromStack(stack), 'PepperToQueue').Properties).toMatchObject({
    EventPattern: {
      source: ['aws.secretsmanager'],
      'detail-type': ['AWS Service Event via CloudTrail'],
      detail: {
        eventName: ['RotationFailed', 'TestRotationFailed', 'RotationAbandoned'],
        additionalEventData: { SecretId: [{ Ref: expect.stringMatching(/^PepperSecret/) }] },
      },
    },
    Targets: [{ Arn: { 'Fn::GetAtt': [expect.stringMatching(/^Failures/), 'Arn'] }, Id: expect.any(String) }],
  });
});

test('names every bad prop at once, those of the strategy included', () => {
  const strategy = RotationStrategy.random({ length: 8 });
  const bad = { strategy, schedule: events.Schedule.rate(Duration.days(1)), maxAge: Duration.hours(1) };

  expect(() => rotate(bad)).toThrow(
    /^vault\/Pepper: `schedule` must be .*; `maxAge` must be at least a day, got: 1 hour; `length` must be an integer between 16 and 4096, got: 8$/,
  );
});
