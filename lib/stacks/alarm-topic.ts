import * as sns from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';

/** Who is told of alarms. */
export interface AlarmTopicProps {
  /**
   * Told when an alarm begins and ends, and of each rotation that failed.
   *
   * @default - the topic of `alarmTopicArn`, or nobody: the alarms have no actions
   */
  readonly alarmTopic?: sns.ITopic;

  /**
   * ARN of that topic, where it is no part of the app. Its policy must let `cloudwatch.amazonaws.com` and
   * `events.amazonaws.com` publish, and so must its key.
   *
   * @default - none
   */
  readonly alarmTopicArn?: string;
}

/** The topic itself, or the one that is called so. */
export function alarmTopicOf(scope: Construct, { alarmTopic, alarmTopicArn }: AlarmTopicProps): sns.ITopic | undefined {
  if (alarmTopic || !alarmTopicArn) return alarmTopic;
  return sns.Topic.fromTopicArn(scope, 'AlarmTopic', alarmTopicArn);
}
