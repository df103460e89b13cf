import { Duration } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { EnvironmentKey } from '../../../lib/contract/environment-keys';
import { RotatingSecret } from '../../../lib/secrets/rotating-secret';
import { RotationStrategy } from '../../../lib/secrets/rotation-strategy';
import { find, newStack, rotate, rotator, sweeper } from './rotating-secret-template';

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
