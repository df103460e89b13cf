import { HealthStatus } from '../../lib/contract/health';
import { SpendAction } from '../../lib/contract/spend-control';
import { formatUsd } from '../../lib/contract/usd';
import type { Diagnosis, Finding } from '../doctor-finding';
import { askController } from './spend-controller';
import { cutLine } from './spend-lines';

const { OK, DEGRADED, DOWN } = HealthStatus;

export const spendDiagnosis: Diagnosis = {
  name: 'spending',
  find: async (operator): Promise<Finding> => {
    const { environment, spend } = operator.deployment;
    if (!spend.controller) return { status: 'skipped', says: 'not asked: nothing caps it' };
    const { report } = await askController(operator, { action: SpendAction.STATUS }, 'status');
    const next = `bulwark spend status --env ${environment}`;
    if (report.cut) return { status: DOWN, says: cutLine(report.cut), next };
    const says = [report.day, report.month]
      .map(
        ({ window, spent, left }) =>
          `${window} ${formatUsd(spent)}${left === undefined ? '' : `, ${formatUsd(left)} left`}`,
      )
      .join('; ');
    const isGone = [report.day, report.month].some(({ left }) => left === 0);
    return isGone ? { status: DEGRADED, says, next } : { status: OK, says };
  },
};
