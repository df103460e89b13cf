import { HealthStatus } from '../../../lib/contract/health';
import type { Clock } from '../clock/clock';
import type { ISpendControl, SpendStatus, WindowStatus } from '../spend/ledger';
import type { HealthFinding, IHealthCheck } from './health-check';

/** Milliseconds that one reading of the ledger is good for, unless told otherwise: each reads every shard. */
const DEFAULT_GOOD_FOR_MS = 5_000;

export interface SpendCheckOptions {
  readonly ledger: Pick<ISpendControl, 'readStatus'>;
  readonly now: Clock;
  /** @default 5000 */
  readonly goodForMs?: number;
}

/** Percent of a cap that is left, rounded down: how many dollars they are is nobody's who may ask. */
const leftPercent = ({ cap, left = 0 }: WindowStatus): number | undefined => {
  if (cap === undefined) return undefined;
  return cap > 0 ? Math.floor((left / cap) * 100) : 0;
};

const findingOf = ({ cut, day, month }: SpendStatus): HealthFinding => {
  const [dayLeftPercent, monthLeftPercent] = [leftPercent(day), leftPercent(month)];
  const isGone = [day, month].some(({ left }) => left === 0);
  const unlessCut = isGone ? HealthStatus.DEGRADED : HealthStatus.OK;
  return {
    status: cut ? HealthStatus.DOWN : unlessCut,
    detail: {
      cutOff: cut !== undefined,
      ...(dayLeftPercent !== undefined && { dayLeftPercent }),
      ...(monthLeftPercent !== undefined && { monthLeftPercent }),
    },
  };
};

/**
 * How much of the budget is left: down while spending is cut off or the ledger cannot say, as then no job is accepted, and
 * degraded where a window has nothing left.
 */
export const spendCheck = ({ ledger, now, goodForMs = DEFAULT_GOOD_FOR_MS }: SpendCheckOptions): IHealthCheck => {
  let last: { readonly finding: HealthFinding; readonly until: number } | undefined;
  return {
    name: 'spend',
    isCritical: true,
    run: async () => {
      const nowMs = now();
      if (last && nowMs < last.until) return last.finding;
      const finding = findingOf(await ledger.readStatus(nowMs));
      last = { finding, until: nowMs + goodForMs };
      return finding;
    },
  };
};
