import { UPSTREAM_BREAKER } from '../../lib/contract/control';
import type { SweepDependencies } from './dependencies';
import { healControl } from './heal-control';
import { type SweepResult, sweepJobs } from './sweep-jobs';

/**
 * One sweep over the stuck jobs and the breaker's controller; each is done whatever becomes of the other.
 * @throws AggregateError where anything failed: the next sweep tries it again.
 */
export const sweep = async (dependencies: SweepDependencies): Promise<SweepResult> => {
  const row = await dependencies.store.read(UPSTREAM_BREAKER);
  const [healed, swept] = await Promise.allSettled([
    healControl(UPSTREAM_BREAKER, row, dependencies),
    sweepJobs(row, dependencies),
  ]);
  const errors = [healed, swept].flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  if (errors.length > 0) throw new AggregateError(errors, 'The sweep is not complete.');
  return (swept as PromiseFulfilledResult<SweepResult>).value;
};
