import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as sns from 'aws-cdk-lib/aws-sns';
import fc from 'fast-check';
import { ResilientQueue, type ResilientQueueProps } from '../../../lib';
import { begins, type Series } from './metric-math';

let stack: Stack;

beforeEach(() => {
  stack = new Stack(new App(), 'shop', { env: { account: '111122223333', region: 'eu-west-1' } });
});

const queueWith = (props?: ResilientQueueProps) => new ResilientQueue(stack, 'Orders', props);

/** Properties of the alarm of this id, with references resolved. */
function alarm(id: string) {
  const alarms = Object.entries(Template.fromStack(stack).findResources('AWS::CloudWatch::Alarm'));
  return alarms.find(([logicalId]) => logicalId.startsWith(`OrdersAlarms${id}`))?.[1].Properties;
}

const dimension = (queue: { queueName: string }) => [{ Name: 'QueueName', Value: stack.resolve(queue.queueName) }];

/** The metrics of an expression's alarm, by the name that the expression has for each. */
function metricsOf(properties: { Metrics: { Id: string; Expression?: string; MetricStat?: object }[] }) {
  return Object.fromEntries(properties.Metrics.map(({ Id, MetricStat }) => [Id, MetricStat]));
}

test('has the four alarms, each of which means well where the queue reports nothing', () => {
  const { alarms } = queueWith();

  const found = Object.values(Template.fromStack(stack).findResources('AWS::CloudWatch::Alarm'));
  expect(found).toHaveLength(4);
  expect(alarms.all).toEqual([alarms.deadLetters, alarms.deadLetterArrivals, alarms.oldestMessage, alarms.poison]);
  for (const { Properties } of found) {
    expect(Properties).toMatchObject({
      TreatMissingData: 'notBreaching',
      ComparisonOperator: 'GreaterThanThreshold',
    });
  }
});

test('alarms while any message lies in the dead-letter queue', () => {
  const { deadLetterQueue } = queueWith();

  expect(alarm('DeadLetters')).toMatchObject({
    MetricName: 'ApproximateNumberOfMessagesVisible',
    Dimensions: dimension(deadLetterQueue),
    Statistic: 'Maximum',
    Period: 60,
    Threshold: 0,
    EvaluationPeriods: 1,
  });
});

test('alarms on what arrives in the dead-letter queue, even where it is drained at once', () => {
  const { deadLetterQueue } = queueWith();
  const properties = alarm('DeadLetterArrivals');

  expect(properties).toMatchObject({ Threshold: 0, EvaluationPeriods: 5, DatapointsToAlarm: 1 });
  const of = (MetricName: string, Stat: string) => ({
    Metric: { Namespace: 'AWS/SQS', MetricName, Dimensions: dimension(deadLetterQueue) },
    Period: 60,
    Stat,
  });
  expect(metricsOf(properties)).toMatchObject({
    waiting: of('ApproximateNumberOfMessagesVisible', 'Minimum'),
    received: of('ApproximateNumberOfMessagesNotVisible', 'Minimum'),
    deleted: of('NumberOfMessagesDeleted', 'Sum'),
  });
});

