import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ConfigCheck } from '../config-error';

/** Below this many receives, a short outage alone sends good messages to the dead-letter queue. */
export const LEAST_ADVISED_RECEIVES = 5;

/** Most messages in a batch that Lambda takes without waiting for more. */
const LARGEST_UNWINDOWED_BATCH = 10;

/** Seconds of the longest `Duration` props; sources: SQS CreateQueue, Lambda CreateEventSourceMapping. */
const LONGEST_FUNCTION_TIMEOUT = 900;
const LONGEST_BATCHING_WINDOW = 300;
const SHORTEST_RETENTION = 60;
const LONGEST_RETENTION = 14 * 86_400;

/** Every setting of a queue with its default filled in. */
export interface QueueSettings {
  readonly consumerTimeout: Duration;
  readonly batchSize: number;
  readonly batchingWindow: Duration;
  readonly maxConcurrency: number;
  readonly maxReceiveCount: number;
  readonly retention: Duration;
  readonly deadLetterRetention: Duration;
}

/** The defaults that the docs of `ResilientQueueProps` state. */
export function queueSettings(props: Partial<QueueSettings>): QueueSettings {
  return {
    consumerTimeout: props.consumerTimeout ?? Duration.seconds(60),
    batchSize: props.batchSize ?? 5,
    batchingWindow: props.batchingWindow ?? Duration.seconds(0),
    maxConcurrency: props.maxConcurrency ?? 10,
    maxReceiveCount: props.maxReceiveCount ?? LEAST_ADVISED_RECEIVES,
    retention: props.retention ?? Duration.days(4),
    deadLetterRetention: props.deadLetterRetention ?? Duration.days(14),
  };
}

/**
 * Time for which a received message is hidden: six times the consumer's timeout and the batching window, so that
 * throttled polls are retried before the message shows up again.
 * Source: "Using Lambda with Amazon SQS", Lambda developer guide.
 */
export function visibilityTimeout(settings: QueueSettings): Duration {
  return Duration.seconds(6 * settings.consumerTimeout.toSeconds() + settings.batchingWindow.toSeconds());
}

/** @throws ConstructConfigError naming every setting that SQS, Lambda or the construct refuses */
export function checkQueueSettings(scope: Construct, id: string, settings: QueueSettings): void {
  const check = new ConfigCheck(scope, id);
  const seconds = (prop: keyof QueueSettings, value: Duration, min: number, max: number) =>
    check.require(
      value.toSeconds({ integral: false }) >= min && value.toSeconds({ integral: false }) <= max,
      prop,
      `must be between ${min} and ${max} seconds`,
      `${value.toSeconds({ integral: false })} seconds`,
    );
  seconds('consumerTimeout', settings.consumerTimeout, 1, LONGEST_FUNCTION_TIMEOUT);
  seconds('batchingWindow', settings.batchingWindow, 0, LONGEST_BATCHING_WINDOW);
  seconds('retention', settings.retention, SHORTEST_RETENTION, LONGEST_RETENTION);
  seconds('deadLetterRetention', settings.deadLetterRetention, SHORTEST_RETENTION, LONGEST_RETENTION);
  check
    .integer('batchSize', settings.batchSize, 1, 10_000)
    .integer('maxConcurrency', settings.maxConcurrency, 2, 1000)
    .integer('maxReceiveCount', settings.maxReceiveCount, 1, 1000)
    .require(
      settings.batchSize <= LARGEST_UNWINDOWED_BATCH || settings.batchingWindow.toSeconds() >= 1,
      'batchingWindow',
      `must be at least 1 second when \`batchSize\` is above ${LARGEST_UNWINDOWED_BATCH}`,
      `${settings.batchingWindow.toSeconds()} seconds`,
    )
    .require(
      // A message keeps its first date when it moves, so it would expire in the dead-letter queue at once.
      settings.deadLetterRetention.toSeconds() > settings.retention.toSeconds(),
      'deadLetterRetention',
      'must be longer than `retention`',
      `${settings.deadLetterRetention.toSeconds()} seconds against ${settings.retention.toSeconds()} seconds`,
    )
    .throwProblems();
}
