import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { runbookAlarm, tell } from '../alerting/runbook-alarm';

/** What `RotationAlarms` watches. */
export interface RotationAlarmsProps {
  /** Days since the current value was made. */
  readonly age: cloudwatch.IMetric;
  /** Age from which on the value is too old. */
  readonly maxAge: Duration;
  /** Keys of the pool that are current or could be. @default - there is no pool */
  readonly healthyPoolKeys?: cloudwatch.IMetric;
  /** Carries out the steps of a rotation. @default - a function of AWS's own */
  readonly rotator?: lambda.IFunction;
  /** Ends replaced keys. */
  readonly sweeper: lambda.IFunction;
  /** Rotations that Secrets Manager says have failed. */
  readonly failures: cloudwatch.IMetric;
  /** Told when an alarm begins and ends. @default - nobody: give the alarms their actions yourself */
  readonly topic?: sns.ITopic;
}

const HOUR = Duration.hours(1);

/** Fewest keys of a pool with which it can rotate: the current one and the next. */
const LEAST_POOL_KEYS = 2;

/** Failed runs in an hour from which on the sweeper is broken: Lambda tries each scheduled run three times. */
const SWEEPER_ERRORS = 3;

/** The alarms of a rotated secret. Each names its runbook. */
export class RotationAlarms extends Construct {
  /** The value is too old, or nobody has looked for three hours: what speaks where all else is silent. */
  public readonly tooOld: cloudwatch.Alarm;
  /** The rotator failed in one of its steps. Only where the rotator is Bulwark's own. */
  public readonly rotatorErrors?: cloudwatch.Alarm;
  /** Secrets Manager says that a rotation failed, also where it could not invoke the rotator. Needs a CloudTrail trail. */
  public readonly rotationFailed: cloudwatch.Alarm;
  /** The sweeper fails: replaced keys work on. */
  public readonly sweeperErrors: cloudwatch.Alarm;
  /** The pool has no key left to rotate to. Only of a pool. */
  public readonly poolKeysLow?: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, props: RotationAlarmsProps) {
    super(scope, id);
    const { age, maxAge, healthyPoolKeys, rotator, sweeper, failures } = props;
    this.tooOld = runbookAlarm(this, 'TooOld', {
      metric: age,
      threshold: maxAge.toDays({ integral: false }),
      evaluationPeriods: 3,
      missing: cloudwatch.TreatMissingData.BREACHING,
      description: `The secret is older than ${maxAge.toDays({ integral: false })} days, or nobody has looked for 3 hours.`,
      runbook: 'secret-too-old',
    });
    this.rotatorErrors =
      rotator && this.errorsOf('RotatorErrors', rotator, 1, 'A rotation fails; the old key works on.');
    this.rotationFailed = runbookAlarm(this, 'RotationFailed', {
      metric: failures,
      description: 'Secrets Manager gave up a rotation; the old key works on.',
      runbook: 'rotation-failed',
    });
    this.sweeperErrors = this.errorsOf('SweeperErrors', sweeper, SWEEPER_ERRORS, 'Replaced keys are not retired.');
    this.poolKeysLow =
      healthyPoolKeys &&
      runbookAlarm(this, 'PoolKeysLow', {
        metric: healthyPoolKeys,
        threshold: LEAST_POOL_KEYS,
        comparison: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
        description: `Fewer than ${LEAST_POOL_KEYS} keys of the pool are healthy: there is none to rotate to.`,
        runbook: 'pool-keys-low',
      });
    tell(props.topic, this.all);
  }

  /** All of them. */
  public get all(): cloudwatch.Alarm[] {
    const all = [this.tooOld, this.rotatorErrors, this.rotationFailed, this.sweeperErrors, this.poolKeysLow];
    return all.filter((alarm) => alarm !== undefined);
  }

  private errorsOf(id: string, target: lambda.IFunction, least: number, description: string): cloudwatch.Alarm {
    return runbookAlarm(this, id, {
      metric: target.metricErrors({ period: HOUR, statistic: 'Sum' }),
      threshold: least,
      comparison: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      description,
      runbook: 'rotation-failed',
    });
  }
}
