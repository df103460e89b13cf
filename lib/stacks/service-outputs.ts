import { CfnOutput, type Duration, type Stack } from 'aws-cdk-lib';
import type { ClientPlan } from '../api/client-plan';
import type { GuardedApi } from '../api/guarded-api';
import type { UsageKeys } from '../api/usage-keys';
import { type PlanIds, type PlanIdsByName, StackOutput } from '../contract/outputs';

export interface ServiceOutputs {
  readonly api: GuardedApi;
  readonly plans: readonly ClientPlan[];
  readonly usageKeys: UsageKeys;
  readonly authorizerCacheTtl: Duration;
  readonly consumerMappingId: string;
}

/** What operators, the local runner and tests read of a deployed service. */
export function declareServiceOutputs(stack: Stack, service: ServiceOutputs): void {
  const { api, plans, usageKeys, authorizerCacheTtl, consumerMappingId } = service;
  const planIds: PlanIdsByName = Object.fromEntries(plans.map(({ name }) => [name, idsOf(api, name)]));
  const outputs = {
    [StackOutput.CONSUMER_MAPPING_ID]: consumerMappingId,
    [StackOutput.API_URL]: api.url,
    [StackOutput.API_ID]: api.restApi.restApiId,
    [StackOutput.USAGE_PLAN_ID]: api.usagePlan.usagePlanId,
    [StackOutput.CLIENT_PLANS]: stack.toJsonString(planIds),
    [StackOutput.USAGE_KEYS]: usageKeys,
    [StackOutput.REVOCATION_SECONDS]: String(authorizerCacheTtl.toSeconds()),
  };
  for (const [name, value] of Object.entries(outputs)) {
    new CfnOutput(stack, name, { value });
  }
}

const idsOf = (api: GuardedApi, plan: string): PlanIds => ({
  usagePlanId: api.usagePlanOf(plan).usagePlanId,
  sharedKeyId: api.sharedKeyOf(plan).keyId,
});
