import { Duration } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import { EnvironmentKey } from '../../../lib/contract/environment-keys';
import { RotationStrategy } from '../../../lib/secrets/rotation-strategy';
import { actionsOf, find, rotate, rotator, schedule, sweeper } from './rotating-secret-template';

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

  test('leaves after both the time for which a value that cannot be read anew is used on', () => {
    const timing = { cacheTime: Duration.minutes(1), longestCall: Duration.minutes(5) };

    expect(rotate().secret.maxStaleTime.toMinutes()).toBe(24 * 60 - 20);
    expect(rotate({ ...timing, gracePeriod: Duration.minutes(6) }).secret.maxStaleTime.toMinutes()).toBe(0);
    expect(rotate({ ...timing, gracePeriod: Duration.minutes(16) }).secret.maxStaleTime.toMinutes()).toBe(10);
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

test('names every bad prop at once, those of the strategy included', () => {
  const strategy = RotationStrategy.random({ length: 8 });
  const bad = { strategy, schedule: events.Schedule.rate(Duration.days(1)), maxAge: Duration.hours(1) };

  expect(() => rotate(bad)).toThrow(
    /^vault\/Pepper: `schedule` must be .*; `maxAge` must be at least a day, got: 1 hour; `length` must be an integer between 16 and 4096, got: 8$/,
  );
});
