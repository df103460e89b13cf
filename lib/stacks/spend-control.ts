import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as events from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { ClientPlan } from '../api/client-plan';
import type { ThrottledPlan } from '../api/plan-fences';
import { EnvironmentKey } from '../contract/environment-keys';
import { SpendOutput } from '../contract/outputs';
import { type ClientCapsByPlan, SpendAction } from '../contract/spend-control';
import type { StandardFunction } from '../functions/standard-function';
import type { DataAccess } from './data-access';
import type { DataStack } from './data-stack';
import type { CreateFunction } from './outage-control';

/** What controlling spending needs of a ledger; a `SpendCap` is one. */
export interface ControlledLedger {
  /** By which a function knows ledger, caps and prices. */
  readonly environment: { readonly [key: string]: string };
  /** Lets the grantee read what is left, change the caps, cut spending off and restore it. */
  grantControl(grantee: iam.IGrantable): iam.Grant;
}

export interface SpendControlProps {
  readonly data: DataStack;
  readonly access: DataAccess;
  readonly ledger: ControlledLedger;
  /** The mapping by which the processor consumes the work queue. */
  readonly consumer: lambda.EventSourceMapping;
  /** Every usage plan of the API: a cut-off shuts them all. */
  readonly usagePlans: readonly ThrottledPlan[];
  /** What the clients of each plan may spend, for operators who ask. */
  readonly plans: readonly ClientPlan[];
  readonly createFunction: CreateFunction;
}

/**
 * Adds what watches the caps every minute, and cuts off: the one function that may shut usage plans, and that operators
 * ask by `bulwark spend`.
 */
export function addSpendControl(scope: Construct, props: SpendControlProps): StandardFunction {
  const { data, access, ledger, consumer, usagePlans, createFunction } = props;
  const controller = createFunction(
    'ControlSpend',
    'control-spend',
    {
      ...ledger.environment,
      [EnvironmentKey.CONTROL_TABLE]: data.controlTable.tableName,
      [EnvironmentKey.CONTROL_QUEUE_URL]: data.controlQueue.queue.queueUrl,
      [EnvironmentKey.AUDIT_TABLE]: data.auditTable.tableName,
      [EnvironmentKey.CONSUMER_MAPPING_ID]: consumer.eventSourceMappingId,
      [EnvironmentKey.CONSUMER_MAX_CONCURRENCY]: String(data.workQueue.maxConcurrency),
      [EnvironmentKey.USAGE_PLANS]: throttlesOf(usagePlans),
    },
    { timeout: Duration.seconds(55) },
  );
  ledger.grantControl(controller);
  access.changeControl(controller);
  access.recordActs(controller);
  data.workQueue.grantPause(controller, consumer);
  data.controlQueue.grantSend(controller);
  controller.addToRolePolicy(
    new iam.PolicyStatement({
      actions: ['apigateway:GET', 'apigateway:PATCH'],
      resources: usagePlans.map(({ usagePlan }) => arnOf(usagePlan)),
    }),
  );
  runEveryMinute(scope, controller);
  declareOutputs(scope, controller, clientCapsOf(props.plans));
  return controller;
}

const clientCapsOf = (plans: readonly ClientPlan[]): ClientCapsByPlan =>
  Object.fromEntries(
    plans.map(({ name, _terms: { spendPerDay, spendPerMonth } }) => [
      name,
      [spendPerDay ?? null, spendPerMonth ?? null],
    ]),
  );

/** Ids are known to CloudFormation alone, and may not be the names of a map of the CDK's. */
function throttlesOf(plans: readonly ThrottledPlan[]): string {
  const throttles = plans.map(
    ({ usagePlan, throttle: { rateLimit, burstLimit } }) => `"${usagePlan.usagePlanId}":[${rateLimit},${burstLimit}]`,
  );
  return `{${throttles.join(',')}}`;
}

function arnOf(usagePlan: apigateway.IUsagePlan): string {
  return Stack.of(usagePlan).formatArn({
    service: 'apigateway',
    account: '',
    resource: '/usageplans',
    resourceName: usagePlan.usagePlanId,
  });
}

function runEveryMinute(scope: Construct, controller: StandardFunction): void {
  new events.Rule(scope, 'SpendSchedule', {
    description: 'Watches the spending caps, and cuts off where one is used up.',
    schedule: events.Schedule.rate(Duration.minutes(1)),
    targets: [
      new LambdaFunction(controller, {
        event: events.RuleTargetInput.fromObject({ action: SpendAction.RUN }),
        // The next run is a minute away: to try this one again would only put two beside each other.
        retryAttempts: 0,
        maxEventAge: Duration.minutes(1),
      }),
    ],
  });
}

function declareOutputs(scope: Construct, controller: StandardFunction, clientCaps: ClientCapsByPlan): void {
  new CfnOutput(scope, SpendOutput.CONTROLLER, { value: controller.functionName });
  new CfnOutput(scope, SpendOutput.CLIENT_CAPS, { value: JSON.stringify(clientCaps) });
}
