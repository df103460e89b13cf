import { App, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sns from 'aws-cdk-lib/aws-sns';
import { ServiceAlarms } from '../../../lib/stacks/service-alarms';
import { synthEnvironment } from './synth-environment';

const { service } = synthEnvironment('prod');
const found = Object.entries(service.findResources('AWS::CloudWatch::Alarm'));
const alarm = (id: string) => found.find(([logicalId]) => logicalId.startsWith(`Alarms${id}`))?.[1].Properties;

/** The reference to a function of the service. */
const functionName = (id: string) => {
  const names = Object.keys(service.findResources('AWS::Lambda::Function'));
  return { Ref: names.find((name) => name.startsWith(id)) };
};

test.each([
  ['JobsDeadLettered', 'JobsDeadLettered', 'Sum', 300, 0, 1, undefined],
  ['AccountRefused', 'UpstreamAccountRefused', 'Sum', 300, 0, 1, undefined],
  ['InfrastructureFaults', 'InfrastructureFaults', 'Sum', 60, 0, 5, 3],
  ['BreakerOpen', 'BreakerOpenSeconds', 'Maximum', 60, 900, 3, 1],
  ['LimitsUnavailable', 'RateLimitUnavailable', 'Sum', 60, 0, 15, 3],
])('%s watches the service’s own metric %s', (id, name, statistic, period, threshold, periods, datapoints) => {
  expect(alarm(id)).toMatchObject({
    Namespace: 'Bulwark',
    MetricName: name,
    Dimensions: [{ Name: 'service', Value: 'bulwark' }],
    Statistic: statistic,
    Period: period,
    Threshold: threshold,
    ComparisonOperator: 'GreaterThanThreshold',
    EvaluationPeriods: periods,
    TreatMissingData: 'notBreaching',
  });
  expect(alarm(id).DatapointsToAlarm).toBe(datapoints);
});

test.each([
  ['SweeperErrors', 'SweepLeases', 'Errors', 3, 'GreaterThanOrEqualToThreshold'],
  ['RelayErrors', 'RelayOutbox', 'Errors', 3, 'GreaterThanOrEqualToThreshold'],
  ['ControlErrors', 'ControlBreaker', 'Errors', 3, 'GreaterThanOrEqualToThreshold'],
  ['RelayBehind', 'RelayOutbox', 'IteratorAge', 300_000, 'GreaterThanThreshold'],
  ['ControlBehind', 'ControlBreaker', 'IteratorAge', 60_000, 'GreaterThanThreshold'],
  ['ProcessorThrottled', 'ProcessJob', 'Throttles', 0, 'GreaterThanThreshold'],
])('%s watches %s by its metric %s', (id, name, metric, threshold, comparison) => {
  expect(alarm(id)).toMatchObject({
    Namespace: 'AWS/Lambda',
    MetricName: metric,
    Dimensions: [{ Name: 'FunctionName', Value: functionName(name) }],
    Threshold: threshold,
    ComparisonOperator: comparison,
    TreatMissingData: 'notBreaching',
  });
});

test('a sweeper that reports nothing at all raises the alarm on its silence', () => {
  expect(alarm('SweeperSilent')).toMatchObject({
    MetricName: 'Invocations',
    Dimensions: [{ Name: 'FunctionName', Value: functionName('SweepLeases') }],
    Statistic: 'Sum',
    Period: 300,
    Threshold: 1,
    ComparisonOperator: 'LessThanThreshold',
    TreatMissingData: 'breaching',
  });
});

test('tells the topic of the beginning and the end of each, and has a time of its own for the breaker', () => {
  const stack = new Stack(new App(), 'shop');
  const topic = new sns.Topic(stack, 'Topic');
  const target = lambda.Function.fromFunctionName(stack, 'Function', 'any');
  const alarms = new ServiceAlarms(stack, 'Alarms', {
    processor: target,
    relay: target,
    controller: target,
    sweeper: target,
    openAlarmAfter: Duration.minutes(2),
    topic,
  });

  const arn = [stack.resolve(topic.topicArn)];
  const made = Object.values(Template.fromStack(stack).findResources('AWS::CloudWatch::Alarm'));
  expect(made).toHaveLength(alarms.all.length);
  for (const { Properties } of made) expect([Properties.AlarmActions, Properties.OKActions]).toEqual([arn, arn]);
  expect(made.map(({ Properties }) => Properties.Threshold)).toContain(120);
});
