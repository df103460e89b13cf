import { Duration } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { runbookAlarm, tell } from '../alerting/runbook-alarm';
import type { QueueAlarms } from '../queue/queue-alarms';

/** What `UploadAlarms` watches. */
export interface UploadAlarmsProps {
  /** Uploads that were refused as malware. */
  readonly malware: cloudwatch.IMetric;
  /** The alarms of the inspector's queue, which have their own actions. */
  readonly queue: QueueAlarms;
  /**
   * Told when an alarm begins and ends.
   *
   * @default - nobody: give the alarms their actions yourself
   */
  readonly topic?: sns.ITopic;
}

/** The period of the metric of malware. */
export const MALWARE_PERIOD = Duration.minutes(5);

/** The alarms of uploads. Each names its runbook. */
export class UploadAlarms extends Construct {
  /** A client has uploaded malware. */
  public readonly malware: cloudwatch.Alarm;
  /** Uploads that nobody could decide, inspections that are late, and messages that go round in circles. */
  public readonly queue: QueueAlarms;

  constructor(scope: Construct, id: string, props: UploadAlarmsProps) {
    super(scope, id);
    this.queue = props.queue;
    this.malware = runbookAlarm(this, 'Malware', {
      metric: props.malware,
      description: 'A client has uploaded malware, which was refused.',
      runbook: 'uploads-malware',
    });
    tell(props.topic, [this.malware]);
  }

  /** All of them. */
  public get all(): cloudwatch.Alarm[] {
    return [this.malware, ...this.queue.all];
  }
}
