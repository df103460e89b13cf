import { type BreakerRow, BreakerStatus, breakerRowName } from '../../../lib/contract/control';
import type { BreakerState } from './breaker';
import type { ForceCommand, RecordProbeCommand, TakeProbeCommand, TripCommand } from './breaker-store';

/** A row, or undefined where there is none: a closed breaker of epoch 0. */
export type MaybeRow = BreakerRow | undefined;

const epochOf = (row: MaybeRow): number => row?.epoch ?? 0;

const statusOf = (row: MaybeRow) => row?.status ?? BreakerStatus.CLOSED;

/** Rows of the next epoch; whatever is not named here is forgotten. */
const changed = (row: MaybeRow, name: string, to: Omit<BreakerRow, 'name' | 'epoch' | 'lastOpenedAt'>): BreakerRow => {
  const leavesClosed = statusOf(row) === BreakerStatus.CLOSED && to.status !== BreakerStatus.CLOSED;
  const lastOpenedAt = leavesClosed ? to.changedAt : row?.lastOpenedAt;
  return {
    name: breakerRowName(name),
    epoch: epochOf(row) + 1,
    ...to,
    ...(lastOpenedAt === undefined ? {} : { lastOpenedAt }),
  };
};

/** closed -> open, under the epoch expected. */
export const trip = (row: MaybeRow, name: string, command: TripCommand): MaybeRow => {
  if (statusOf(row) !== BreakerStatus.CLOSED || epochOf(row) !== command.expectedEpoch) return undefined;
  const { nowMs, openUntil, reason } = command;
  return changed(row, name, {
    status: BreakerStatus.OPEN,
    changedAt: nowMs,
    reason,
    openUntil,
    openings: 1,
    successes: 0,
  });
};

/** Whether nobody holds the right to probe and none waits; another's lease is honoured for `maxSkewMs` past its end. */
const isProbeFree = (
  { probeUntil = Number.NEGATIVE_INFINITY, nextProbeAt = Number.NEGATIVE_INFINITY }: BreakerRow,
  nowMs: number,
  maxSkewMs: number,
): boolean => probeUntil + maxSkewMs < nowMs && nextProbeAt <= nowMs;

/** The row without its last probe. */
const withoutProbe = ({ probeOwner: _owner, probeUntil: _until, nextProbeAt: _next, ...row }: BreakerRow): BreakerRow =>
  row;

/** open -> half-open when the window is over and nobody holds it open; in half-open, takes a free right to probe. */
export const takeProbe = (row: MaybeRow, name: string, command: TakeProbeCommand): MaybeRow => {
  const { owner, epoch, nowMs, leaseMs, maxSkewMs } = command;
  // A store's client may send a write twice: the right that this very taking has is no other's.
  if (row?.probeOwner === owner) return row;
  if (row?.epoch !== epoch) return undefined;
  const probe = { probeOwner: owner, probeUntil: nowMs + leaseMs };
  if (row.status === BreakerStatus.HALF_OPEN)
    return isProbeFree(row, nowMs, maxSkewMs) ? { ...withoutProbe(row), ...probe } : undefined;
  if (row.status !== BreakerStatus.OPEN || row.held || (row.openUntil ?? 0) > nowMs) return undefined;
  const { openings } = row;
  const to = { status: BreakerStatus.HALF_OPEN, changedAt: nowMs, reason: 'probe', openings, successes: 0, ...probe };
  return changed(row, name, to);
};

/** half-open -> closed, open, or on in half-open with the right given back for later; only by the probe's holder. */
export const recordProbe = (row: MaybeRow, name: string, command: RecordProbeCommand): MaybeRow => {
  const { owner, epoch, nowMs, result } = command;
  if (row?.status !== BreakerStatus.HALF_OPEN || row.epoch !== epoch || row.probeOwner !== owner) return undefined;
  switch (result.kind) {
    case 'released':
      return { ...withoutProbe(row), nextProbeAt: result.nextProbeAt };
    case 'failed': {
      const { openUntil, reason } = result;
      const openings = row.openings + 1;
      return changed(row, name, {
        status: BreakerStatus.OPEN,
        changedAt: nowMs,
        reason,
        openUntil,
        openings,
        successes: 0,
      });
    }
    case 'succeeded': {
      const successes = row.successes + 1;
      if (successes < result.successesToClose) return { ...withoutProbe(row), successes };
      const reason = 'probes-succeeded';
      return changed(row, name, { status: BreakerStatus.CLOSED, changedAt: nowMs, reason, openings: 0, successes: 0 });
    }
  }
};

/** Any state -> open and held, or closed. */
export const force = (row: MaybeRow, name: string, { to, nowMs, reason }: ForceCommand): BreakerRow =>
  to === 'closed'
    ? changed(row, name, { status: BreakerStatus.CLOSED, changedAt: nowMs, reason, openings: 0, successes: 0 })
    : changed(row, name, {
        status: BreakerStatus.OPEN,
        changedAt: nowMs,
        reason,
        openUntil: nowMs,
        openings: (row?.openings ?? 0) + 1,
        successes: 0,
        held: true,
      });

/** The state that a row tells of. */
export const stateOf = (row: MaybeRow): BreakerState => {
  if (!row) return { status: 'closed', epoch: 0 };
  const { epoch, changedAt, lastOpenedAt, successes, nextProbeAt } = row;
  switch (row.status) {
    case BreakerStatus.CLOSED:
      return { status: 'closed', epoch, closedAt: changedAt, ...(lastOpenedAt === undefined ? {} : { lastOpenedAt }) };
    case BreakerStatus.OPEN: {
      const { openUntil = changedAt, held = false } = row;
      return { status: 'open', epoch, openUntil, held, lastOpenedAt: lastOpenedAt ?? changedAt };
    }
    case BreakerStatus.HALF_OPEN:
      return {
        status: 'half-open',
        epoch,
        successes,
        lastOpenedAt: lastOpenedAt ?? changedAt,
        ...(nextProbeAt === undefined ? {} : { nextProbeAt }),
      };
  }
};
