import { LedgerSpan, type LedgerSpanValue, SpendCapName, type SpendCapNameValue } from '../../../lib/contract/ledger';
import type { Attempts } from './attempts';
import { viewKeys, viewOf } from './global-view';
import type { Refused, RefusedByCut } from './ledger';
import type { ResolvedOptions } from './ledger-options';
import type { ILedgerStore } from './ledger-store';
import { type Decision, decide, type Need } from './transfers';
import { windowEndsAt } from './windows';

const GLOBAL_CAP_NAMES: Readonly<Record<LedgerSpanValue, SpendCapNameValue>> = {
  [LedgerSpan.DAY]: SpendCapName.GLOBAL_DAY,
  [LedgerSpan.MONTH]: SpendCapName.GLOBAL_MONTH,
};

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

/** Gives the shards of the global cap what they need, or finds that it is not there. */
export class GlobalCap<Alongside> {
  readonly #store: ILedgerStore<Alongside>;
  readonly #options: Pick<ResolvedOptions, 'shards' | 'random'>;
  /** The shard that had something when there was little left. */
  #scarce: number | undefined;

  constructor(store: ILedgerStore<Alongside>, options: Pick<ResolvedOptions, 'shards' | 'random'>) {
    this.#store = store;
    this.#options = options;
  }

  /** The shard to try first. */
  pick(): number {
    return this.#scarce ?? Math.floor(this.#options.random() * this.#options.shards);
  }

  /** After a shard could not commit an amount: answers the shard to try next, or why none can. */
  async restock(need: Need, attempts: Attempts): Promise<number | Refused | RefusedByCut> {
    const decision = await this.#consult(need);
    switch (decision) {
      case 'conflict':
        await attempts.conflict();
        return this.pick();
      default:
        return this.#carryOut(decision, need, attempts);
    }
  }

  async #carryOut(
    decision: Exclude<Decision, { readonly kind: 'look-further' }>,
    { windows }: Need,
    attempts: Attempts,
  ): Promise<number | Refused | RefusedByCut> {
    switch (decision.kind) {
      case 'cut':
        return decision;
      case 'refused': {
        const { span, left } = decision;
        return { kind: 'refused', cap: GLOBAL_CAP_NAMES[span], left, resetsAt: windowEndsAt(span, windows) };
      }
      case 'ready':
        attempts.lost();
        this.#scarce = decision.scarce ? decision.shard : undefined;
        return decision.shard;
      case 'transfer': {
        const result = await this.#store.commit(decision.writes);
        this.#scarce = decision.scarce ? decision.shard : undefined;
        if (result.kind === 'conflict') await attempts.conflict(result.cause);
        else attempts.lost();
        return result.kind === 'committed' ? decision.shard : this.pick();
      }
    }
  }

  /** Looks at one shard; at all where that does not suffice; at all at one instant before it refuses. */
  async #consult(need: Need): Promise<Exclude<Decision, { readonly kind: 'look-further' }> | 'conflict'> {
    const { month } = need.windows;
    let shards: readonly number[] = [need.shard];
    let isExact = false;
    for (;;) {
      const keys = viewKeys(month, shards);
      const rows = isExact ? await this.#store.snapshot(keys) : await this.#store.read(keys);
      if (rows === 'conflict') return rows;
      const view = viewOf(rows, month, shards, Math.max(this.#options.shards, need.shard + 1));
      const decision = decide(view, need);
      if (decision.kind === 'refused' && !isExact) isExact = true;
      else if (decision.kind !== 'look-further') return decision;
      shards = upTo(view.count);
    }
  }
}
