import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ConfigCheck } from '../config-error';

/** Below this many receives, a short outage alone sends good messages to the dead-letter queue. */
export const LEAST_ADVISED_RECEIVES = 5;

/** Most messages in a batch that Lambda takes without waiting for more. */
const LARGEST_UNWINDOWED_BATCH = 10;

/** Every setting of a queue with its default filled in. */
export interface QueueSettings {
  readonly consumerTimeout: Duration;
  readonly batchSize: number;
  readonly batchingWindow: Duration;
  readonly maxConcurrency: number;
  readonly maxReceiveCount: number;
  readonly retention: Duration;
  readonly deadLetterRetention: Duration;
  readonly maxAge: Duration;
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
    maxAge: props.maxAge ?? Duration.minutes(15),
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

/** Their least and most seconds; sources: SQS CreateQueue, Lambda CreateEventSourceMapping. */
const DURATIONS = [
  { prop: 'consumerTimeout', min: 1, max: 900 },
  { prop: 'batchingWindow', min: 0, max: 300 },
  { prop: 'retention', min: 60, max: 14 * 86_400 },
  { prop: 'deadLetterRetention', min: 60, max: 14 * 86_400 },
  { prop: 'maxAge', min: 60, max: 14 * 86_400 },
] as const;

/** @throws ConstructConfigError naming every setting that SQS, Lambda or the construct refuses */
export function checkQueueSettings(scope: Construct, id: string, settings: QueueSettings): void {
  const check = new ConfigCheck(scope, id);
  for (const { prop } of DURATIONS) {
    check.require(!settings[prop].isUnresolved(), prop, 'must be known at synthesis', 'a token');
  }
  check.throwProblems();
  for (const { prop, min, max } of DURATIONS) {
    const seconds = settings[prop].toSeconds();
    check.require(
      seconds >= min && seconds <= max,
      prop,
      `must be between ${min} and ${max} seconds`,
      `${seconds} seconds`,
    );
  }
  check
    .integer('batchSize', settings.batchSize, 1, 10_000)
    .integer('maxConcurrency', settings.maxConcurrency, 2, 1000)
    // With one receive each is the last, and the processor could not tell a redriven message from its dead letter.
    .integer('maxReceiveCount', settings.maxReceiveCount, 2, 1000)
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
