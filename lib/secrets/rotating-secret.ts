import { Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as events from 'aws-cdk-lib/aws-events';
import { LambdaFunction, SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { ConfigCheck } from '../config-error';
import { EnvironmentKey } from '../contract/environment-keys';
import type { HandlerName } from '../contract/handlers';
import { METRIC_NAMESPACE, MetricName, SECRET_DIMENSION, SERVICE_NAME } from '../contract/metrics';
import { RotationStrategyName } from '../contract/rotation';
import { bundledCode } from '../functions/bundled-code';
import { StandardFunction } from '../functions/standard-function';
import type { EncryptedLogGroupProps } from '../logs/encrypted-log-group';
import { GuardedSecret, type GuardedSecretProps } from './guarded-secret';
import { RotationAlarms } from './rotation-alarms';
import type { RotationSpec, RotationStrategy } from './rotation-strategy';
import { type RotationTiming, type RotationTimingProps, rotationTiming, timingRules } from './rotation-timing';

/** Settings of a `RotatingSecret`. */
export interface RotatingSecretProps extends GuardedSecretProps, RotationTimingProps {
  /** Where the next value comes from. */
  readonly strategy: RotationStrategy;

  /**
   * Whether a deployment that changes the schedule rotates at once.
   *
   * @default false
   */
  readonly rotateImmediatelyOnUpdate?: boolean;

  /**
   * Told when an alarm begins and ends, and of each rotation that failed. A topic under a customer-managed key hears
   * nothing unless that key lets `cloudwatch.amazonaws.com` and `events.amazonaws.com` use it.
   *
   * @default - nobody: give the alarms their actions yourself
   */
  readonly alarmTopic?: sns.ITopic;

  /**
   * Settings of the log groups of rotator and sweeper.
   *
   * @default - those of `EncryptedLogGroup`
   */
  readonly logs?: EncryptedLogGroupProps;
}

/** How often replaced keys are looked for; the alarms of the gauges count in hours as well. */
const SWEEP_EVERY = Duration.hours(1);

/** What each step of a rotation needs at most: a few calls to the provider, with their retries. */
const STEP_TIMEOUT = Duration.minutes(1);

/** Events by which Secrets Manager says that a rotation came to nothing. */
const FAILURES = ['RotationFailed', 'TestRotationFailed', 'RotationAbandoned'];

/** What rotator and sweeper do with the secret that they look after. */
const SWEEPER_ACTIONS = ['DescribeSecret', 'ListSecretVersionIds', 'GetSecretValue', 'UpdateSecretVersionStage'];
const ROTATOR_ACTIONS = [...SWEEPER_ACTIONS, 'PutSecretValue'];

/**
 * A secret that rotates by itself without failing a call: the new value is made and tried before it becomes current, and
 * the old one works on until no reader can hold it any more. Somebody is told when that does not happen.
 */
export class RotatingSecret extends GuardedSecret {
  /** Carries out the four steps of a rotation. Undefined where AWS provides the function. */
  public readonly rotator?: lambda.Function;
  /** Ends replaced values after their grace, and tells the age of the current one; runs every hour. */
  public readonly sweeper: lambda.Function;
  /** Alarms on age, pool and errors. */
  public readonly alarms: RotationAlarms;
  /** Time that a reader may use a value that it has read. */
  public readonly cacheTime: Duration;
  /**
   * Time beyond `cacheTime` for which a reader may use a value while it cannot read it anew: what `gracePeriod` leaves
   * after `cacheTime` and `longestCall`, so that nobody calls with a value that was ended.
   */
  public readonly maxStaleTime: Duration;
  /** Time that a replaced value works on. */
  public readonly gracePeriod: Duration;

  private readonly spec: RotationSpec;
  private readonly logs?: EncryptedLogGroupProps;

  /** @throws ConstructConfigError naming every prop, also of the strategy, that is out of its range. */
  constructor(scope: Construct, id: string, props: RotatingSecretProps) {
    const timing = rotationTiming(props);
    const { _spec: spec } = props.strategy;
    check(scope, id, timing, spec);
    super(scope, id, props);
    this.spec = spec;
    this.logs = props.logs;
    this.cacheTime = timing.cacheTime;
    this.maxStaleTime = timing.gracePeriod.minus(timing.cacheTime).minus(timing.longestCall);
    this.gracePeriod = timing.gracePeriod;
    this.rotator = spec.hosted ? undefined : this.createRotator();
    this.sweeper = this.createSweeper();
    this.scheduleRotation(timing.schedule, props.rotateImmediatelyOnUpdate ?? false);
    this.alarms = new RotationAlarms(this, 'Alarms', {
      age: this.metricAge(),
      maxAge: timing.maxAge,
      healthyPoolKeys: spec.name === RotationStrategyName.KEY_POOL ? this.metricHealthyPoolKeys() : undefined,
      rotator: this.rotator,
      sweeper: this.sweeper,
      failures: this.tellFailures(props.alarmTopic),
      topic: props.alarmTopic,
    });
  }

  /**
   * Reacts to a rotation of this secret that failed or was given up. Secrets Manager has no metric of that, and these
   * events come by CloudTrail: the account needs a trail, as every account should have.
   */
  public onRotationFailed(id: string, options: events.OnEventOptions = {}): events.Rule {
    const rule = new events.Rule(options.crossStackScope ?? this, id, {
      description: options.description ?? 'A rotation of the secret failed. Runbook: docs/runbooks/rotation-failed.md',
      ruleName: options.ruleName,
      eventPattern: {
        ...options.eventPattern,
        source: ['aws.secretsmanager'],
        detailType: ['AWS Service Event via CloudTrail'],
        detail: { eventName: FAILURES, additionalEventData: { SecretId: [this.secret.secretArn] } },
      },
    });
    if (options.target) rule.addTarget(options.target);
    return rule;
  }

  /** Days since the current value was made, as the sweeper counts them every hour. */
  public metricAge(options: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return this.ownMetric(MetricName.SECRET_AGE_DAYS, 'Maximum', options);
  }

  /** Keys of the pool that are current or could be, as the sweeper counts them every hour. */
  public metricHealthyPoolKeys(options: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return this.ownMetric(MetricName.HEALTHY_POOL_KEYS, 'Minimum', options);
  }

  /** What the sweeper counts is known by the secret: one that falls silent is not drowned out by another's. */
  private ownMetric(metricName: string, statistic: string, options: cloudwatch.MetricOptions): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: METRIC_NAMESPACE,
      metricName,
      dimensionsMap: { service: SERVICE_NAME, [SECRET_DIMENSION]: this.node.path },
      period: SWEEP_EVERY,
      statistic,
      ...options,
    });
  }

  /** The sweeper is a target so that the rule runs, which the metric counts, also where there is nobody to tell. */
  private tellFailures(topic: sns.ITopic | undefined): cloudwatch.Metric {
    const rule = this.onRotationFailed('Failed', { target: new LambdaFunction(this.sweeper) });
    if (topic) rule.addTarget(new SnsTopic(topic));
    return new cloudwatch.Metric({
      namespace: 'AWS/Events',
      metricName: 'TriggeredRules',
      dimensionsMap: { RuleName: rule.ruleName },
      period: SWEEP_EVERY,
      statistic: 'Sum',
    });
  }

  private createRotator(): StandardFunction {
    const rotator = this.createFunction('RotateSecret', 'rotate-secret');
    this.admit(rotator, ROTATOR_ACTIONS, ['kms:Decrypt', 'kms:GenerateDataKey']);
    rotator.addPermission('SecretsManager', {
      principal: new iam.ServicePrincipal('secretsmanager.amazonaws.com'),
      sourceAccount: Stack.of(this).account,
      sourceArn: this.secret.secretArn,
    });
    return rotator;
  }

  private createSweeper(): StandardFunction {
    const sweeper = this.createFunction('SweepKeys', 'sweep-keys');
    this.admit(sweeper, SWEEPER_ACTIONS, ['kms:Decrypt']);
    new events.Rule(this, 'SweepSchedule', {
      description: 'Ends replaced keys after their grace, and tells the age of the current one.',
      schedule: events.Schedule.rate(SWEEP_EVERY),
      targets: [new LambdaFunction(sweeper)],
    });
    return sweeper;
  }

  private createFunction(id: string, handler: HandlerName): StandardFunction {
    return new StandardFunction(this, id, {
      code: bundledCode(this, handler),
      logs: this.logs,
      timeout: STEP_TIMEOUT,
      environment: {
        [EnvironmentKey.ROTATED_SECRET]: this.secret.secretArn,
        [EnvironmentKey.SECRET_LABEL]: this.node.path,
        [EnvironmentKey.ROTATION_STRATEGY]: this.spec.name,
        [EnvironmentKey.ROTATION_SETTINGS]: Stack.of(this).toJsonString(this.spec.settings),
        [EnvironmentKey.ROTATION_GRACE_MS]: String(this.gracePeriod.toMilliseconds()),
      },
    });
  }

  /** Lets rotator or sweeper at the secret, and at what its strategy needs. */
  private admit(user: StandardFunction, actions: string[], keyActions: string[]): void {
    this._policy.admitWriter(user);
    this._allow(
      user,
      actions.map((action) => `secretsmanager:${action}`),
      keyActions,
    );
    for (const secret of this.spec.reads) secret.grantRead(user);
    const { table } = this.spec;
    if (!table) return;
    iam.Grant.addToPrincipal({
      grantee: user,
      actions: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
      resourceArns: [table.tableArn],
    });
    table.encryptionKey?.grantEncryptDecrypt(user);
  }

  /** The schedule waits for permission and rights: Secrets Manager tries the rotator as soon as it is there. */
  private scheduleRotation(schedule: events.Schedule, rotateImmediatelyOnUpdate: boolean): void {
    const { hosted } = this.spec;
    const rotation = new secretsmanager.CfnRotationSchedule(this, 'Rotation', {
      secretId: this.secret.secretArn,
      rotationLambdaArn: this.rotator?.functionArn,
      hostedRotationLambda: hosted?.rotation.bind(this.secret, this),
      rotationRules: { scheduleExpression: schedule.expressionString },
      rotateImmediatelyOnUpdate,
    });
    if (this.rotator?.role) rotation.node.addDependency(this.rotator, this.rotator.role);
    if (hosted) this._policy.admitFunction({ functionArn: this.arnOfFunction(hosted.functionName) });
  }

  private arnOfFunction(functionName: string): string {
    return Stack.of(this).formatArn({ service: 'lambda', resource: `function:${functionName}` });
  }
}

function check(scope: Construct, id: string, timing: RotationTiming, spec: RotationSpec): void {
  const checks = new ConfigCheck(scope, id);
  for (const { prop, rule, got, holds } of [...timingRules(timing), ...spec.rules(timing.maxAge)]) {
    checks.require(holds, prop, rule, got);
  }
  checks.throwProblems();
}
