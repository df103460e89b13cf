import { Duration, Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { ConfigCheck } from '../config-error';
import { EncryptedLogGroup, type EncryptedLogGroupProps } from '../logs/encrypted-log-group';

/** Time after which a `StandardFunction` is stopped unless told otherwise. */
export const DEFAULT_FUNCTION_TIMEOUT = Duration.seconds(10);

/** Memory of a `StandardFunction` in MiB unless told otherwise; CPU grows with it. */
export const DEFAULT_FUNCTION_MEMORY = 512;

/** Environment that every `StandardFunction` has; the caller's `environment` is merged over it. */
export const DEFAULT_FUNCTION_ENVIRONMENT = { NODE_OPTIONS: '--enable-source-maps' };

/**
 * Settings of a `StandardFunction`: all of Lambda's own, of which the following defaults differ from Lambda's.
 * `architecture` is ARM_64, `timeout` 10 seconds, `memorySize` 512 MiB, `tracing` ACTIVE, `loggingFormat` JSON,
 * `applicationLogLevelV2` and `systemLogLevelV2` INFO, `recursiveLoop` TERMINATE, and `environment` is merged
 * over `NODE_OPTIONS=--enable-source-maps`.
 */
export interface StandardFunctionProps extends lambda.FunctionOptions {
  /** What the function runs: built code, such as `Code.fromAsset('dist/lambda/submit-job')`. */
  readonly code: lambda.Code;

  /**
   * File and export that Lambda calls.
   *
   * @default 'index.handler'
   */
  readonly handler?: string;

  /**
   * Runtime of the function.
   *
   * @default Runtime.NODEJS_24_X
   */
  readonly runtime?: lambda.Runtime;

  /**
   * Settings of the function's own log group. Cannot be combined with `logGroup`.
   *
   * @default - an `EncryptedLogGroup` with its own defaults
   */
  readonly logs?: EncryptedLogGroupProps;
}

/**
 * The one way a Lambda function is defined: Node.js 24 on arm64, structured logs in its own encrypted log group,
 * traced, and with a role that may write to that log group, send traces, and do nothing else until it is granted.
 *
 * Every prop that the caller gives wins over the default. Two old ones of Lambda's contradict what is set here and
 * are refused by the CDK: say `applicationLogLevelV2` for `applicationLogLevel`, and `logs` for `logRetention`.
 */
export class StandardFunction extends lambda.Function {
  /** @throws ConstructConfigError when `timeout`, `memorySize` or the log settings are out of their range. */
  constructor(scope: Construct, id: string, props: StandardFunctionProps) {
    validate(scope, id, props);
    // Lambda needs role and log group at its own construction, before `this` can be their scope.
    const logGroup = props.logGroup ?? new EncryptedLogGroup(scope, `${id}Logs`, props.logs);
    const role =
      props.role ?? new iam.Role(scope, `${id}Role`, { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    super(scope, id, {
      ...props,
      handler: props.handler ?? 'index.handler',
      runtime: props.runtime ?? lambda.Runtime.NODEJS_24_X,
      architecture: props.architecture ?? lambda.Architecture.ARM_64,
      timeout: props.timeout ?? DEFAULT_FUNCTION_TIMEOUT,
      memorySize: props.memorySize ?? DEFAULT_FUNCTION_MEMORY,
      loggingFormat: props.loggingFormat ?? lambda.LoggingFormat.JSON,
      ...logLevels(props),
      recursiveLoop: props.recursiveLoop ?? lambda.RecursiveLoop.TERMINATE,
      environment: { ...DEFAULT_FUNCTION_ENVIRONMENT, ...props.environment },
      // Set below: Lambda's own grant for tracing would mix its wildcard into the policy of all other grants.
      tracing: undefined,
      logGroup,
      role,
    });
    this.addToRolePolicy(
      new iam.PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [logGroup.logGroupRef.logGroupArn],
      }),
    );
    this.trace(role, props.tracing ?? lambda.Tracing.ACTIVE);
    if (props.vpc) {
      this.joinNetwork(role);
    }
  }

  private trace(role: iam.IRole, tracing: lambda.Tracing): void {
    if (tracing === lambda.Tracing.DISABLED) {
      return;
    }
    (this.node.defaultChild as lambda.CfnFunction).tracingConfig = { mode: tracing };
    this.grantOnAnyResource(role, 'Tracing', ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], {
      reason:
        'X-Ray has no resources to name: both actions only take "*" (Service Authorization Reference, AWS X-Ray).',
    });
  }

  private joinNetwork(role: iam.IRole): void {
    const actions = [
      'CreateNetworkInterface',
      'DescribeNetworkInterfaces',
      'DescribeSubnets',
      'DeleteNetworkInterface',
    ];
    this.grantOnAnyResource(
      role,
      'Network',
      actions.map((action) => `ec2:${action}`),
      {
        reason:
          'Lambda makes and removes the function\'s network interfaces under this role, and their ids are not known before ("Giving Lambda functions access to resources in an Amazon VPC", Lambda developer guide).',
      },
    );
  }

  /** A policy of its own for each wildcard, so that its acknowledgement covers nothing that is granted later. */
  private grantOnAnyResource(role: iam.IRole, id: string, actions: string[], why: { readonly reason: string }): void {
    const policy = new iam.Policy(this, id, {
      roles: [role],
      statements: [new iam.PolicyStatement({ actions, resources: ['*'] })],
    });
    Validations.of(policy).acknowledge({ id: 'AwsSolutions-IAM5[Resource::*]', reason: why.reason });
    this.node.defaultChild?.node.addDependency(policy);
  }
}

/** Levels exist in JSON format only: a caller who asks for text must not be given one. */
function logLevels(props: StandardFunctionProps) {
  if (props.loggingFormat === lambda.LoggingFormat.TEXT) {
    return {};
  }
  return {
    applicationLogLevelV2: props.applicationLogLevelV2 ?? lambda.ApplicationLogLevel.INFO,
    systemLogLevelV2: props.systemLogLevelV2 ?? lambda.SystemLogLevel.INFO,
  };
}

function validate(scope: Construct, id: string, props: StandardFunctionProps): void {
  const seconds = props.timeout?.isUnresolved() ? undefined : props.timeout?.toSeconds();
  new ConfigCheck(scope, id)
    .require(
      seconds === undefined || (seconds >= 1 && seconds <= 900),
      'timeout',
      'must be between 1 and 900 seconds',
      `${seconds} seconds`,
    )
    .integer('memorySize', props.memorySize, 128, 10_240)
    .integer('reservedConcurrentExecutions', props.reservedConcurrentExecutions, 0, Number.MAX_SAFE_INTEGER)
    .require(!(props.logs && props.logGroup), 'logs', 'cannot be combined with `logGroup`', 'both')
    .throwProblems();
}
