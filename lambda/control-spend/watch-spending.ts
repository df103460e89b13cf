import { SPEND_CONTROLLER } from '../../lib/contract/spend-control';
import { formatUsd } from '../../lib/contract/usd';
import type { SpendStatus } from '../runtime/spend/ledger';
import { converge } from './converge';
import type { SpendControlDependencies } from './dependencies';
import { cheapestRequest } from './prices';
import { publishCutOff, publishPercents } from './publish-gauges';
import { usedUpWindow } from './used-up';
import { warn } from './warn';

/** What one run has found. */
export interface Watched {
  /** Whether spending is cut off, be it by this run or before it. */
  readonly cut: boolean;
}

/**
 * One look at the ledger: takes over the deployed caps, publishes the gauges, cuts off where a cap is used up, warns, and
 * makes everything else follow the ledger. Each part is done whatever becomes of the others.
 *
 * @throws AggregateError where anything failed: the next run tries it again
 */
export const watchSpending = async (dependencies: SpendControlDependencies): Promise<Watched> => {
  const { ledger, deployedCaps, now } = dependencies;
  const found = await ledger.syncDeployedCaps(deployedCaps, now());
  publishPercents(found, dependencies);
  const status = await cutOffWhereUsedUp(found, dependencies);
  publishCutOff(status, dependencies);
  const outcomes = await Promise.allSettled([converge(status, dependencies), warn(found, dependencies)]);
  const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  const unfinished = outcomes[0].status === 'fulfilled' ? outcomes[0].value.unfinished : [];
  errors.push(...unfinished.map(({ what, error }) => new Error(`Could not ${what}.`, { cause: error })));
  if (errors.length > 0) throw new AggregateError(errors, 'The watch over spending is not complete.');
  return { cut: status.cut !== undefined };
};

const cutOffWhereUsedUp = async (
  status: SpendStatus,
  { ledger, prices, log, now }: SpendControlDependencies,
): Promise<SpendStatus> => {
  if (status.cut) return status;
  const window = usedUpWindow(status, cheapestRequest(prices, now()));
  if (!window) return status;
  const reason = `the cap of ${window.window} is used up: ${formatUsd(window.spent)} of ${formatUsd(window.cap)} are spent`;
  log.error('Spending is cut off until an operator restores it.', { reason });
  return ledger.cut({ by: SPEND_CONTROLLER, reason, at: now() });
};
