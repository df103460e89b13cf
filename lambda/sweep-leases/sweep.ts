import { type BreakerRow, BreakerStatus, UPSTREAM_BREAKER } from '../../lib/contract/control';
import { MetricName } from '../../lib/contract/metrics';
import type { SweepDependencies } from './dependencies';
import { healControl } from './heal-control';
import { type SweepResult, sweepJobs } from './sweep-jobs';
import { sweepReservations } from './sweep-reservations';

/** Seconds for which the breaker has not been closed; 0 where it is. */
export const openSeconds = (row: BreakerRow | undefined, nowMs: number): number =>
  !row || row.status === BreakerStatus.CLOSED
    ? 0
    : Math.max(0, Math.floor((nowMs - (row.lastOpenedAt ?? row.changedAt)) / 1_000));

/**
 * One sweep over the stuck jobs, the reservations whose lease has ended and the breaker's controller, which says how long
 * the breaker is open; each is done whatever becomes of the others.
 * @throws AggregateError where anything failed: the next sweep tries it again.
 */
export const sweep = async (dependencies: SweepDependencies): Promise<SweepResult> => {
  const [row, hold] = await Promise.all([dependencies.store.read(UPSTREAM_BREAKER), dependencies.hold.read()]);
  dependencies.gaugeSeconds(MetricName.BREAKER_OPEN_SECONDS, openSeconds(row, dependencies.now()));
  const [swept, ...others] = await Promise.allSettled([
    sweepJobs(row, hold, dependencies),
    healControl(UPSTREAM_BREAKER, row, hold, dependencies),
    sweepReservations(dependencies),
  ]);
  const errors = [swept, ...others].flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  if (errors.length > 0) throw new AggregateError(errors, 'The sweep is not complete.');
  return (swept as PromiseFulfilledResult<SweepResult>).value;
};
