import { Annotations, Duration, Stack } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { UPLOAD_PREFIX } from '../contract/uploads';
import type { ResilientQueue } from '../queue/resilient-queue';

export interface UploadEventsProps {
  readonly bucket: s3.IBucket;
  readonly queue: ResilientQueue;
  /** The key of the queue. */
  readonly encryptionKey: kms.IKey;
  /** Whether to hear of scans as well. */
  readonly malwareScan: boolean;
}

const EVENT_BRIDGE = 'events.amazonaws.com';

/** Time for which EventBridge tries to bring an event into the queue, which is the most that it does. */
const MAX_EVENT_AGE = Duration.hours(24);

/** Brings what happens in quarantine into the inspector's queue; what does not get there goes to its dead letters. */
export class UploadEvents extends Construct {
  constructor(scope: Construct, id: string, props: UploadEventsProps) {
    super(scope, id);
    const bucketName = [props.bucket.bucketName];
    const rules = [
      this.createRule('Arrived', props, 'Uploads that arrived in quarantine.', {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: { bucket: { name: bucketName }, object: { key: events.Match.prefix(UPLOAD_PREFIX) } },
      }),
    ];
    if (props.malwareScan) {
      rules.push(
        this.createRule('Scanned', props, 'Uploads that GuardDuty has scanned.', {
          source: ['aws.guardduty'],
          detailType: ['GuardDuty Malware Protection Object Scan Result'],
          detail: { s3ObjectDetails: { bucketName, objectKey: events.Match.prefix(UPLOAD_PREFIX) } },
        }),
      );
    }
    const { queue, deadLetterQueue } = props.queue;
    for (const target of [queue, deadLetterQueue]) admit(target, rules);
    this.admitToKey(props.encryptionKey);
  }

  private createRule(id: string, props: UploadEventsProps, description: string, eventPattern: events.EventPattern) {
    const { queue, deadLetterQueue } = props.queue;
    return new events.Rule(this, id, {
      description,
      eventPattern,
      targets: [
        {
          bind: () => ({
            arn: queue.queueArn,
            deadLetterConfig: { arn: deadLetterQueue.queueArn },
            retryPolicy: { maximumEventAgeInSeconds: MAX_EVENT_AGE.toSeconds(), maximumRetryAttempts: 185 },
          }),
        },
      ],
    });
  }

  /** By the account and not by the rule: the key belongs to the queue, which the rules are made for. */
  private admitToKey(key: kms.IKey): void {
    const { statementAdded } = key.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'EventBridgeToQueue',
        principals: [new iam.ServicePrincipal(EVENT_BRIDGE)],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    if (!statementAdded) {
      Annotations.of(this).addWarningV2(
        'cdk-bulwark:uploadsKeyPolicy',
        'The policy of an imported key cannot be changed here: it must let EventBridge use the key, or no upload is ever inspected.',
      );
    }
  }
}

/** Unlike a target of the CDK's own, which lets EventBridge look at the queue as well. */
function admit(queue: sqs.IQueue, rules: readonly events.Rule[]): void {
  queue.addToResourcePolicy(
    new iam.PolicyStatement({
      sid: 'EventBridge',
      principals: [new iam.ServicePrincipal(EVENT_BRIDGE)],
      actions: ['sqs:SendMessage'],
      resources: [queue.queueArn],
      conditions: { ArnEquals: { 'aws:SourceArn': rules.map(({ ruleArn }) => ruleArn) } },
    }),
  );
}
