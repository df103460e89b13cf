import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { runbookAlarm, tell } from '../alerting/runbook-alarm';

/** What `SpendControlAlarms` watches. */
export interface SpendControlAlarmsProps {
  /** Watches the caps, every minute. */
  readonly controller: lambda.IFunction;
  /**
   * Told when an alarm begins and ends.
   *
   * @default - nobody: give the alarms their actions yourself
   */
  readonly topic?: sns.ITopic;
}

const FIVE_MINUTES = Duration.minutes(5);

/** Failed runs in 5 minutes from which on something is broken, and not only unlucky. */
const TOO_MANY_ERRORS = 3;

/** The alarms of what watches the caps: without it nobody is warned, and a cut-off is not kept up. */
export class SpendControlAlarms extends Construct {
  /** It fails. */
  public readonly errors: cloudwatch.Alarm;
  /** It does not run at all. */
  public readonly silent: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, { controller, topic }: SpendControlAlarmsProps) {
    super(scope, id);
    this.errors = runbookAlarm(this, 'Errors', {
      metric: controller.metricErrors({ period: FIVE_MINUTES, statistic: 'Sum' }),
      threshold: TOO_MANY_ERRORS,
      comparison: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      description: 'The watch over the spending caps fails.',
      runbook: 'spend-control-silent',
    });
    this.silent = runbookAlarm(this, 'Silent', {
      metric: controller.metricInvocations({ period: FIVE_MINUTES, statistic: 'Sum' }),
      threshold: 1,
      comparison: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
      // A function that is never invoked reports nothing, which is what this alarm is for.
      missing: cloudwatch.TreatMissingData.BREACHING,
      description: 'The spending caps have not been watched for 5 minutes.',
      runbook: 'spend-control-silent',
    });
    tell(topic, this.all);
  }

  /** Both. */
  public get all(): cloudwatch.Alarm[] {
    return [this.errors, this.silent];
  }
}
