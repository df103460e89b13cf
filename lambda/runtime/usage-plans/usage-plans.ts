import type { PlanThrottle } from '../../../lib/contract/consumer-hold';

/** A usage plan as API Gateway has it. */
export interface UsagePlanState {
  /** @default - it lets through what the stage does */
  readonly throttle?: PlanThrottle | undefined;
}

/** The usage plans of an API, by their ids. */
export interface IUsagePlans {
  /** Undefined where there is no such plan. */
  read(id: string): Promise<UsagePlanState | undefined>;
  /** Gives the plan another throttle than it was seen to have; none where `to` is undefined. */
  throttle(id: string, seen: UsagePlanState, to: PlanThrottle | undefined): Promise<void>;
}

/**
 * Lets nothing through. API Gateway takes 0 for both ("AWS::ApiGateway::UsagePlan ThrottleSettings": minimum 0), and
 * means it: a throttle that is left out is another thing.
 */
export const NOTHING: PlanThrottle = { rateLimit: 0, burstLimit: 0 };

/** Whether a plan lets nothing through. */
export const isShut = ({ throttle }: UsagePlanState): boolean =>
  throttle?.rateLimit === NOTHING.rateLimit && throttle.burstLimit === NOTHING.burstLimit;