describe('the expression of arrivals, over what CloudWatch has of each minute', () => {
  const _ = undefined;
  const minutes = (waiting: Series, deleted: Series, received: Series = waiting.map((depth) => depth && 0)) => ({
    waiting,
    received: received.map((depth, index) => depth ?? (waiting[index] === undefined ? undefined : 0)),
    deleted,
  });

  test.each<[string, ReturnType<typeof minutes>, boolean]>([
    ['nothing', minutes([0, 0, 0], [0, 0, 0]), false],
    ['one that stays', minutes([0, 0, 1, 1], [0, 0, 0, 0]), true],
    ['one that is drained within its minute', minutes([0, 0, 0], [0, 1, 0]), true],
    ['one that joins others', minutes([3, 3, 4], [0, 0, 0]), true],
    ['one that comes while as many are drained', minutes([3, 3, 1], [0, 0, 3]), true],
    ['a drain of what was there before', minutes([3, 0, 0], [0, 3, 0]), false],
    ['what expires', minutes([3, 0, 0], [0, 0, 0]), false],
    ['somebody who looks at them and gives them back', minutes([3, 1, 3], [0, 0, 0], [0, 2, 0]), false],
    ['a redrive, received first and then deleted', minutes([3, 1, 0], [0, 1, 2], [0, 1, 0]), false],
    ['the first to a queue that slept', minutes([_, _, _, 1], [_, _, _, 0]), true],
    ['the first to a queue that slept, drained at once', minutes([_, _, _, 0], [_, _, _, 1]), true],
    ['a hole in the depth of what was there before', minutes([3, 3, _, 3], [0, 0, 0, 0]), false],
    ['one that came in a hole', minutes([3, 3, _, 4], [0, 0, 0, 0]), true],
    ['deletions that are known before the depth of their minute', minutes([3, 3, _], [0, 0, 3]), false],
    ['a queue that reports nothing', minutes([_, _, _], [_, _, _]), false],
  ])('%s', (_name, series, expected) => {
    queueWith();

    expect(begins(alarm('DeadLetterArrivals'), series)).toBe(expected);
  });

  test.each([0, 1, 2, 3])('sees an arrival whose minute is reported %i minutes late', (late) => {
    queueWith();
    const depths = [2, 2, 2, 2, 3, 3, 3, 3, 3, 3];
    const known = (now: number) =>
      depths.map((depth, minute) => (minute + late <= now ? depth : undefined)).slice(0, now + 1);

    const verdicts = depths.map((_depth, now) =>
      begins(
        alarm('DeadLetterArrivals'),
        minutes(
          known(now),
          known(now).map((depth) => depth && 0),
        ),
      ),
    );

    // With the first datapoints the two that were there before are new to an alarm that has just been made.
    expect(verdicts.slice(4 + late)).toContain(true);
    expect(verdicts.slice(2 + late, 4 + late)).not.toContain(true);
  });

  test('a depth that is steady raises nothing, however late and full of holes its minutes come', () => {
    queueWith();
    const properties = alarm('DeadLetterArrivals');
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 9 }),
        fc.integer({ min: 0, max: 9 }),
        (known, depth) => {
          const waiting = [depth, ...known.map((is) => (is ? depth : undefined))];
          expect(
            begins(
              properties,
              minutes(
                waiting,
                waiting.map((value) => value && 0),
              ),
            ),
          ).toBe(false);
        },
      ),
    );
  });
});

test.each([
  [undefined, 900],
  [Duration.minutes(3), 180],
])('alarms when the oldest message is older than %p: %i seconds', (maxAge, seconds) => {
  const { queue } = queueWith({ maxAge });

  expect(alarm('OldestMessage')).toMatchObject({
    MetricName: 'ApproximateAgeOfOldestMessage',
    Dimensions: dimension(queue),
    Statistic: 'Maximum',
    Period: 60,
    Threshold: seconds,
    EvaluationPeriods: 3,
  });
});

test('alarms when messages go round in circles', () => {
  const { queue } = queueWith();
  const properties = alarm('Poison');

  expect(properties).toMatchObject({ Threshold: 3, EvaluationPeriods: 5, DatapointsToAlarm: 3 });
  expect(properties.Metrics[0].Expression).toBe(
    'IF(FILL(received, 0) >= 10, FILL(received, 0) / IF(FILL(deleted, 0) > 0, FILL(deleted, 0), 1), 0)',
  );
  const sumOf = (MetricName: string) => ({
    Metric: { Namespace: 'AWS/SQS', MetricName, Dimensions: dimension(queue) },
    Period: 300,
    Stat: 'Sum',
  });
  expect(metricsOf(properties)).toMatchObject({
    received: sumOf('NumberOfMessagesReceived'),
    deleted: sumOf('NumberOfMessagesDeleted'),
  });
});

test('tells the topic of the beginning and the end of each, and nobody where there is none', () => {
  const topic = new sns.Topic(stack, 'Topic');
  queueWith({ alarmTopic: topic });
  new ResilientQueue(stack, 'Quiet');

  const arn = stack.resolve(topic.topicArn);
  for (const [id, { Properties }] of Object.entries(
    Template.fromStack(stack).findResources('AWS::CloudWatch::Alarm'),
  )) {
    const expected = id.startsWith('Orders') ? [arn] : undefined;
    expect([Properties.AlarmActions, Properties.OKActions]).toEqual([expected, expected]);
  }
});

test.each([
  ['DeadLetters', 'dead-letters'],
  ['DeadLetterArrivals', 'dead-letters'],
  ['OldestMessage', 'oldest-message'],
  ['Poison', 'poison-messages'],
])('%s names its runbook, which is there', (id, runbook) => {
  queueWith();

  expect(alarm(id).AlarmDescription).toMatch(new RegExp(` Runbook: docs/runbooks/${runbook}\\.md$`));
  expect(existsSync(join(__dirname, '../../../docs/runbooks', `${runbook}.md`))).toBe(true);
});

test('dead letters of another kind have a page of their own', () => {
  queueWith({ deadLetterRunbook: 'uploads-undecided' });
  for (const id of ['DeadLetters', 'DeadLetterArrivals']) {
    expect(alarm(id).AlarmDescription).toMatch(/ Runbook: docs\/runbooks\/uploads-undecided\.md$/);
  }
  expect(alarm('OldestMessage').AlarmDescription).toMatch(/ Runbook: docs\/runbooks\/oldest-message\.md$/);
});
