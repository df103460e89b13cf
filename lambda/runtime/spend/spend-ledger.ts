import { LEDGER_SETTINGS_KEY, reservationKey, SpendCapName, UNCAPPED } from '../../../lib/contract/ledger';
import { Attempts } from './attempts';
import { Committer } from './committer';
import { expireLeases } from './expire-leases';
import { GuardedStore } from './guarded-store';
import { Healer } from './healer';
import type {
  BeginOutcome,
  BeginRequest,
  ClientCaps,
  CloseOutcome,
  ExpireReport,
  ExpireRequest,
  ISpendLedger,
  Refused,
  ReservationStatus,
  ReserveOutcome,
  ReserveRequest,
  SettleOutcome,
  SettleRequest,
  SpendWindows,
} from './ledger';
import {
  checkAmounts,
  checkIds,
  type ResolvedOptions,
  resolveOptions,
  type SpendLedgerOptions,
  type SpendLedgerTools,
} from './ledger-options';
import type { ILedgerStore } from './ledger-store';
import type { Part } from './parts';
import { totalOf } from './parts';
import {
  begun,
  both,
  type Change,
  closed,
  extended,
  newReservation,
  type ReservationRow,
  settled,
  shortOf,
  writeOf,
} from './reservation';
import { settingsIn } from './settings';
import { clientStatus, reservationStatus } from './status';
import { windowWrites } from './window-writes';
import { windowsOf } from './windows';

/** What came of a change of a reservation's row. */
type Changed =
  | { readonly kind: 'changed'; readonly change: Change }
  | { readonly kind: 'unchanged' | 'missing' | 'alongside-refused' };

/**
 * Keeps what is committed within every cap, by integer micro-USD and conditions of the store alone: no clock, cache or
 * lock of a process is trusted.
 * @throws RangeError where an option is out of its range.
 */
export class SpendLedger<Alongside = never> implements ISpendLedger<Alongside> {
  readonly #store: ILedgerStore<Alongside>;
  readonly #options: ResolvedOptions;
  readonly #committer: Committer<Alongside>;
  readonly #healer: Healer<Alongside>;

  constructor(store: ILedgerStore<Alongside>, options: SpendLedgerOptions = {}, tools: SpendLedgerTools = {}) {
    this.#store = new GuardedStore(store);
    this.#options = resolveOptions(options, tools);
    this.#committer = new Committer(this.#store, this.#options);
    this.#healer = new Healer(this.#store, this.#options);
  }

