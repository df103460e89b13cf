import { Annotations, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ConstructConfigError } from '../config-error';
import { QueueAlarms } from './queue-alarms';
import {
  checkQueueSettings,
  LEAST_ADVISED_RECEIVES,
  type QueueSettings,
  queueSettings,
  visibilityTimeout,
} from './queue-limits';

/** Settings of a `ResilientQueue`. */
export interface ResilientQueueProps {
  /**
   * Longest timeout of a consumer, between 1 second and 15 minutes. The visibility timeout is computed from it:
   * six times this, and the batching window.
   *
   * @default Duration.seconds(60)
   */
  readonly consumerTimeout?: Duration;

  /**
   * Most messages that a consumer gets at once, between 1 and 10 000. Keep it small where a message costs money.
   *
   * @default 5
   */
  readonly batchSize?: number;

  /**
   * Time to wait for a fuller batch, up to 5 minutes; at least 1 second when `batchSize` is above 10.
   *
   * @default Duration.seconds(0)
   */
  readonly batchingWindow?: Duration;

  /**
   * Most concurrent invocations of a consumer, between 2 and 1000. Unlike reserved concurrency it receives no
   * message that it cannot hand over, so that a busy consumer uses up no receives.
   *
   * @default 10
   */
  readonly maxConcurrency?: number;

  /**
   * Receives after which a message goes to the dead-letter queue, between 2 and 1000; below 5 is a warning.
   *
   * @default 5
   */
  readonly maxReceiveCount?: number;

  /**
   * Time that a message waits at most, between 1 minute and 14 days.
   *
   * @default Duration.days(4)
   */
  readonly retention?: Duration;

  /**
   * Time that a message is kept in the dead-letter queue, counted from its first arrival in the source queue:
   * longer than `retention`, at most 14 days.
   *
   * @default Duration.days(14)
   */
  readonly deadLetterRetention?: Duration;

  /**
   * Customer-managed key that encrypts both queues.
   *
   * @default - a key of the queue's own, rotated yearly
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * Age of the oldest message from which on the alarm `oldestMessage` counts consumers as too slow: at least 1 minute.
   *
   * @default Duration.minutes(15)
   */
  readonly maxAge?: Duration;

  /**
   * Told when one of the alarms begins and ends. A topic under a customer-managed key hears nothing unless that key
   * lets CloudWatch use it.
   *
   * @default - nobody: the alarms have no actions
   */
  readonly alarmTopic?: sns.ITopic;

  /**
   * Page in `docs/runbooks/`, without its ending, for whoever is told of dead letters of this queue.
   *
   * @default 'dead-letters'
   */
  readonly deadLetterRunbook?: string;

  /**
   * What becomes of queues and key when they leave the stack.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * A queue that loses nothing: with a dead-letter queue that outlasts it, both encrypted under a customer-managed
 * key and closed to plain HTTP, a visibility timeout that fits its consumers, and partial batch responses.
 */
export class ResilientQueue extends Construct {
  /** The queue that consumers read. */
  public readonly queue: sqs.Queue;
  /** Where a message goes after `maxReceiveCount` receives. */
  public readonly deadLetterQueue: sqs.Queue;
  /** The key that encrypts both queues. */
  public readonly encryptionKey: kms.IKey;
  /** Receives after which a message goes to the dead-letter queue. */
  public readonly maxReceiveCount: number;
  /** Alarms on dead letters, their arrival, the age of messages and poison. */
  public readonly alarms: QueueAlarms;
  /** Longest timeout that `addConsumer` accepts. */
  public readonly consumerTimeout: Duration;

  /** Time that a message waits at most. */
  public readonly retention: Duration;
  /** Most concurrent invocations of a consumer. */
  public readonly maxConcurrency: number;

  private readonly settings: QueueSettings;

  /** @throws ConstructConfigError naming every prop that is out of its range. */
  constructor(scope: Construct, id: string, props: ResilientQueueProps = {}) {
    const settings = queueSettings(props);
    checkQueueSettings(scope, id, settings);
    super(scope, id);
    this.settings = settings;
    this.maxReceiveCount = settings.maxReceiveCount;
    this.consumerTimeout = settings.consumerTimeout;
    this.retention = settings.retention;
    this.maxConcurrency = settings.maxConcurrency;
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    this.encryptionKey =
      props.encryptionKey ??
      new kms.Key(this, 'Key', {
        description: `Encrypts the messages of ${this.node.path}.`,
        enableKeyRotation: true,
        removalPolicy,
      });
    const both = {
      encryption: sqs.QueueEncryption.KMS,
      encryptionMasterKey: this.encryptionKey,
      enforceSSL: true,
      removalPolicy,
    };
    this.deadLetterQueue = new sqs.Queue(this, 'DeadLetterQueue', {
      ...both,
      retentionPeriod: settings.deadLetterRetention,
    });
    this.queue = new sqs.Queue(this, 'Queue', {
      ...both,
      retentionPeriod: settings.retention,
      visibilityTimeout: visibilityTimeout(settings),
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: settings.maxReceiveCount },
    });
    this.alarms = new QueueAlarms(this, 'Alarms', {
      queue: this.queue,
      deadLetterQueue: this.deadLetterQueue,
      maxAge: settings.maxAge,
      deadLetterRunbook: props.deadLetterRunbook,
      topic: props.alarmTopic,
    });
    this.warnOfFewReceives();
  }

