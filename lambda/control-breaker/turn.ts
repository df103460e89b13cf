import { type BreakerRow, BreakerStatus } from '../../lib/contract/control';
import { BREAKER_DEFAULTS } from '../runtime/breaker/breaker-options';

/**
 * The probe that a row which is not closed waits for, within its epoch: another one as soon as somebody has taken,
 * ended or given back that one. A message that stands for a turn which is over does nothing, as the turn after it has
 * a message of its own, by the table's stream; so that of many messages for one turn, none outlives it.
 */
export const turnOf = ({ successes, probeOwner, nextProbeAt }: BreakerRow): string =>
  [successes, probeOwner, nextProbeAt].join('/');

/** Seconds until a probe may start; 0 for now. A probe under way is left to end, however its worker's clock is set. */
export const secondsToProbe = ({ status, openUntil, probeUntil, nextProbeAt }: BreakerRow, nowMs: number): number => {
  const probeFrom =
    status === BreakerStatus.OPEN
      ? (openUntil ?? 0)
      : Math.max(nextProbeAt ?? 0, probeUntil === undefined ? 0 : probeUntil + BREAKER_DEFAULTS.maxSkewMs);
  return Math.max(0, (probeFrom - nowMs) / 1_000);
};