  async reserve(request: ReserveRequest<Alongside>): Promise<ReserveOutcome> {
    const { id, clientId, clientCaps, estimate, nowMs, alongside } = request;
    checkIds({ id, clientId });
    checkAmounts({ estimate, ...clientCaps });
    if (!Number.isInteger(request.keepUntil)) {
      throw new RangeError(`\`keepUntil\` must be in whole seconds, got: ${request.keepUntil}`);
    }
    const { perJob = UNCAPPED } = clientCaps;
    if (estimate > perJob)
      return { kind: 'refused', cap: SpendCapName.JOB, left: perJob, resetsAt: Number.POSITIVE_INFINITY };
    const attempts = new Attempts(this.#options);
    const leaseUntil = nowMs + this.#options.leaseMs;
    let seen: ReservationRow | undefined;
    for (;;) {
      const version = (seen?.version ?? 0) + 1;
      const made = await this.#committer.commit({
        clientId,
        clientCaps,
        amount: estimate,
        nowMs,
        reservation: (part) => writeOf(newReservation(request, part, leaseUntil, version), seen),
        alongside,
      });
      if (made.kind === 'committed') return { kind: 'reserved' };
      // Whoever asks a second time is to find what the first time has made, whatever is left by now.
      seen = await this.#readRow(id);
      if (seen && !isOver(seen, nowMs)) return { kind: 'exists', clientId: seen.clientId };
      if (made.kind !== 'stale') return made;
      attempts.lost();
    }
  }

  async begin(id: string, { callId, estimate, nowMs }: BeginRequest): Promise<BeginOutcome> {
    checkIds({ id, callId });
    checkAmounts({ estimate });
    const attempts = new Attempts(this.#options);
    for (;;) {
      const rows = await this.#store.read([LEDGER_SETTINGS_KEY, reservationKey(id)]);
      const row = rows.get(reservationKey(id)) as ReservationRow | undefined;
      if (!row) return { kind: 'missing' };
      if (row.settled.includes(callId)) return { kind: 'ended' };
      const { cut } = settingsIn(rows);
      if (cut) return { kind: 'cut', cut };
      if (row.calls.some((call) => call.id === callId)) return { kind: 'begun', repeated: true };
      const lease = { id, nowMs, leaseMs: this.#options.leaseMs };
      const amount = shortOf(row, estimate);
      const { clientId, clientCaps } = row;
      const beyond = refusedByJob(row, amount);
      if (beyond) return beyond;
      const call = { id: callId, estimate };
      const made =
        amount === 0
          ? await this.#commitAlone(begun(row, call, undefined, lease), row, attempts)
          : await this.#committer.commit({
              clientId,
              clientCaps,
              amount,
              nowMs,
              reservation: (part) => writeOf(begun(row, call, part, lease), row),
            });
      if (made.kind === 'committed') return { kind: 'begun', repeated: false };
      // What another call gave back meanwhile may be what this one needs.
      const isRefused = made.kind === 'refused' || made.kind === 'cut';
      if (isRefused && (await this.#readRow(id))?.version === row.version) return made;
      attempts.lost();
    }
  }

  async settle(
    id: string,
    { callId, amount, close = false, alongside }: SettleRequest<Alongside>,
  ): Promise<SettleOutcome> {
    checkIds({ id, callId });
    checkAmounts({ amount });
    let isKnown = false;
    const changed = await this.#change(
      id,
      (row) => {
        const change = settled(row, callId, amount);
        isKnown = change !== undefined;
        const after = change?.row ?? row;
        if (!close || after.closed) return change;
        return change ? both(change, closed(after)) : closed(after);
      },
      alongside,
    );
    if (changed.kind === 'missing' || changed.kind === 'alongside-refused') return { kind: changed.kind };
    const overrun = changed.kind === 'changed' ? changed.change.overrun : undefined;
    if (overrun) await this.#payFor(overrun);
    return { kind: 'settled', repeated: !isKnown, overrunMicroUsd: overrun?.amount ?? 0 };
  }

  async close(id: string): Promise<CloseOutcome> {
    checkIds({ id });
    const { kind } = await this.#change(id, (row) => (row.closed ? undefined : closed(row)));
    return kind === 'missing' ? { kind } : { kind: 'closed', repeated: kind === 'unchanged' };
  }

  expire(request: ExpireRequest): Promise<ExpireReport> {
    return expireLeases(request, {
      list: (bucket, before, limit) => this.#store.listEnded(bucket, before, limit),
      end: (id, isAlive) => this.#end(id, request.nowMs, isAlive),
    });
  }

  async readClient(clientId: string, caps: ClientCaps, nowMs: number): Promise<SpendWindows> {
    checkIds({ clientId });
    return clientStatus(this.#store, clientId, caps, nowMs);
  }

  async readReservation(id: string): Promise<ReservationStatus | undefined> {
    checkIds({ id });
    const row = await this.#readRow(id);
    return row && reservationStatus(row);
  }

  /** Takes what was spent above an estimate from what the shards have left; what fails of it, `heal` makes later. */
  async #payFor({ day }: Part): Promise<void> {
    try {
      await this.#healer.heal([windowsOf(day)]);
    } catch {
      // The settlement is recorded, and must not be told otherwise.
    }
  }

  /** Closes a reservation whose lease has ended, or extends it; answers what its calls are taken to have spent. */
  async #end(id: string, nowMs: number, isAlive: boolean): Promise<number | undefined> {
    const changed = await this.#change(id, (row) => {
      if (row.closed || (row.leaseUntil ?? 0) >= nowMs) return undefined;
      if (!isAlive) return closed(row);
      return { row: extended(row, id, nowMs + this.#options.leaseMs), committed: [], spent: [] };
    });
    if (changed.kind !== 'changed') return undefined;
    return changed.change.spent.reduce((sum, { amount }) => sum + amount, 0);
  }

  /** Changes a reservation's row by a rule, and the windows with it. */
  async #change(
    id: string,
    rule: (row: ReservationRow) => Change | undefined,
    alongside?: readonly Alongside[],
  ): Promise<Changed> {
    const attempts = new Attempts(this.#options);
    for (;;) {
      const row = await this.#readRow(id);
      if (!row) return { kind: 'missing' };
      const change = rule(row);
      if (!change) return { kind: 'unchanged' };
      const writes = [writeOf(change.row, row), ...windowWrites(row.clientId, change)];
      const result = await this.#store.commit(writes, alongside);
      if (result.kind === 'committed') return { kind: 'changed', change };
      if (result.kind === 'conflict') await attempts.conflict(result.cause);
      else if (result.alongside && result.rows.size === 0) return { kind: 'alongside-refused' };
      else attempts.lost();
    }
  }

  /** Writes a reservation's row, and nothing else. */
  async #commitAlone(
    next: ReservationRow,
    seen: ReservationRow,
    attempts: Attempts,
  ): Promise<{ readonly kind: 'committed' | 'stale' }> {
    const result = await this.#store.commit([writeOf(next, seen)]);
    if (result.kind === 'conflict') await attempts.conflict(result.cause);
    return { kind: result.kind === 'committed' ? 'committed' : 'stale' };
  }

  async #readRow(id: string): Promise<ReservationRow | undefined> {
    const key = reservationKey(id);
    return (await this.#store.read([key])).get(key) as ReservationRow | undefined;
  }
}

/** The refusal of a call that takes its job beyond what one job may commit in all. */
const refusedByJob = ({ clientCaps, holds, calls, used }: ReservationRow, amount: number): Refused | undefined => {
  const { perJob } = clientCaps;
  if (perJob === undefined) return undefined;
  const left = perJob - totalOf([...holds, ...calls.flatMap(({ parts }) => parts), ...used]);
  if (amount <= left) return undefined;
  return { kind: 'refused', cap: SpendCapName.JOB, left: Math.max(0, left), resetsAt: Number.POSITIVE_INFINITY };
};

/** Whether a closed row is past its time; the table's own deletion lags by up to days. */
const isOver = ({ closed: isClosed, keepUntil }: ReservationRow, nowMs: number): boolean =>
  isClosed && keepUntil * 1_000 <= nowMs;
