import { LedgerTable, leaseBucketOf, reservationKey } from '../../../lib/contract/ledger';
import type { ClientCaps, ReserveRequest } from './ledger';
import type { LedgerRow, RowWrite } from './ledger-store';
import { merged, negated, type Part, takeFrom, totalOf } from './parts';

/** A call that has begun and is not settled. */
export interface OpenCall {
  readonly id: string;
  /** What it is charged with: its estimate. */
  readonly parts: readonly Part[];
  /** Set when its reservation was closed before anybody told its outcome: its charge counts as spent until then. */
  readonly assumed?: true;
}

/** The row of a reservation. Its holds, calls and what was used are together what it has committed. */
export interface ReservationRow {
  readonly key: string;
  readonly clientId: string;
  /** The caps of the client when the job was accepted, for what its later calls need beyond that. */
  readonly clientCaps: ClientCaps;
  /** UTC day and shard of its acceptance. */
  readonly day: string;
  readonly shard: number;
  /** Grows with each write; a write that expects another version is refused. */
  readonly version: number;
  /** For the next call. */
  readonly holds: readonly Part[];
  readonly calls: readonly OpenCall[];
  /** By calls that were settled. */
  readonly used: readonly Part[];
  /** The calls that were settled last, so that neither comes again. */
  readonly settled: readonly string[];
  readonly closed: boolean;
  readonly keepUntil: number;
  /** While it is open. */
  readonly leaseBucket?: string;
  readonly leaseUntil?: number;
  /** Once it is closed: an open row is never expired by the table. */
  readonly expiresAt?: number;
}

/** A changed row, and by how much the windows change with it. */
export interface Change {
  readonly row: ReservationRow;
  /** What is committed more, or less. */
  readonly committed: readonly Part[];
  /** What is spent more, or less. */
  readonly spent: readonly Part[];
  /** What of `committed` is above any estimate, so that no shard has it. */
  readonly overrun?: Part;
}

/** Settled calls that a row remembers: late duplicates come soon or not at all. */
const REMEMBERED_CALLS = 32;

const leaseOf = (id: string, leaseUntil: number) => ({
  [LedgerTable.LEASE_BUCKET]: leaseBucketOf(id),
  [LedgerTable.LEASE_UNTIL]: leaseUntil,
});

/** The row of a job that is just being accepted. */
export const newReservation = (
  { id, clientId, clientCaps, keepUntil }: Omit<ReserveRequest, 'alongside'>,
  part: Part,
  leaseUntil: number,
  version = 1,
): ReservationRow => ({
  key: reservationKey(id),
  clientId,
  clientCaps,
  day: part.day,
  shard: part.shard,
  version,
  holds: merged([part]),
  calls: [],
  used: [],
  settled: [],
  closed: false,
  keepUntil,
  ...leaseOf(id, leaseUntil),
});

/** Writes the row where it still is as `seen`, or is still missing. */
export const writeOf = (row: ReservationRow, seen: ReservationRow | undefined): RowWrite => ({
  key: row.key,
  conditions: [
    seen
      ? { attribute: 'version', is: 'equal', value: seen.version }
      : { attribute: LedgerTable.PARTITION_KEY, is: 'absent' },
  ],
  replacement: row as unknown as LedgerRow,
});

/** What a call's estimate needs beyond what is held. */
export const shortOf = ({ holds }: ReservationRow, estimate: number): number => Math.max(0, estimate - totalOf(holds));

/** The row with its lease extended. */
export const extended = (row: ReservationRow, id: string, leaseUntil: number): ReservationRow => ({
  ...row,
  version: row.version + 1,
  ...leaseOf(id, leaseUntil),
});

/**
 * Marks a call as sent, paid by what is held and by `topUp`; a closed row is open again. The lease is extended when
 * half of it is over, as each new end costs two writes of the index.
 */
export const begun = (
  row: ReservationRow,
  call: { readonly id: string; readonly estimate: number },
  topUp: Part | undefined,
  lease: { readonly id: string; readonly nowMs: number; readonly leaseMs: number },
): ReservationRow => {
  const { taken, rest } = takeFrom(row.holds, call.estimate);
  const { expiresAt: _expiresAt, ...kept } = row;
  const isLate = (row.leaseUntil ?? 0) < lease.nowMs + lease.leaseMs / 2;
  return {
    ...kept,
    version: row.version + 1,
    holds: rest,
    calls: [...row.calls, { id: call.id, parts: merged([...taken, ...(topUp ? [topUp] : [])]) }],
    closed: false,
    ...(isLate ? leaseOf(lease.id, lease.nowMs + lease.leaseMs) : {}),
  };
};

/** The row without further calls: what it holds is given back, and what nobody has told of counts as spent. */
export const closed = (row: ReservationRow): Change => {
  const { leaseBucket: _bucket, leaseUntil: _until, ...kept } = row;
  const sent = row.calls.filter(({ assumed }) => !assumed);
  return {
    row: {
      ...kept,
      version: row.version + 1,
      holds: [],
      calls: row.calls.map((call) => ({ ...call, assumed: true })),
      closed: true,
      expiresAt: row.keepUntil,
    },
    committed: negated(row.holds),
    spent: merged(sent.flatMap(({ parts }) => parts)),
  };
};

/** The row after a call has ended at this price; undefined where there is no such call to settle. */
export const settled = (row: ReservationRow, callId: string, amount: number): Change | undefined => {
  const call = row.calls.find(({ id }) => id === callId);
  if (!call) return undefined;
  const others = row.calls.filter((other) => other !== call);
  const { taken, rest } = takeFrom(call.parts, amount);
  const above = amount - totalOf(call.parts);
  const last = call.parts.at(-1) ?? row;
  const overrun = above > 0 ? { day: last.day, shard: last.shard, amount: above } : undefined;
  const used = [...taken, ...(overrun ? [overrun] : [])];
  // What is left is for the next call, unless there is none, or another call that is under way has its own.
  const isKept = !row.closed && others.every(({ assumed }) => assumed) && !call.assumed;
  return {
    row: {
      ...row,
      version: row.version + 1,
      holds: isKept ? merged([...row.holds, ...rest]) : row.holds,
      calls: others,
      used: merged([...row.used, ...used]),
      settled: [...row.settled, callId].slice(-REMEMBERED_CALLS),
    },
    committed: merged([...(isKept ? [] : negated(rest)), ...(overrun ? [overrun] : [])]),
    spent: merged([...used, ...(call.assumed ? negated(call.parts) : [])]),
    overrun,
  };
};

/** One change after the other, as one. */
export const both = (first: Change, second: Change): Change => ({
  row: { ...second.row, version: first.row.version },
  committed: merged([...first.committed, ...second.committed]),
  spent: merged([...first.spent, ...second.spent]),
  overrun: first.overrun,
});
