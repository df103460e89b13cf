import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { runbookAlarm, tell } from '../alerting/runbook-alarm';
import { METRIC_NAMESPACE, MetricName, SERVICE_NAME } from '../contract/metrics';

/** What `ServiceAlarms` watches. */
export interface ServiceAlarmsProps {
  /** Runs the jobs. */
  readonly processor: lambda.IFunction;
  /** Brings accepted jobs into the queue. */
  readonly relay: lambda.IFunction;
  /** Follows the breaker. */
  readonly controller: lambda.IFunction;
  /** Heals what was lost, every minute. */
  readonly sweeper: lambda.IFunction;
  /** How long the breaker may stay not closed. */
  readonly openAlarmAfter: Duration;
  /**
   * Told when an alarm begins and ends.
   *
   * @default - nobody: give the alarms their actions yourself
   */
  readonly topic?: sns.ITopic;
}

const MINUTE = Duration.minutes(1);
const FIVE_MINUTES = Duration.minutes(5);

/** Age of a stream's record from which on the relay counts as behind: a job waits as long before it is in the queue. */
const RELAY_BEHIND = Duration.minutes(5);

/** Age of a stream's record from which on the controller counts as behind: the consumer is paused as late. */
const CONTROL_BEHIND = Duration.minutes(1);

/** Failed runs in 5 minutes from which on a function that tries again by itself is broken, and not only unlucky. */
const TOO_MANY_ERRORS = 3;

