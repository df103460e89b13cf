import { expireLeases } from '../../../lambda/runtime/spend/expire-leases';
import { GuardedStore } from '../../../lambda/runtime/spend/guarded-store';
import type {
  BeginOutcome,
  BeginRequest,
  ExpireReport,
  ExpireRequest,
  ISpendLedger,
  ReserveOutcome,
  ReserveRequest,
  SettleOutcome,
  SettleRequest,
} from '../../../lambda/runtime/spend/ledger';
import type { ILedgerStore, LedgerRow } from '../../../lambda/runtime/spend/ledger-store';
import type { MemoryWrite } from '../../../lambda/runtime/spend/memory-ledger-store';
import {
  begun,
  closed,
  newReservation,
  type ReservationRow,
  settled,
  writeOf,
} from '../../../lambda/runtime/spend/reservation';
import { capsOf, settingsIn } from '../../../lambda/runtime/spend/settings';
import { SpendControl } from '../../../lambda/runtime/spend/spend-control';
import { SpendLedger } from '../../../lambda/runtime/spend/spend-ledger';
import { windowsAt, windowsOf } from '../../../lambda/runtime/spend/windows';
import { clientWindowKey, globalMasterKey, reservationKey } from '../../../lib/contract/ledger';
import type { MakeLedger } from './ledgers';

const countOf = (row: LedgerRow | undefined, attribute: string): number => Number(row?.[attribute] ?? 0);

/**
 * What gateways do that have budgets: read the counters, compare, add. Each counter is added to atomically; what is
 * missing is one step over the comparison and all counters.
 */
class CountingLedger implements Omit<ISpendLedger<MemoryWrite>, 'readClient' | 'readReservation'> {
  readonly #store: ILedgerStore<MemoryWrite>;
  readonly #leaseMs: number;

  constructor(store: ILedgerStore<MemoryWrite>, leaseMs: number) {
    this.#leaseMs = leaseMs;
    this.#store = new GuardedStore(store);
  }

  async reserve(request: ReserveRequest<MemoryWrite>): Promise<ReserveOutcome> {
    const { id, clientId, clientCaps, estimate, nowMs } = request;
    const windows = windowsAt(nowMs);
    const { month, day } = windows;
    const keys = { client: clientWindowKey(clientId, month), global: globalMasterKey(month) };
    const rows = await this.#store.read(['settings', keys.client, keys.global, reservationKey(id)]);
    if (rows.has(reservationKey(id))) return { kind: 'exists', clientId };
    const settings = settingsIn(rows);
    if (settings.cut) return { kind: 'cut', cut: settings.cut };
    const { globalDay, globalMonth } = capsOf(settings);
    const checks = [
      ['client-day', clientCaps.perDay, countOf(rows.get(keys.client), day)],
      ['client-month', clientCaps.perMonth, countOf(rows.get(keys.client), month)],
      ['global-day', globalDay, countOf(rows.get(keys.global), day)],
      ['global-month', globalMonth, countOf(rows.get(keys.global), month)],
    ] as const;
    for (const [cap, limit, count] of checks) {
      if (limit !== undefined && count + estimate > limit)
        return { kind: 'refused', cap, left: limit - count, resetsAt: 0 };
    }
    for (const key of Object.values(keys)) await this.#add(key, day, estimate);
    const row = newReservation(request, { day, shard: 0, amount: estimate }, nowMs + this.#leaseMs);
    await this.#store.commit([writeOf(row, undefined)], request.alongside);
    return { kind: 'reserved' };
  }

  async begin(id: string, { callId, estimate, nowMs }: BeginRequest): Promise<BeginOutcome> {
    const row = await this.#read(id);
    if (!row) return { kind: 'missing' };
    const next = begun(row, { id: callId, estimate }, undefined, { id, nowMs, leaseMs: this.#leaseMs });
    await this.#store.commit([writeOf(next, row)]);
    return { kind: 'begun', repeated: false };
  }

  async settle(id: string, { callId, amount, close }: SettleRequest<MemoryWrite>): Promise<SettleOutcome> {
    const row = await this.#read(id);
    const change = row && settled(row, callId, amount);
    if (row && change) {
      await this.#store.commit([writeOf(change.row, row)]);
      await this.#addAll(row.clientId, change.committed);
    }
    if (close) await this.close(id);
    return { kind: 'settled', repeated: false, overrunMicroUsd: 0 };
  }

  async close(id: string) {
    const row = await this.#read(id);
    if (!row || row.closed) return { kind: 'closed', repeated: true } as const;
    const change = closed(row);
    await this.#store.commit([writeOf(change.row, row)]);
    await this.#addAll(row.clientId, change.committed);
    return { kind: 'closed', repeated: false } as const;
  }

  /** Leases of jobs that are alive are left as they are. */
  expire(request: ExpireRequest): Promise<ExpireReport> {
    return expireLeases(request, {
      list: (bucket, before, limit) => this.#store.listEnded(bucket, before, limit),
      end: async (id, isAlive) => (isAlive || (await this.close(id)).repeated ? undefined : 0),
    });
  }

  async #addAll(clientId: string, parts: readonly { readonly day: string; readonly amount: number }[]): Promise<void> {
    for (const { day, amount } of parts) {
      const { month } = windowsOf(day);
      await this.#add(clientWindowKey(clientId, month), day, amount);
      await this.#add(globalMasterKey(month), day, amount);
    }
  }

  async #add(key: string, day: string, by: number): Promise<void> {
    await this.#store.commit([{ key, conditions: [], change: { add: { [day]: by, [day.slice(0, -3)]: by } } }]);
  }

  async #read(id: string): Promise<ReservationRow | undefined> {
    return (await this.#store.read([reservationKey(id)])).get(reservationKey(id)) as ReservationRow | undefined;
  }
}

/** Check, then increment; whatever else a ledger does, it does as ours. */
export const countingLedger: MakeLedger = (store, options, tools) => {
  const ours = new SpendLedger(store, options, tools);
  const counting = new CountingLedger(store, options.leaseMs ?? 0);
  return {
    control: new SpendControl(store, options, tools),
    ledger: {
      reserve: (request) => counting.reserve(request),
      begin: (id, request) => counting.begin(id, request),
      settle: (id, request) => counting.settle(id, request),
      close: (id) => counting.close(id),
      expire: (request) => counting.expire(request),
      readClient: (clientId, caps, nowMs) => ours.readClient(clientId, caps, nowMs),
      readReservation: (id) => ours.readReservation(id),
    },
  };
};
