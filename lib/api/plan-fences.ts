import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { Construct, type IConstruct } from 'constructs';
import type { ConfigCheck } from '../config-error';
import { DEFAULT_PLAN, PlanLimit } from '../contract/client-plan';
import { ClientPlan, planSetRules } from './client-plan';
import type { ApiThrottle } from './throttle';

/** What API Gateway has of one plan. */
export interface PlanFence {
  /** Throttles each client that has a usage key of its own. */
  readonly usagePlan: apigateway.UsagePlan;
  /** Usage key of the clients that have none of their own. */
  readonly sharedKey: apigateway.ApiKey;
}

/** A usage plan, and the throttle that it is deployed with. */
export interface ThrottledPlan {
  readonly usagePlan: apigateway.UsagePlan;
  readonly throttle: ApiThrottle;
}

/**
 * The usage plans of an API: for each of its plans one for clients with a usage key of their own, and one whose single
 * key the others share. The throttle of a usage plan is that of each of its keys, so that the shared key has what all
 * clients together may ask: what each of its clients may, the handlers judge.
 */
export class PlanFences extends Construct {
  private readonly fences: ReadonlyMap<string, PlanFence>;
  private readonly throttled: ThrottledPlan[] = [];
  private last?: IConstruct;

  constructor(
    scope: Construct,
    id: string,
    private readonly api: apigateway.RestApi,
    private readonly stageThrottle: ApiThrottle,
    plans: ClientPlan[],
  ) {
    super(scope, id);
    this.fences = new Map(plans.map((plan) => [plan.name, this.createFence(plan)]));
  }

  /** @throws Error where there is no such plan */
  public of(plan: string): PlanFence {
    const fence = this.fences.get(plan);
    if (!fence) throw new Error(`There is no plan ${plan}; there are: ${[...this.fences.keys()].join(', ')}.`);
    return fence;
  }

  /** Every usage plan, those of shared keys as well. */
  public get all(): readonly ThrottledPlan[] {
    return this.throttled;
  }

  private createFence(plan: ClientPlan): PlanFence {
    const { name } = plan;
    const apiStages = [{ stage: this.api.deploymentStage }];
    const usagePlan = this.createUsagePlan(plan, apiStages);
    const shared = this.inOrder(
      new apigateway.UsagePlan(this, `Shared-${name}`, {
        description: `Clients of plan ${name} that share one usage key.`,
        apiStages,
        throttle: this.stageThrottle,
      }),
    );
    this.throttled.push({ usagePlan, throttle: throttleOf(plan) }, { usagePlan: shared, throttle: this.stageThrottle });
    const sharedKey = new apigateway.ApiKey(this, `Key-${name}`, {
      description: `Usage key that clients of plan ${name} share. It opens nothing.`,
    });
    this.inOrder(
      new apigateway.CfnUsagePlanKey(this, `Member-${name}`, {
        keyId: sharedKey.keyId,
        keyType: 'API_KEY',
        usagePlanId: shared.usagePlanId,
      }),
    );
    return { usagePlan, sharedKey };
  }

  private createUsagePlan(plan: ClientPlan, apiStages: apigateway.UsagePlanPerApiStage[]): apigateway.UsagePlan {
    const { name } = plan;
    const props: apigateway.UsagePlanProps = {
      description: `Clients of plan ${name}, each with a usage key of its own.`,
      apiStages,
      throttle: throttleOf(plan),
      quota: quotaOf(plan),
    };
    // Where it was before there were other plans: clients are in it.
    return this.inOrder(
      name === DEFAULT_PLAN
        ? this.api.addUsagePlan('Clients', props)
        : new apigateway.UsagePlan(this, `Clients-${name}`, props),
    );
  }

  /** API Gateway refuses what would change usage plans of one stage at the same moment ("concurrent modification"). */
  private inOrder<T extends IConstruct>(next: T): T {
    if (this.last) next.node.addDependency(this.last);
    this.last = next;
    return next;
  }
}

const throttleOf = ({ _terms: { requestsPerSecond, burst } }: ClientPlan): ApiThrottle => ({
  rateLimit: requestsPerSecond,
  burstLimit: burst,
});

/**
 * Times that the gateway's quota is wider than the plan's: it counts every request, reads and polls as well, and must not
 * refuse before the exact limit does, which counts submissions.
 */
const QUOTA_FENCE = 100;

const fenced = (requests: number): number => Math.min(requests * QUOTA_FENCE, PlanLimit.MAX_REQUESTS);

/** A usage plan has one quota: the narrower, as it is a fence. */
function quotaOf({ _terms: { requestsPerDay, requestsPerMonth } }: ClientPlan): apigateway.QuotaSettings | undefined {
  if (requestsPerDay !== undefined) return { limit: fenced(requestsPerDay), period: apigateway.Period.DAY };
  return requestsPerMonth === undefined
    ? undefined
    : { limit: fenced(requestsPerMonth), period: apigateway.Period.MONTH };
}

/** Notes what is wrong with the plans of an API as a whole; each by itself is checked where it is made. */
export function checkPlans(check: ConfigCheck, plans: ClientPlan[]): void {
  const names = plans.map(({ name }) => name);
  for (const { rule, got, holds } of planSetRules(names, Buffer.byteLength(ClientPlan.toJson(plans)))) {
    check.require(holds, 'plans', rule, got);
  }
}
