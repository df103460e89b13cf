import { MetricName } from '../../lib/contract/metrics';
import type { SweepDependencies } from './dependencies';

/**
 * Closes the reservations of jobs that have ended without telling the ledger: what was not sent costs nothing, and a call
 * whose outcome nobody knows stays charged at its estimate.
 */
export const sweepReservations = async ({ ledger, isJobAlive, count, log, now }: SweepDependencies): Promise<void> => {
  const report = await ledger.expire({ nowMs: now(), isAlive: isJobAlive });
  if (report.closed > 0) log.warn('Reservations of jobs that have ended are closed.', { ...report });
  if (report.assumedMicroUsd > 0) count(MetricName.SPEND, report.assumedMicroUsd);
  if (report.failed > 0) count(MetricName.LEDGER_UNAVAILABLE, report.failed);
};
