import type { ReservationRow } from '../../../lambda/runtime/spend/reservation';
import {
  amountAttribute,
  clientWindowKey,
  globalMasterKey,
  globalShardKey,
  LedgerAmount,
  type LedgerAmountValue,
  LedgerSpan,
  MAX_GLOBAL_SHARDS,
  reservationKey,
} from '../../../lib/contract/ledger';
import type { RealCall, RunBooks } from './spend-world';

/** What one run has shown; amounts in micro-USD. */
export interface SpendVerdict {
  readonly seed: number;
  readonly operations: number;
  readonly jobs: number;
  readonly accepted: number;
  readonly refused: number;
  readonly overspend: number;
  readonly overspendWithOverruns: number;
  readonly falseRefusals: number;
  readonly committedWhileCut: number;
  readonly begunWhileCut: number;
  /** What the windows' rows, the reservations and the calls as they really were say differently, at the very end. */
  readonly drift: number;
  /** What the provider charges for, and the ledger has not as spent. */
  readonly unrecorded: number;
  readonly billed: number;
  readonly spent: number;
  /** Jobs that exist without a reservation, or reservations without a job. */
  readonly disagreements: number;
  readonly unclosed: number;
  readonly died: number;
  readonly conflicts: number;
  /** Operations that were given up as too many others came first. */
  readonly busy: number;
  readonly unavailable: number;
}

/** Closes the books of a run that is over. */
export function verdictOf(run: RunBooks): SpendVerdict {
  const { judge, lives, scene } = run;
  const rows = [...run.cloud.table.rows].filter(([key]) => key.startsWith(reservationKey('')));
  const reservations = rows.map(([, row]) => row as unknown as ReservationRow);
  const calls = lives.flatMap((life) =>
    life.calls.map((call) => ({ call, charged: judge.calls.get(`${reservationKey(life.id)} ${call.id}`) })),
  );
  const outcomes = (kind: string) => lives.filter(({ outcome }) => outcome === kind).length;
  return {
    seed: scene.seed,
    operations: run.operations,
    jobs: lives.length,
    accepted: run.written.size,
    refused: outcomes('refused'),
    overspend: judge.overspend,
    overspendWithOverruns: judge.overspendWithOverruns,
    falseRefusals: judge.falseRefusals,
    committedWhileCut: judge.committedWhileCut,
    begunWhileCut: judge.begunWhileCut,
    drift: windowDrift(run) + capDrift(run) + sum(calls.map(({ call, charged }) => callDrift(call, charged))),
    unrecorded: sum(
      calls.map(({ call, charged }) => Math.max(0, Math.min(call.billed, call.estimate) - (charged?.amount ?? 0))),
    ),
    billed: sum(calls.map(({ call }) => call.billed)),
    spent: sum([...judge.truth].filter(([window]) => /^\* \d+-\d+$/.test(window)).map(([, { spent }]) => spent)),
    disagreements:
      lives.filter(({ id, isAccepted }) => isAccepted && !run.written.has(id)).length +
      lives.filter(({ isMissed }) => isMissed).length +
      lives.filter(({ id }) => run.written.has(id) !== run.cloud.table.rows.has(reservationKey(id))).length,
    unclosed: reservations.filter(({ closed }) => !closed).length,
    died: run.died,
    conflicts: run.cloud.conflicts,
    busy: run.busy,
    unavailable: run.unavailable,
  };
}

/** By how much a call is charged otherwise than it may be. */
function callDrift(
  { estimate, isConfirmed, told }: RealCall,
  charged: { readonly amount: number; readonly isSettled: boolean } | undefined,
): number {
  // A call that was never begun costs nothing, whatever was told about it.
  if (!charged) return 0;
  const allowed = [...(told === undefined ? [] : [told]), ...(isConfirmed ? [] : [estimate])];
  return Math.min(...allowed.map((amount) => Math.abs(amount - charged.amount)));
}

/** What the rows of the windows say otherwise than the reservations do; and what is committed still. */
function windowDrift({ cloud, judge }: RunBooks): number {
  let drift = 0;
  for (const [window, truth] of judge.truth) {
    const [owner = '', name = ''] = window.split(' ');
    const span = name.length > 7 ? LedgerSpan.DAY : LedgerSpan.MONTH;
    const windows = { day: name, month: name.slice(0, 7) };
    const keys = owner === '*' ? shardKeys(windows.month) : [clientWindowKey(owner, windows.month)];
    const inRows = (amount: LedgerAmountValue) =>
      sum(keys.map((key) => Number(cloud.table.rows.get(key)?.[amountAttribute(amount, span, windows)] ?? 0)));
    drift += Math.abs(inRows(LedgerAmount.COMMITTED) - truth.committed);
    drift += Math.abs(inRows(LedgerAmount.SPENT) - truth.spent);
    drift += Math.abs(truth.committed - truth.spent);
  }
  return drift;
}

/** What of each global cap is neither with the master nor with a shard, nor committed. */
function capDrift({ cloud, judge }: RunBooks): number {
  let drift = 0;
  for (const window of judge.truth.keys()) {
    const [owner, name = ''] = window.split(' ');
    if (owner !== '*') continue;
    const span = name.length > 7 ? LedgerSpan.DAY : LedgerSpan.MONTH;
    const windows = { day: name, month: name.slice(0, 7) };
    const inRow = (key: string, amount: LedgerAmountValue) =>
      Number(cloud.table.rows.get(key)?.[amountAttribute(amount, span, windows)] ?? 0);
    const master = globalMasterKey(windows.month);
    const inShards = (amount: LedgerAmountValue) => sum(shardKeys(windows.month).map((key) => inRow(key, amount)));
    drift += Math.abs(
      inRow(master, LedgerAmount.LIMIT) -
        inRow(master, LedgerAmount.UNLEASED) -
        inShards(LedgerAmount.AVAILABLE) -
        inShards(LedgerAmount.COMMITTED),
    );
  }
  return drift;
}

const shardKeys = (month: string): readonly string[] =>
  Array.from({ length: MAX_GLOBAL_SHARDS }, (_, shard) => globalShardKey(month, shard));

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
