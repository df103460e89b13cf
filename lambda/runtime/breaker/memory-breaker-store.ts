import type { BreakerRow } from '../../../lib/contract/control';
import { CompareAndSetBreakerStore } from './compare-and-set-store';
import type { MaybeRow } from './transitions';

/** Rows in this process, for tests, simulations and several breakers of one process that share a state. */
export class MemoryBreakerStore extends CompareAndSetBreakerStore {
  readonly #rows = new Map<string, BreakerRow>();

  async read(name: string): Promise<MaybeRow> {
    return this.#rows.get(name);
  }

  protected async swap(name: string, seen: MaybeRow, next: BreakerRow): Promise<boolean> {
    // Rows are never changed in place, so that the same object is the same row.
    if (this.#rows.get(name) !== seen) return false;
    this.#rows.set(name, next);
    return true;
  }
}
