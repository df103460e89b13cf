import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

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
    this.deadLetters = this.add('DeadLetters', {
      metric: deadLetterQueue.metricApproximateNumberOfMessagesVisible({ period: MINUTE, statistic: 'Maximum' }),
      description: 'Messages that nobody could process lie in the dead-letter queue.',
      runbook: 'dead-letters',
    });
    this.deadLetterArrivals = this.add('DeadLetterArrivals', {
      metric: arrivalsIn(deadLetterQueue),
      description: 'Messages have arrived in the dead-letter queue within the last minutes.',
      runbook: 'dead-letters',
    });
    this.oldestMessage = this.add('OldestMessage', {
      metric: queue.metricApproximateAgeOfOldestMessage({ period: MINUTE, statistic: 'Maximum' }),
      threshold: maxAge.toSeconds(),
      evaluationPeriods: 3,
      description: `The oldest message has waited for more than ${maxAge.toSeconds()} seconds.`,
      runbook: 'oldest-message',
    });
    this.poison = this.add('Poison', {
      metric: receivesPerDeletion(queue),
      threshold: POISON_RATIO,
      evaluationPeriods: 3,
      description: `Messages are received more than ${POISON_RATIO} times for each one that is done.`,
      runbook: 'poison-messages',
    });
    if (props.topic) {
      const action = new SnsAction(props.topic);
      for (const alarm of this.all) {
        alarm.addAlarmAction(action);
        alarm.addOkAction(action);
      }
    }
  }

  /** All four. */
  public get all(): cloudwatch.Alarm[] {
    return [this.deadLetters, this.deadLetterArrivals, this.oldestMessage, this.poison];
  }

  private add(id: string, { metric, threshold, evaluationPeriods, description, runbook }: Watch): cloudwatch.Alarm {
    return new cloudwatch.Alarm(this, id, {
      metric,
      threshold: threshold ?? 0,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: evaluationPeriods ?? 1,
      // A queue that rests reports nothing, and that is well.
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      alarmDescription: `${description} Runbook: docs/runbooks/${runbook}.md`,
    });
  }
}

interface Watch {
  readonly metric: cloudwatch.IMetric;
  readonly threshold?: number;
  readonly evaluationPeriods?: number;
  readonly description: string;
  readonly runbook: string;
}

const MINUTE = Duration.minutes(1);

/**
 * Messages that arrived in a dead-letter queue: what more is in it than a minute ago, and what was deleted meanwhile.
 * SQS's own counter of arrivals does not do: `NumberOfMessagesSent` leaves out what a redrive policy moves ("Available
 * CloudWatch metrics for Amazon SQS"). Of the depth the least of each minute is taken, so that a deletion and the fall
 * of the depth that it brings are in the same minute.
 */
function arrivalsIn(queue: sqs.IQueue): cloudwatch.MathExpression {
  const least = { period: MINUTE, statistic: 'Minimum' };
  return new cloudwatch.MathExpression({
    expression: 'DIFF(FILL(waiting, 0) + FILL(received, 0)) + FILL(deleted, 0)',
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
