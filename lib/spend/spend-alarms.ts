import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { runbookAlarm, tell } from '../alerting/runbook-alarm';
import { METRIC_NAMESPACE, MetricName, SERVICE_NAME, SPEND_WINDOWS, WINDOW_DIMENSION } from '../contract/metrics';

/** What `SpendAlarms` watches. */
export interface SpendAlarmsProps {
  /** Percentages of each cap from which on somebody is told. */
  readonly warnAtPercent: number[];
  /** Told when an alarm begins and ends. @default - nobody: give the alarms their actions yourself */
  readonly topic?: sns.ITopic;
}

const MINUTE = Duration.minutes(1);
const FIVE_MINUTES = Duration.minutes(5);

/** The alarms of what is spent upstream. Each names its runbook. */
export class SpendAlarms extends Construct {
  /** Much of a cap is spent: one alarm for each percentage of the day's cap, then of the month's. */
  public readonly warnings: cloudwatch.Alarm[];
  /** Spending is cut off: nothing is accepted until an operator restores it. */
  public readonly cutOff: cloudwatch.Alarm;
  /** A call has cost more than was reserved for it, which no cap could prevent: a price or a bound is wrong. */
  public readonly overrun: cloudwatch.Alarm;
  /** The ledger fails, and requests are refused for it. */
  public readonly ledgerUnavailable: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, props: SpendAlarmsProps) {
    super(scope, id);
    this.warnings = SPEND_WINDOWS.flatMap((window) =>
      props.warnAtPercent.map((percent) => this.warning(window, percent)),
    );
    this.cutOff = runbookAlarm(this, 'CutOff', {
      metric: ownMetric(MetricName.SPEND_CUT_OFF, MINUTE, 'Maximum'),
      description: 'Spending is cut off: no request is accepted.',
      runbook: 'spend-cut-off',
    });
    this.overrun = runbookAlarm(this, 'Overrun', {
      metric: ownMetric(MetricName.SPEND_OVERRUN, FIVE_MINUTES),
      description: 'A call has cost more than was reserved for it: the price book or a bound is wrong.',
      runbook: 'spend-overrun',
    });
    this.ledgerUnavailable = runbookAlarm(this, 'LedgerUnavailable', {
      metric: ownMetric(MetricName.LEDGER_UNAVAILABLE, MINUTE),
      // Of a quiet service as well: three refused requests within a quarter of an hour are no passing fault.
      evaluationPeriods: 15,
      datapointsToAlarm: 3,
      description: 'Requests are refused because the spend ledger cannot be read or written.',
      runbook: 'ledger-unavailable',
    });
    tell(props.topic, this.all);
  }

  /** All of them. */
  public get all(): cloudwatch.Alarm[] {
    return [...this.warnings, this.cutOff, this.overrun, this.ledgerUnavailable];
  }

  private warning(window: (typeof SPEND_WINDOWS)[number], percent: number): cloudwatch.Alarm {
    return runbookAlarm(this, `${window === 'day' ? 'Day' : 'Month'}${percent}`, {
      metric: ownMetric(MetricName.SPEND_PERCENT, MINUTE, 'Maximum', { [WINDOW_DIMENSION]: window }),
      threshold: percent,
      comparison: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      // What is spent does not shrink because nobody reports it.
      missing: cloudwatch.TreatMissingData.IGNORE,
      description: `${percent} % of what may be spent in this UTC ${window} is spent.`,
      runbook: 'spend-warning',
    });
  }
}

/** A metric that the service publishes itself. */
function ownMetric(
  metricName: string,
  period: Duration,
  statistic = 'Sum',
  dimensions: Record<string, string> = {},
): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: METRIC_NAMESPACE,
    metricName,
    dimensionsMap: { service: SERVICE_NAME, ...dimensions },
    period,
    statistic,
  });
}
