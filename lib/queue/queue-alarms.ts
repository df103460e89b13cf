import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { runbookAlarm, tell } from '../alerting/runbook-alarm';

/** Receives for each deletion above which messages are going round in circles. */
export const POISON_RATIO = 3;

/** Receives in 5 minutes below which a ratio says nothing. */
export const POISON_LEAST_RECEIVES = 10;

/** What `QueueAlarms` watches. */
export interface QueueAlarmsProps {
  /** The queue that consumers read. */
  readonly queue: sqs.IQueue;
  /** Where its messages end that nobody could process. */
  readonly deadLetterQueue: sqs.IQueue;
  /** Age of the oldest message from which on consumers count as too slow. */
  readonly maxAge: Duration;
  /**
   * Page in `docs/runbooks/`, without its ending, for whoever is told of dead letters.
   *
   * @default 'dead-letters'
   */
  readonly deadLetterRunbook?: string;
  /**
   * Told when an alarm begins and ends.
   *
   * @default - nobody: give the alarms their actions yourself
   */
  readonly topic?: sns.ITopic;
}

/** The four alarms of a queue and its dead-letter queue. Each names its runbook. */
export class QueueAlarms extends Construct {
  /** Messages lie in the dead-letter queue. */
  public readonly deadLetters: cloudwatch.Alarm;
  /**
   * Messages arrived in the dead-letter queue, whether or not they are still there, and whether or not others were
   * there before.
   */
  public readonly deadLetterArrivals: cloudwatch.Alarm;
  /** The oldest message waits too long. */
  public readonly oldestMessage: cloudwatch.Alarm;
  /** Messages are received again and again and not deleted: what the age does not show, see the README. */
  public readonly poison: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, props: QueueAlarmsProps) {
    super(scope, id);
    const { queue, deadLetterQueue, maxAge } = props;
    const runbook = props.deadLetterRunbook ?? 'dead-letters';
    this.deadLetters = runbookAlarm(this, 'DeadLetters', {
      metric: deadLetterQueue.metricApproximateNumberOfMessagesVisible({ period: MINUTE, statistic: 'Maximum' }),
      description: 'Messages that nobody could process lie in the dead-letter queue.',
      runbook,
    });
    this.deadLetterArrivals = runbookAlarm(this, 'DeadLetterArrivals', {
      metric: arrivalsIn(deadLetterQueue),
      // A minute's metrics may come minutes late: each minute is looked at five times, and one arrival is enough.
      evaluationPeriods: 5,
      datapointsToAlarm: 1,
      description: 'Messages have arrived in the dead-letter queue within the last minutes.',
      runbook,
    });
    this.oldestMessage = runbookAlarm(this, 'OldestMessage', {
      metric: queue.metricApproximateAgeOfOldestMessage({ period: MINUTE, statistic: 'Maximum' }),
      threshold: maxAge.toSeconds(),
      evaluationPeriods: 3,
      description: `The oldest message has waited for more than ${maxAge.toSeconds()} seconds.`,
      runbook: 'oldest-message',
    });
    this.poison = runbookAlarm(this, 'Poison', {
      metric: receivesPerDeletion(queue),
      threshold: POISON_RATIO,
      evaluationPeriods: 5,
      datapointsToAlarm: 3,
      description: `Messages are received more than ${POISON_RATIO} times for each one that is done.`,
      runbook: 'poison-messages',
    });
    tell(props.topic, this.all);
  }

  /** All four. */
  public get all(): cloudwatch.Alarm[] {
    return [this.deadLetters, this.deadLetterArrivals, this.oldestMessage, this.poison];
  }
}

const MINUTE = Duration.minutes(1);

/**
 * Messages that arrived in a dead-letter queue: what more is in it than a minute ago, and what was deleted meanwhile.
 * SQS's own counter of arrivals does not do: `NumberOfMessagesSent` leaves out what a redrive policy moves ("Available
 * CloudWatch metrics for Amazon SQS"). Of the depth the least of each minute is taken, so that a deletion and the fall
 * of the depth that it brings are in the same minute.
 *
 * A minute counts only once both depths of it are in: `0 * (...)` is missing where one of them is. Were a late depth
 * filled, deletions that come before it would look like arrivals. A hole between two minutes repeats the one before it,
 * or the way back from it would look like an arrival; where nothing came before, the queue slept, which SQS lets only an
 * empty queue do, and its depth was 0.
 */
function arrivalsIn(queue: sqs.IQueue): cloudwatch.MathExpression {
  const least = { period: MINUTE, statistic: 'Minimum' };
  return new cloudwatch.MathExpression({
    expression:
      'DIFF(FILL(FILL(waiting, REPEAT), 0) + FILL(FILL(received, REPEAT), 0)) + FILL(deleted, 0) + 0 * (waiting + received)',
    usingMetrics: {
      waiting: queue.metricApproximateNumberOfMessagesVisible(least),
      received: queue.metricApproximateNumberOfMessagesNotVisible(least),
      deleted: queue.metricNumberOfMessagesDeleted({ period: MINUTE, statistic: 'Sum' }),
    },
    period: MINUTE,
    label: 'arrivals',
  });
}

function receivesPerDeletion(queue: sqs.IQueue): cloudwatch.MathExpression {
  const period = Duration.minutes(5);
  const sum = { period, statistic: 'Sum' };
  const received = 'FILL(received, 0)';
  const deleted = 'FILL(deleted, 0)';
  return new cloudwatch.MathExpression({
    expression: `IF(${received} >= ${POISON_LEAST_RECEIVES}, ${received} / IF(${deleted} > 0, ${deleted}, 1), 0)`,
    usingMetrics: {
      received: queue.metricNumberOfMessagesReceived(sum),
      deleted: queue.metricNumberOfMessagesDeleted(sum),
    },
    period,
    label: 'receives per deletion',
  });
}
