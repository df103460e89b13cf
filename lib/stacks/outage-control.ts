import { Duration } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { breakerRowName, ControlTable } from '../contract/control';
import { EnvironmentKey } from '../contract/environment-keys';
import type { HandlerName } from '../contract/handlers';
import type { StandardFunction, StandardFunctionProps } from '../functions/standard-function';
import type { DataAccess } from './data-access';
import type { DataStack } from './data-stack';
import { ledgerEnvironment } from './ledger-environment';
import type { ResolvedOutageSettings } from './outage-settings';

/** Makes one of the service's functions, with the settings that all of them share. */
export type CreateFunction = (
  id: string,
  handler: HandlerName,
  environment: Record<string, string>,
  overrides?: Partial<StandardFunctionProps>,
) => StandardFunction;

export interface OutageControlProps {
  readonly data: DataStack;
  readonly access: DataAccess;
  readonly processor: StandardFunction;
  /** The mapping by which the processor consumes the work queue. */
  readonly consumer: lambda.EventSourceMapping;
  readonly settings: ResolvedOutageSettings;
  readonly createFunction: CreateFunction;
}

/** What the processor is told of the breaker. */
export const breakerEnvironment = (settings: ResolvedOutageSettings): Record<string, string> => ({
  [EnvironmentKey.BREAKER_FAILURES]: String(settings.failures),
  [EnvironmentKey.BREAKER_FAILURE_PERCENT]: String(settings.failurePercent),
  [EnvironmentKey.BREAKER_SLOW_CALL_MS]: String(settings.slowCall?.toMilliseconds() ?? 0),
  [EnvironmentKey.BREAKER_OPEN_FOR_MS]: String(settings.openFor.toMilliseconds()),
  [EnvironmentKey.BREAKER_MAX_OPEN_FOR_MS]: String(settings.openForAtMost.toMilliseconds()),
  [EnvironmentKey.OUTAGE_PATIENCE_MS]: String(settings.patience.toMilliseconds()),
  [EnvironmentKey.BREAKER_SUCCESSES_TO_CLOSE]: String(settings.successesToClose),
});

/** What steers the processor from outside. */
export interface OutageControl {
  readonly controller: StandardFunction;
  readonly sweeper: StandardFunction;
}

/** Adds what steers the processor from outside: the controller that follows the breaker, and the sweeper. */
export function addOutageControl(scope: Construct, props: OutageControlProps): OutageControl {
  return { controller: addController(props), sweeper: addSweeper(scope, props) };
}

/** What both are told of the consumer. They name the mapping, and never the mapping them: that would be a cycle. */
const consumerEnvironment = ({ data, consumer, settings }: OutageControlProps): Record<string, string> => ({
  [EnvironmentKey.CONTROL_TABLE]: data.controlTable.tableName,
  [EnvironmentKey.CONTROL_QUEUE_URL]: data.controlQueue.queue.queueUrl,
  [EnvironmentKey.QUEUE_URL]: data.workQueue.queue.queueUrl,
  [EnvironmentKey.CONSUMER_MAPPING_ID]: consumer.eventSourceMappingId,
  [EnvironmentKey.CONSUMER_MAX_CONCURRENCY]: String(data.workQueue.maxConcurrency),
  [EnvironmentKey.RESUME_STEP_SECONDS]: String(settings.resumeStep.toSeconds()),
});

function addController(props: OutageControlProps): StandardFunction {
  const { data, access, processor, consumer, createFunction } = props;
  const controller = createFunction(
    'ControlBreaker',
    'control-breaker',
    { ...consumerEnvironment(props), [EnvironmentKey.PROCESSOR_FUNCTION]: processor.functionName },
    // Its messages to itself are a loop on purpose, bounded by the open window and by the epoch of the breaker.
    { timeout: data.controlQueue.consumerTimeout, recursiveLoop: lambda.RecursiveLoop.ALLOW },
  );
  access.readControl(controller);
  data.workQueue.grantReceive(controller);
  data.workQueue.grantPause(controller, consumer);
  data.controlQueue.grantSend(controller);
  data.controlQueue.addConsumer(controller);
  controller.addToRolePolicy(
    new iam.PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [processor.functionArn] }),
  );
  const listing = access.followControl(controller);
  const mapping = controller.addEventSourceMapping('ControlStream', {
    eventSourceArn: access.streamArnOf(data.controlTable),
    startingPosition: lambda.StartingPosition.TRIM_HORIZON,
    batchSize: 10,
    reportBatchItemFailures: true,
    // A change that could not be followed for so long is the sweeper's: it must not hold up those after it.
    maxRecordAge: Duration.minutes(5),
    filters: [
      lambda.FilterCriteria.filter({
        eventName: lambda.FilterRule.or('INSERT', 'MODIFY'),
        dynamodb: {
          Keys: { [ControlTable.PARTITION_KEY]: { S: lambda.FilterRule.beginsWith(breakerRowName('')) } },
        },
      }),
    ],
  });
  mapping.node.addDependency(listing);
  return controller;
}

function addSweeper(scope: Construct, props: OutageControlProps): StandardFunction {
  const { data, access, consumer, settings, createFunction } = props;
  const sweeper = createFunction(
    'SweepLeases',
    'sweep-leases',
    {
      ...consumerEnvironment(props),
      [EnvironmentKey.JOBS_TABLE]: data.jobsTable.tableName,
      ...ledgerEnvironment(data.spendCap),
      [EnvironmentKey.DEAD_LETTER_QUEUE_URL]: data.workQueue.deadLetterQueue.queueUrl,
      [EnvironmentKey.STUCK_AFTER_MS]: String(settings.stuckAfter.toMilliseconds()),
      [EnvironmentKey.QUEUE_RETENTION_MS]: String(data.workQueue.retention.toMilliseconds()),
    },
    { timeout: Duration.seconds(55) },
  );
  access.sweepJobs(sweeper);
  // Whether a job whose reservation's lease has ended is alive.
  access.readJobs(sweeper);
  data.spendCap.grantSweep(sweeper);
  access.readControl(sweeper);
  data.workQueue.grantSend(sweeper);
  data.workQueue.grantDeadLetter(sweeper);
  data.workQueue.queue.grant(sweeper, 'sqs:GetQueueAttributes');
  data.controlQueue.grantSend(sweeper);
  sweeper.addToRolePolicy(
    new iam.PolicyStatement({
      actions: ['lambda:GetEventSourceMapping'],
      resources: [consumer.eventSourceMappingArn],
    }),
  );
  new events.Rule(scope, 'SweepSchedule', {
    description: 'Sends stuck jobs again, and heals the control of the consumer.',
    schedule: events.Schedule.rate(Duration.minutes(1)),
    // The next sweep is a minute away: to try this one again would only put two beside each other.
    targets: [new LambdaFunction(sweeper, { retryAttempts: 0, maxEventAge: Duration.minutes(1) })],
  });
  return sweeper;
}
