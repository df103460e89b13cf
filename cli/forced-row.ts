import { type BreakerRow, BreakerStatus, breakerRowName, UPSTREAM_BREAKER } from '../lib/contract/control';

export type ForcedStatus = typeof BreakerStatus.OPEN | typeof BreakerStatus.CLOSED;

/**
 * The row that an operator's command makes of the one that is there; undefined where that is so already. An opened
 * breaker is held: no probe runs. The rule is that of `force` in `lambda/runtime/breaker/transitions.ts`, which the
 * commands do not import; a test compares both.
 */
export function forcedRow(
  seen: BreakerRow | undefined,
  { to, reason, nowMs }: { readonly to: ForcedStatus; readonly reason: string; readonly nowMs: number },
): BreakerRow | undefined {
  const status = seen?.status ?? BreakerStatus.CLOSED;
  if (to === BreakerStatus.CLOSED ? status === to : status === to && seen?.held) return undefined;
  const lastOpenedAt = status === BreakerStatus.CLOSED && to === BreakerStatus.OPEN ? nowMs : seen?.lastOpenedAt;
  return {
    name: breakerRowName(UPSTREAM_BREAKER),
    status: to,
    epoch: (seen?.epoch ?? 0) + 1,
    changedAt: nowMs,
    reason,
    successes: 0,
    ...(lastOpenedAt !== undefined && { lastOpenedAt }),
    ...(to === BreakerStatus.OPEN
      ? { openUntil: nowMs, openings: (seen?.openings ?? 0) + 1, held: true }
      : { openings: 0 }),
  };
}