/** The alarms of what the service does by itself. Each names its runbook. */
export class ServiceAlarms extends Construct {
  /** What clients have used of their limits cannot be read or written, and requests are refused for it. */
  public readonly limitsUnavailable: cloudwatch.Alarm;
  /** Jobs were given up. */
  public readonly jobsDeadLettered: cloudwatch.Alarm;
  /** The upstream refuses the service's own account: its key or its credit. */
  public readonly accountRefused: cloudwatch.Alarm;
  /** AWS fails the processor: keys, secret or tables. */
  public readonly infrastructureFaults: cloudwatch.Alarm;
  /** The breaker has not been closed for too long. */
  public readonly breakerOpen: cloudwatch.Alarm;
  /** The sweeper fails. */
  public readonly sweeperErrors: cloudwatch.Alarm;
  /** The sweeper does not run at all. */
  public readonly sweeperSilent: cloudwatch.Alarm;
  /** Accepted jobs do not reach the queue. What waits for 24 hours leaves the stream, and only the sweeper sends it. */
  public readonly relayBehind: cloudwatch.Alarm;
  /** The relay fails. */
  public readonly relayErrors: cloudwatch.Alarm;
  /** The consumer does not follow the breaker. */
  public readonly controlBehind: cloudwatch.Alarm;
  /** The breaker's controller fails. */
  public readonly controlErrors: cloudwatch.Alarm;
  /** The processor is throttled, which uses up receives. */
  public readonly processorThrottled: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, props: ServiceAlarmsProps) {
    super(scope, id);
    const { processor, relay, controller, sweeper, openAlarmAfter } = props;
    this.limitsUnavailable = runbookAlarm(this, 'LimitsUnavailable', {
      metric: ownMetric(MetricName.RATE_LIMIT_UNAVAILABLE, MINUTE),
      // Of a quiet service as well: three minutes with a refusal within a quarter of an hour are no passing fault.
      evaluationPeriods: 15,
      datapointsToAlarm: 3,
      description: "Requests are refused because their clients' limits cannot be read or written.",
      runbook: 'limits-unavailable',
    });
    this.jobsDeadLettered = runbookAlarm(this, 'JobsDeadLettered', {
      metric: ownMetric(MetricName.JOBS_DEAD_LETTERED, FIVE_MINUTES),
      description: 'Jobs were given up.',
      runbook: 'dead-letters',
    });
    this.accountRefused = runbookAlarm(this, 'AccountRefused', {
      // One call is enough: with the breaker open there is only one an open window, and a rotation's first is not counted.
      metric: ownMetric(MetricName.UPSTREAM_ACCOUNT_REFUSED, FIVE_MINUTES),
      description: "The upstream refuses the service's key, or its credit is exhausted.",
      runbook: 'upstream-account-refused',
    });
    this.infrastructureFaults = runbookAlarm(this, 'InfrastructureFaults', {
      metric: ownMetric(MetricName.INFRASTRUCTURE_FAULTS, MINUTE),
      evaluationPeriods: 5,
      datapointsToAlarm: 3,
      description: 'Jobs wait because KMS, Secrets Manager or DynamoDB fails the processor.',
      runbook: 'infrastructure-faults',
    });
    this.breakerOpen = runbookAlarm(this, 'BreakerOpen', {
      metric: ownMetric(MetricName.BREAKER_OPEN_SECONDS, MINUTE, 'Maximum'),
      threshold: openAlarmAfter.toSeconds(),
      evaluationPeriods: 3,
      datapointsToAlarm: 1,
      description: `The breaker has not been closed for more than ${openAlarmAfter.toSeconds()} seconds.`,
      runbook: 'breaker-open',
    });
    this.sweeperErrors = this.errorsOf('SweeperErrors', sweeper, 'The sweeper fails.', 'sweeper-silent');
    this.sweeperSilent = runbookAlarm(this, 'SweeperSilent', {
      metric: sweeper.metricInvocations({ period: FIVE_MINUTES, statistic: 'Sum' }),
      threshold: 1,
      comparison: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
      // A function that is never invoked reports nothing, which is what this alarm is for.
      missing: cloudwatch.TreatMissingData.BREACHING,
      description: 'The sweeper has not run for 5 minutes.',
      runbook: 'sweeper-silent',
    });
    this.relayBehind = this.behind('RelayBehind', relay, RELAY_BEHIND, 'Accepted jobs do not reach the queue.');
    this.relayErrors = this.errorsOf('RelayErrors', relay, 'The relay of accepted jobs fails.', 'stream-behind');
    this.controlBehind = this.behind(
      'ControlBehind',
      controller,
      CONTROL_BEHIND,
      'The consumer does not follow the breaker.',
    );
    this.controlErrors = this.errorsOf('ControlErrors', controller, "The breaker's controller fails.", 'stream-behind');
    this.processorThrottled = runbookAlarm(this, 'ProcessorThrottled', {
      metric: processor.metricThrottles({ period: MINUTE, statistic: 'Sum' }),
      evaluationPeriods: 5,
      datapointsToAlarm: 3,
      description: 'The processor is throttled: the account has no concurrency left for it.',
      runbook: 'oldest-message',
    });
    tell(props.topic, this.all);
  }

  /** All of them. */
  public get all(): cloudwatch.Alarm[] {
    return [
      this.limitsUnavailable,
      this.jobsDeadLettered,
      this.accountRefused,
      this.infrastructureFaults,
      this.breakerOpen,
      this.sweeperErrors,
      this.sweeperSilent,
      this.relayBehind,
      this.relayErrors,
      this.controlBehind,
      this.controlErrors,
      this.processorThrottled,
    ];
  }

  private errorsOf(id: string, target: lambda.IFunction, description: string, runbook: string): cloudwatch.Alarm {
    return runbookAlarm(this, id, {
      metric: target.metricErrors({ period: FIVE_MINUTES, statistic: 'Sum' }),
      threshold: TOO_MANY_ERRORS,
      comparison: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      description,
      runbook,
    });
  }

  private behind(id: string, target: lambda.IFunction, age: Duration, description: string): cloudwatch.Alarm {
    return runbookAlarm(this, id, {
      metric: target.metric('IteratorAge', { period: MINUTE, statistic: 'Maximum' }),
      threshold: age.toMilliseconds(),
      // A stream that is tried again more and more seldom reports no age in some of the minutes.
      evaluationPeriods: 3,
      datapointsToAlarm: 1,
      description,
      runbook: 'stream-behind',
    });
  }
}

/** A metric that the service publishes itself, under its one dimension. */
function ownMetric(name: string, period: Duration, statistic = 'Sum'): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: METRIC_NAMESPACE,
    metricName: name,
    dimensionsMap: { service: SERVICE_NAME },
    period,
    statistic,
  });
}
