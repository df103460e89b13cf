import { UsageKeyKind, type UsageKeyKindValue } from '../../lib/contract/client-rows';
import type { PlanIds } from '../../lib/contract/outputs';
import type { Deployment } from '../deployment';
import { CommandRefusal } from '../failure';

/** What API Gateway calls the parts of a plan. @throws CommandRefusal where there is no such plan */
export function planIdsOf({ environment, clientPlans }: Deployment, plan: string): PlanIds {
  const ids = Object.hasOwn(clientPlans, plan) ? clientPlans[plan] : undefined;
  if (ids) return ids;
  throw new CommandRefusal(
    `there is no plan ${plan} in ${environment}; there are: ${Object.keys(clientPlans).join(', ')}`,
  );
}

/** Whose usage key a client gets: the environment's choice, unless it is to share that of its plan. */
export const usageKeyKindOf = ({ usageKeys }: Deployment, isShared: boolean): UsageKeyKindValue =>
  isShared ? UsageKeyKind.PLAN : usageKeys;
