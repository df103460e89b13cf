import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';

/** What an alarm watches, and what somebody reads whom it wakes. */
export interface Watch {
  readonly metric: cloudwatch.IMetric;
  /** @default 0 */
  readonly threshold?: number;
  /** @default - greater than the threshold */
  readonly comparison?: cloudwatch.ComparisonOperator;
  /** Newest periods that are looked at. @default 1 */
  readonly evaluationPeriods?: number;
  /** How many of these must breach. @default - all */
  readonly datapointsToAlarm?: number;
  /** @default - not breaching: what rests reports nothing, and that is well */
  readonly missing?: cloudwatch.TreatMissingData;
  readonly description: string;
  /** Name of the page in `docs/runbooks/`, without its ending. */
  readonly runbook: string;
}

/** An alarm whose description ends in its runbook. */
export function runbookAlarm(scope: Construct, id: string, watch: Watch): cloudwatch.Alarm {
  return new cloudwatch.Alarm(scope, id, {
    metric: watch.metric,
    threshold: watch.threshold ?? 0,
    comparisonOperator: watch.comparison ?? cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods: watch.evaluationPeriods ?? 1,
    datapointsToAlarm: watch.datapointsToAlarm,
    treatMissingData: watch.missing ?? cloudwatch.TreatMissingData.NOT_BREACHING,
    alarmDescription: `${watch.description} Runbook: docs/runbooks/${watch.runbook}.md`,
  });
}

/** Tells the topic of the beginning and the end of each alarm; nobody where there is no topic. */
export function tell(topic: sns.ITopic | undefined, alarms: readonly cloudwatch.Alarm[]): void {
  if (!topic) return;
  const action = new SnsAction(topic);
  for (const alarm of alarms) {
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
  }
}
