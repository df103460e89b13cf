import { clientWindowKey, globalShardKey } from '../../../lib/contract/ledger';
import { Attempts } from './attempts';
import { GlobalCap } from './global-cap';
import type { ClientCaps, Refused, RefusedByCut } from './ledger';
import type { ResolvedOptions } from './ledger-options';
import type { CommitResult, ILedgerStore, RowWrite } from './ledger-store';
import type { Part } from './parts';
import { clientRefusal, commitWrites } from './window-writes';
import { windowsAt } from './windows';

/** An amount that is to be committed, together with the reservation that it is for. */
export interface Order<Alongside> {
  readonly clientId: string;
  readonly clientCaps: ClientCaps;
  readonly amount: number;
  readonly nowMs: number;
  /** The write of the reservation's row, given where the amount is charged. */
  readonly reservation: (part: Part) => RowWrite;
  readonly alongside?: readonly Alongside[];
}

export type Committed =
  | { readonly kind: 'committed' }
  /** The reservation's row is not as the order takes it to be. */
  | { readonly kind: 'stale' }
  | { readonly kind: 'alongside-refused' }
  | Refused
  | RefusedByCut;

/** Commits amounts: one transaction over the client, one shard of the global cap and the reservation. */
export class Committer<Alongside> {
  readonly #store: ILedgerStore<Alongside>;
  readonly #options: ResolvedOptions;
  readonly #cap: GlobalCap<Alongside>;

  constructor(store: ILedgerStore<Alongside>, options: ResolvedOptions) {
    this.#store = store;
    this.#options = options;
    this.#cap = new GlobalCap(store, options);
  }

  /** @throws LedgerBusyError where others come first too often. */
  async commit(order: Order<Alongside>): Promise<Committed> {
    const attempts = new Attempts(this.#options);
    const windows = windowsAt(order.nowMs);
    let shard = this.#cap.pick();
    for (;;) {
      const part = { day: windows.day, shard, amount: order.amount };
      const writes = commitWrites(order.clientId, order.clientCaps, part);
      const result = await this.#store.commit([...writes, order.reservation(part)], order.alongside);
      if (result.kind === 'committed') return result;
      if (result.kind === 'conflict') {
        await attempts.conflict(result.cause);
        shard = this.#cap.pick();
        continue;
      }
      const refusal = refusalIn(result, order, part);
      if (refusal) return refusal;
      const next = await this.#cap.restock({ amount: order.amount, shard, windows }, attempts);
      if (typeof next !== 'number') return next;
      shard = next;
    }
  }
}

/** Why a commit was refused, where that is not for want of money under its shard. */
const refusalIn = <Alongside>(
  { rows, alongside }: Extract<CommitResult, { readonly kind: 'refused' }>,
  { clientId, clientCaps, amount, reservation }: Order<Alongside>,
  part: Part,
): Committed | undefined => {
  const windows = { day: part.day, month: part.day.slice(0, -3) };
  if (rows.has(reservation(part).key)) return { kind: 'stale' };
  if (alongside) return { kind: 'alongside-refused' };
  const client = clientWindowKey(clientId, windows.month);
  if (rows.has(client)) return clientRefusal(rows.get(client), clientCaps, amount, windows);
  return rows.has(globalShardKey(windows.month, part.shard)) ? undefined : { kind: 'stale' };
};