  /**
   * Lets the function consume the queue: an event-source mapping with partial batch responses and `maxConcurrency`,
   * and the rights to receive, delete and decrypt. The handler must answer with `batchItemFailures`.
   *
   * @returns the mapping, by which the consumer can be paused: see `grantPause`
   * @throws ConstructConfigError when the function's timeout is longer than `consumerTimeout`
   */
  public addConsumer(consumer: lambda.Function): lambda.EventSourceMapping {
    const timeout = consumer.timeout ?? LAMBDA_DEFAULT_TIMEOUT;
    if (timeout.toSeconds() > this.consumerTimeout.toSeconds()) {
      throw new ConstructConfigError(this.node.path, [
        `\`timeout\` of ${consumer.node.path} must be at most \`consumerTimeout\`, ${this.consumerTimeout.toSeconds()} seconds, got: ${timeout.toSeconds()} seconds`,
      ]);
    }
    this.warnOfThrottledPolls(consumer);
    this.queue.grant(
      consumer,
      'sqs:ReceiveMessage',
      'sqs:DeleteMessage',
      'sqs:ChangeMessageVisibility',
      'sqs:GetQueueAttributes',
    );
    this.encryptionKey.grant(consumer, 'kms:Decrypt');
    // The mapping belongs to the function's stack, which may well depend on the queue's and not the other way.
    return consumer.addEventSourceMapping(`Consume${pathInStack(this).join('')}`, {
      eventSourceArn: this.queue.queueArn,
      batchSize: this.settings.batchSize,
      maxBatchingWindow: this.settings.batchingWindow,
      maxConcurrency: this.settings.maxConcurrency,
      reportBatchItemFailures: true,
    });
  }

  /**
   * Lets the grantee pause and resume a consumer: look at the mapping that `addConsumer` returned, switch it off and on,
   * and change its concurrency; of no other mapping.
   */
  public grantPause(grantee: iam.IGrantable, consumer: lambda.EventSourceMapping): iam.Grant {
    return iam.Grant.addToPrincipal({
      grantee,
      actions: ['lambda:GetEventSourceMapping', 'lambda:UpdateEventSourceMapping'],
      resourceArns: [consumer.eventSourceMappingArn],
    });
  }

  /** Lets the grantee receive single messages and delete them, beside the consumers. */
  public grantReceive(grantee: iam.IGrantable): iam.Grant {
    return this.queue
      .grant(grantee, 'sqs:ReceiveMessage', 'sqs:DeleteMessage')
      .combine(this.encryptionKey.grant(grantee, 'kms:Decrypt'));
  }

  /**
   * Lets the grantee send messages to the queue, encrypted under its key. Give each message its tenant as the message
   * group (`MessageGroupId`): the queue then stays fair to the other tenants while one of them sends more than its share.
   */
  public grantSend(grantee: iam.IGrantable): iam.Grant {
    // SQS decrypts the data key that it reuses, so that a sender needs both (SQS developer guide, "Key management").
    return this.queue
      .grant(grantee, 'sqs:SendMessage')
      .combine(this.encryptionKey.grant(grantee, 'kms:GenerateDataKey', 'kms:Decrypt'));
  }

  /** Lets the grantee send a message to the dead-letter queue itself, where it knows before the last receive. */
  public grantDeadLetter(grantee: iam.IGrantable): iam.Grant {
    return this.deadLetterQueue
      .grant(grantee, 'sqs:SendMessage')
      .combine(this.encryptionKey.grant(grantee, 'kms:GenerateDataKey', 'kms:Decrypt'));
  }

  private warnOfThrottledPolls(consumer: lambda.Function): void {
    const reserved = (consumer.node.defaultChild as lambda.CfnFunction).reservedConcurrentExecutions;
    if (reserved !== undefined && reserved < this.settings.maxConcurrency) {
      Annotations.of(consumer).addWarningV2(
        'cdk-bulwark:throttledPolls',
        `\`reservedConcurrentExecutions\` should be at least \`maxConcurrency\`, ${this.settings.maxConcurrency}, or throttled polls use up the receives of messages, got: ${reserved}`,
      );
    }
  }

  private warnOfFewReceives(): void {
    if (this.maxReceiveCount < LEAST_ADVISED_RECEIVES) {
      Annotations.of(this).addWarningV2(
        'cdk-bulwark:fewReceives',
        `\`maxReceiveCount\` should be at least ${LEAST_ADVISED_RECEIVES}, or a short outage sends good messages to the dead-letter queue, got: ${this.maxReceiveCount}`,
      );
    }
  }
}

/** What Lambda uses when a function names no timeout. */
const LAMBDA_DEFAULT_TIMEOUT = Duration.seconds(3);

/** Ids from the stack down to the construct: the same in every environment, unlike its path. */
function pathInStack(construct: Construct): string[] {
  const below = Stack.of(construct).node.scopes.length;
  return construct.node.scopes.slice(below).map((scope) => scope.node.id);
}
